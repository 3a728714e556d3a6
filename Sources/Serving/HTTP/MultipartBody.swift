import HTTPTypes

/// A form with a file, as a browser sends it without a script.
///
/// Source: RFC 7578; RFC 2046, section 5.1.1
package struct MultipartBody: Sendable {
  /// More than any page of ours has.
  private static let mostParts = 20
  private static let mostHeaderBytes = 4 << 10
  /// Of a field that is no file, in bytes.
  private static let mostTextBytes = 64 << 10

  private struct Part: Sendable {
    let name: String
    let isFile: Bool
    let content: Range<Int>
  }

  private let body: [UInt8]
  private let parts: [Part]

  package static func isMultipart(_ call: Call) -> Bool {
    call.headers[.contentType]?.lowercased().hasPrefix("multipart/form-data") == true
  }

  /// - Throws: `request.body` where it is no such form.
  package init(_ call: Call) throws(ServingError) {
    guard Self.isMultipart(call), let boundary = Self.boundary(call.headers[.contentType] ?? ""),
      let parts = Self.parts(call.body, Array("--\(boundary)".utf8))
    else { throw ServingError(.body, "The body is no form with a file, or is cut short. Send it again.") }
    (body, self.parts) = (call.body, parts)
  }

  /// nil where there is no such field, it is empty, a file, no text, or holds the character U+0000.
  package subscript(_ name: String) -> String? {
    guard let part = parts.first(where: { $0.name == name && !$0.isFile }),
      (1...Self.mostTextBytes).contains(part.content.count), !body[part.content].contains(0)
    else { return nil }
    return String(validating: body[part.content], as: UTF8.self)
  }

  /// The bytes of a file; nil where none was chosen.
  package func file(_ name: String) -> [UInt8]? {
    guard let part = parts.first(where: { $0.name == name && $0.isFile }), !part.content.isEmpty else { return nil }
    return Array(body[part.content])
  }

  // MARK: - Reading

  /// 1 to 70 of the characters that a boundary may have, quoted or not.
  private static func boundary(_ type: String) -> Substring? {
    for parameter in type.split(separator: ";").dropFirst() {
      let pair = parameter.drop { $0 == " " }
      guard pair.lowercased().hasPrefix("boundary=") else { continue }
      var value = pair.dropFirst("boundary=".count)
      if value.first == "\"", value.last == "\"", value.count >= 2 { value = value.dropFirst().dropLast() }
      let allowed = value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") }
      return (1...70).contains(value.utf8.count) && allowed ? value : nil
    }
    return nil
  }

  /// nil where the body is not parts between delimiters to its end.
  private static func parts(_ body: [UInt8], _ delimiter: [UInt8]) -> [Part]? {
    guard body.starts(with: delimiter) else { return nil }
    let between = [13, 10] + delimiter
    var position = delimiter.count
    var parts: [Part] = []
    while true {
      let rest = body[position...]
      if rest.starts(with: [0x2d, 0x2d]) { return parts }
      guard rest.starts(with: [13, 10]), parts.count < mostParts else { return nil }
      let head = position + 2
      guard let blank = first([13, 10, 13, 10], in: body, from: head, upTo: head + mostHeaderBytes),
        let end = first(between, in: body, from: blank + 2, upTo: body.count)
      else { return nil }
      guard let name = named(body[head..<blank]) else { return nil }
      let content = min(blank + 4, end)..<end
      parts.append(Part(name: name.name, isFile: name.isFile, content: content))
      position = end + between.count
    }
  }

  /// Where `wanted` stands first; nil where it does not before `end`.
  private static func first(_ wanted: [UInt8], in body: [UInt8], from start: Int, upTo end: Int) -> Int? {
    let last = min(end, body.count) - wanted.count
    guard start <= last, let head = wanted.first else { return nil }
    return body.withUnsafeBufferPointer { body in
      var index = start
      while index <= last {
        if body[index] == head, body[index..<index + wanted.count].elementsEqual(wanted) { return index }
        index += 1
      }
      return nil
    }
  }

  /// Source: RFC 7578, section 4.2: `Content-Disposition: form-data; name="file"; filename="roster.zip"`
  private static func named(_ head: ArraySlice<UInt8>) -> (name: String, isFile: Bool)? {
    guard let text = String(validating: head, as: UTF8.self) else { return nil }
    for line in text.split(separator: "\r\n") where line.lowercased().hasPrefix("content-disposition:") {
      guard let start = line.range(of: "; name=\"")?.upperBound, let end = line[start...].firstIndex(of: "\"") else {
        return nil
      }
      return (String(line[start..<end]), line.contains("; filename="))
    }
    return nil
  }
}

extension Substring {
  /// Where `text` stands first.
  fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
