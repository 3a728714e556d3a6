/// A text with signatures below it, as a stranger sent it: nothing of it is to be believed before ``verified(by:)``.
///
/// ```
/// text, ending in a newline
/// (an empty line)
/// — name base64(key id ‖ signature)
/// ```
/// Source: C2SP signed-note
package struct SignedNote: Sendable {
  /// Bytes of the longest note that is read.
  package static let longest = 128 << 10
  static let mostSignatures = 64
  static let dash = "\u{2014} "

  private struct Signature {
    let name: String
    let id: [UInt8]
    let bytes: [UInt8]
  }

  private let text: String
  private let signatures: [Signature]

  /// - Throws: `transparency.note`.
  package init(_ bytes: [UInt8]) throws(TransparencyError) {
    guard bytes.count <= Self.longest else {
      throw TransparencyError(.note, "The note has \(bytes.count) bytes; at most \(Self.longest) are read.")
    }
    guard let all = String(validating: bytes, as: UTF8.self) else {
      throw TransparencyError(.note, "The note is not UTF-8 text.")
    }
    guard !bytes.contains(where: { $0 < 0x20 && $0 != 0x0a }) else {
      throw TransparencyError(.note, "The note holds a control character.")
    }
    var lines = all.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.popLast()?.isEmpty == true, let blank = lines.lastIndex(where: \.isEmpty), blank > 0 else {
      throw TransparencyError(.note, "The note has no empty line before its signatures, or does not end in a newline.")
    }
    text = lines[..<blank].joined(separator: "\n") + "\n"
    let below = lines[(blank + 1)...]
    guard (1...Self.mostSignatures).contains(below.count) else {
      throw TransparencyError(.note, "The note has \(below.count) signatures; 1 to \(Self.mostSignatures) are read.")
    }
    signatures = try below.map { line throws(TransparencyError) in try Self.signature(line) }
  }

  private static func signature(_ line: Substring) throws(TransparencyError) -> Signature {
    let parts = line.dropFirst(dash.count).split(separator: " ", omittingEmptySubsequences: false)
    guard line.hasPrefix(dash), parts.count == 2, KeyName.isName(parts[0]), let bytes = Base64.decode(parts[1]),
      bytes.count > 4
    else { throw TransparencyError(.note, "A signature line of the note is malformed.") }
    return Signature(name: String(parts[0]), id: Array(bytes.prefix(4)), bytes: Array(bytes.dropFirst(4)))
  }

  /// The text, once `key` is found to have signed it. Signatures of other keys are ignored.
  ///
  /// - Throws: `transparency.signature`.
  package func verified(by key: VerifierKey) throws(TransparencyError) -> String {
    let known = signatures.filter { $0.name == key.name && $0.id == key.id }
    guard !known.isEmpty else {
      let names = signatures.map { "'\($0.name)'" }.joined(separator: ", ")
      throw TransparencyError(
        .signature, "It is signed by another key: it bears signatures of \(names), none by \(key.text).")
    }
    guard known.allSatisfy({ key.isSignature($0.bytes, of: text) }) else {
      throw TransparencyError(.signature, "The signature of '\(key.name)' does not hold: the checkpoint was changed.")
    }
    return text
  }
}
