import Transparency
import Vocabulary

/// A file of the journal that can be verified without the controller: a header with the signed checkpoint, a line for
/// each entry in the tree's order, and a last line that counts them.
///
/// ```
/// {"checkpoint":…,"first":0,"format":"rollcall-journal-1","key":…,"scope":"whole"}     also "consistency", where asked for
/// {"action":…,"actor":{…},"at":…,"body":…,"bodyDigest":…,"district":…,"id":…,"index":0,"leafHash":…,…}
/// {"entries":1}
/// ```
/// Each line is JSON with sorted keys and no spaces, in this one form, so that nothing stands in a line that is not verified.
enum JournalFile {
  static let format = "rollcall-journal-1"
  /// Bytes of the longest line: a body may have 64 KiB, each byte of which JSON may write as six.
  static let longestLine = 1 << 20

  /// Which entries of the tree a file has.
  enum Scope: String {
    /// All of them: their hashes make the root.
    case whole
    /// All from `first` on, each with its proof.
    case range
    /// Some, such as a district's, each with its proof; whether one was left out cannot be told.
    case part
  }

  static let headerFields: Set<String> = ["checkpoint", "consistency", "first", "format", "key", "scope"]
  static let entryFields: Set<String> = [
    "action", "actor", "at", "body", "bodyDigest", "district", "id", "index", "leafHash", "object", "proof", "salt",
    "version",
  ]

  static func header(
    _ checkpoint: JSONValue, scope: Scope, first: Int64, consistency: JSONValue?
  ) -> JSONValue {
    .fields([
      ("format", .string(format)), ("checkpoint", checkpoint["note"]), ("key", checkpoint["key"]),
      ("scope", .string(scope.rawValue)), ("first", .integer(first)),
      ("consistency", consistency.map { ["from": $0["from"], "proof": $0["proof"]] }),
    ])
  }

  /// What the file has of an item of the API, which may have fields that this version does not know.
  static func entry(_ item: JSONValue) -> JSONValue {
    .fields(entryFields.map { ($0, item[$0] == .null ? nil : item[$0]) })
  }

  static func footer(_ entries: Int64) -> JSONValue { .fields([("entries", .integer(entries))]) }

  static func line(_ value: JSONValue) -> [UInt8] { value.bytes + [UInt8(ascii: "\n")] }

  /// A checkpoint that was kept: the note itself, or the header of an exported file.
  ///
  /// - Throws: ``CommandError`` where the file cannot be read.
  static func note(in path: String, _ files: any FileAccess) throws(CommandError) -> [UInt8] {
    var note: [UInt8] = []
    var header: JSONValue?
    // The rest of an exported file, which may be large, is read and not kept.
    try files.lines(of: path, longest: longestLine) { number, line throws(CommandError) in
      if number == 1, line.first == UInt8(ascii: "{") { header = JSONValue(Array(line)) }
      guard header == nil, note.count <= SignedNote.longest else { return }
      note += Array(line) + [UInt8(ascii: "\n")]
    }
    guard let header else { return note }
    guard let text = header["checkpoint"].string else {
      throw CommandError(.refused, "\(path) holds no checkpoint: neither a note nor a file of 'rollcall audit export'.")
    }
    return Array(text.utf8)
  }

  /// A key as it was typed: itself, or the file that holds it.
  ///
  /// - Throws: ``CommandError``.
  static func key(_ text: String, _ files: any FileAccess) throws(CommandError) -> VerifierKey {
    let text = text.contains("+") ? text : String(decoding: try files.read(text, limit: 4096), as: UTF8.self)
    do throws(TransparencyError) {
      return try VerifierKey(String(text.filter { !$0.isWhitespace }))
    } catch {
      throw CommandError(.refused, error.message, code: error.code.text)
    }
  }
}
