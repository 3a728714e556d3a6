/// The software list's text taken out of a check-in's JSON, so that the general decoder need not go through it.
///
/// Of a first inventory nearly every byte is that one text, and a JSON decoder made for anything is slow at a long text
/// with many escapes. Only the plain case is taken: one `facts` with one `software` that is a text with simple escapes.
/// Anything else is nil, and the general decoder sees the message as it came.
///
/// It means the same: a text is replaced by the empty one, so that the rest is JSON exactly if the whole was.
struct SoftwareText {
  let text: String
  /// The message with the empty text in its place.
  let rest: [UInt8]

  init?(in body: [UInt8]) {
    // A second byte of 0 is JSON in UTF-16 or UTF-32.
    guard body.count > 2, body[0] == UInt8(ascii: "{"), body[1] != 0 else { return nil }
    let found = body.withUnsafeBufferPointer { bytes -> (text: String, inside: Range<Int>)? in
      var search = Search(bytes)
      return search.run()
    }
    guard let found else { return nil }
    text = found.text
    rest = Array(body[..<found.inside.lowerBound]) + body[found.inside.upperBound...]
  }

  /// Walks over the message once: its braces and its texts are all that matters.
  fileprivate struct Search {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0
    /// Whether each of the first two levels is an object.
    private var isObject = (false, false)
    private var inFacts = false
    private var factsSeen = false
    private var found: (text: String, inside: Range<Int>)?

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func run() -> (text: String, inside: Range<Int>)? {
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
          depth += 1
          if depth == 1 { isObject.0 = byte == UInt8(ascii: "{") }
          if depth == 2 { isObject.1 = byte == UInt8(ascii: "{") }
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          depth -= 1
        case UInt8(ascii: "\""):
          guard string() else { return nil }
        default: break
        }
      }
      return found
    }

    /// Passes over a text, whose quotation mark was just read; false where this is no plain case.
    private mutating func string() -> Bool {
      let start = position
      var isEscaped = false
      while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
        if bytes[position] == UInt8(ascii: "\\") {
          isEscaped = true
          position += 1
        }
        position += 1
      }
      guard position < bytes.count else { return false }
      let inside = start..<position
      position += 1
      let isWatched = (depth == 1 && isObject.0) || (depth == 2 && isObject.0 && isObject.1 && inFacts)
      guard isWatched, isKey() else { return true }
      // An escaped name may be any.
      guard !isEscaped else { return false }
      return depth == 1 ? member(inside) : section(inside)
    }

    /// A name of the message's own object.
    private mutating func member(_ name: Range<Int>) -> Bool {
      inFacts = equals(name, "facts")
      guard inFacts else { return true }
      defer { factsSeen = true }
      return !factsSeen
    }

    /// A name inside of `facts`.
    private mutating func section(_ name: Range<Int>) -> Bool {
      guard equals(name, "software") else { return true }
      guard found == nil else { return false }
      skipSpace()
      position += 1
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return false }
      position += 1
      found = plainText()
      return found != nil
    }

    /// Whether a colon follows.
    private func isKey() -> Bool {
      var next = self
      next.skipSpace()
      return next.position < bytes.count && bytes[next.position] == UInt8(ascii: ":")
    }

    private mutating func skipSpace() {
      while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    }

    private func equals(_ range: Range<Int>, _ name: StaticString) -> Bool {
      name.withUTF8Buffer { $0.elementsEqual(bytes[range]) }
    }
  }
}

extension SoftwareText.Search {
  /// Reads a text up to its closing quotation mark; nil where it is over the limit, has a `\u` escape, or is none.
  private mutating func plainText() -> (text: String, inside: Range<Int>)? {
    let start = position
    var filled = 0
    var isASCII = true
    let room = min(bytes.count - position, Limits.softwareBytes)
    let plain = [UInt8](unsafeUninitializedCapacity: room) { out, count in
      defer { count = filled }
      while position < bytes.count, filled < room {
        var byte = bytes[position]
        if byte == UInt8(ascii: "\"") { return }
        if byte == UInt8(ascii: "\\") {
          position += 1
          guard position < bytes.count, let meant = Self.meaning(of: bytes[position]) else {
            position = bytes.count
            return
          }
          byte = meant
        } else if byte < 0x20 {
          position = bytes.count
          return
        } else if byte >= 0x80 {
          isASCII = false
        }
        out[filled] = byte
        filled += 1
        position += 1
      }
    }
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
    let inside = start..<position
    position += 1
    guard !isASCII else { return (String(decoding: plain, as: UTF8.self), inside) }
    return String(validating: plain, as: UTF8.self).map { ($0, inside) }
  }

  private static func meaning(of escape: UInt8) -> UInt8? {
    switch escape {
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): escape
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    default: nil
    }
  }
}
