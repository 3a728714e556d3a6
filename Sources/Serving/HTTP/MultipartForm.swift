import Vocabulary

/// A form with files, as a browser sends it.
///
/// ```
/// --boundary CRLF  headers CRLF CRLF  content  CRLF --boundary …  CRLF --boundary--
/// ```
/// Source: RFC 7578 (multipart/form-data), RFC 2046 section 5.1; WHATWG HTML, "multipart form data", for how browsers
/// write names: in quotes, with `%22`, `%0D` and `%0A` in them.
struct MultipartForm {
  struct Part {
    let name: String
    /// Whether it is a file, of whatever name.
    let isFile: Bool
    let content: ArraySlice<UInt8>
  }

  /// More than any page of ours has.
  private static let mostParts = 100
  private static let headerBytes = 2048

  let parts: [Part]

  /// The delimiter that the content type names; nil where the type is another.
  static func boundary(_ type: String?) -> [UInt8]? {
    guard let type, type.utf8.count <= 300 else { return nil }
    let pieces = type.split(separator: ";")
    guard pieces.first?.lowercased() == "multipart/form-data" else { return nil }
    let named = pieces.dropFirst().lazy.map { $0.drop { $0 == " " } }.first { $0.lowercased().hasPrefix("boundary=") }
    guard let text = named?.dropFirst(9).drop(while: { $0 == "\"" }).prefix(while: { $0 != "\"" && $0 != " " }),
      (1...70).contains(text.utf8.count)
    else { return nil }
    return Array("--\(text)".utf8)
  }

  /// - Throws: `request.body`.
  init(_ body: [UInt8], boundary: [UInt8]) throws(ServingError) {
    var parts: [Part] = []
    guard body.starts(with: boundary) else { throw Self.malformed }
    var place = boundary.count
    while true {
      if body[place...].starts(with: Array("--".utf8)) { break }
      guard body[place...].starts(with: Self.lineEnd), parts.count < Self.mostParts else { throw Self.malformed }
      place += Self.lineEnd.count
      guard
        let headersEnd = Self.find(
          Self.lineEnd + Self.lineEnd, in: body, from: place, to: min(body.count, place + Self.headerBytes)),
        let end = Self.find(
          Self.lineEnd + boundary, in: body, from: headersEnd + 4 - Self.lineEnd.count, to: body.count)
      else { throw Self.malformed }
      let start = headersEnd + 4
      guard let text = String(validating: body[place..<headersEnd], as: UTF8.self),
        let name = Self.parameter("name", of: text)
      else { throw Self.malformed }
      let isFile = Self.parameter("filename", of: text) != nil
      parts.append(Part(name: name, isFile: isFile, content: body[start..<max(start, end)]))
      place = end + Self.lineEnd.count + boundary.count
    }
    self.parts = parts
  }

  private static let lineEnd = Array("\r\n".utf8)
  private static let malformed = ServingError(
    .body, "The form with its file is cut off, or is not written as forms are.")

  /// A parameter of Content-Disposition, in its quotes.
  private static func parameter(_ name: String, of headers: String) -> String? {
    for line in headers.split(separator: "\r\n") where line.lowercased().hasPrefix("content-disposition:") {
      for piece in line.split(separator: ";").dropFirst() {
        let sides = piece.split(separator: "=", maxSplits: 1)
        guard sides.count == 2, sides[0].drop(while: { $0 == " " }).lowercased() == name else { continue }
        return String(sides[1].drop { $0 == "\"" }.prefix { $0 != "\"" })
      }
    }
    return nil
  }

  /// The first place of `needle` that begins in `start..<end`; nil where it is not there.
  private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int, to end: Int) -> Int? {
    guard let first = needle.first, start >= 0 else { return nil }
    var place = start
    while place < end, place + needle.count <= bytes.count {
      guard let next = bytes[place..<end].firstIndex(of: first), next + needle.count <= bytes.count else { return nil }
      if bytes[next..<(next + needle.count)].elementsEqual(needle) { return next }
      place = next + 1
    }
    return nil
  }
}
