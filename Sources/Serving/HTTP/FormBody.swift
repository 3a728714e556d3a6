import HTTPTypes
import Vocabulary

/// A form as a browser sends it.
///
/// Source: WHATWG URL Standard, section 5.1 (application/x-www-form-urlencoded parsing); ``MultipartForm`` for one with files.
package struct FormBody: Sendable {
  /// More than any page of ours has.
  private static let mostFields = 1000

  private let fields: [(name: String, value: String)]
  private let files: [(name: String, bytes: [UInt8])]

  package static func isForm(_ call: Call) -> Bool {
    let type = call.headers[.contentType]?.prefix { $0 != ";" }.lowercased()
    if type?.filter({ $0 != " " }) == "application/x-www-form-urlencoded" { return true }
    return MultipartForm.boundary(call.headers[.contentType]) != nil
  }

  /// - Throws: `request.body` where it is no form, not UTF-8, or holds the character U+0000.
  package init(_ call: Call) throws(ServingError) {
    guard Self.isForm(call) || call.body.isEmpty else { throw ServingError(.body, "The body is no form.") }
    if let boundary = MultipartForm.boundary(call.headers[.contentType]) {
      (fields, files) = try Self.read(MultipartForm(call.body, boundary: boundary))
      return
    }
    guard let text = String(validating: call.body, as: UTF8.self) else {
      throw ServingError(.body, "The body is not UTF-8 text.")
    }
    var fields: [(String, String)] = []
    for pair in text.split(separator: "&") {
      guard fields.count < Self.mostFields else { throw ServingError(.body, "The form has too many fields.") }
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(sides[0]), let value = Self.decoded(sides.count > 1 ? sides[1] : "") else {
        throw ServingError(.body, "The form is not encoded as forms are, or holds the character U+0000.")
      }
      fields.append((name, value))
    }
    self.fields = fields
    files = []
  }

  private static func read(
    _ form: MultipartForm
  ) throws(ServingError) -> ([(name: String, value: String)], [(name: String, bytes: [UInt8])]) {
    var fields: [(String, String)] = []
    var files: [(String, [UInt8])] = []
    for part in form.parts {
      if part.isFile {
        files.append((part.name, Array(part.content)))
      } else {
        guard let text = String(validating: part.content, as: UTF8.self), !part.content.contains(0) else {
          throw ServingError(.body, "A field of the form is not UTF-8 text, or holds the character U+0000.")
        }
        fields.append((part.name, text))
      }
    }
    return (fields, files)
  }

  /// A file's bytes; nil where none was chosen.
  package func file(_ name: String) -> [UInt8]? {
    files.first { $0.name == name && !$0.bytes.isEmpty }?.bytes
  }

  /// nil where the field is not there or is empty, as browsers send what nobody filled in.
  package subscript(_ name: String) -> String? {
    guard let value = fields.first(where: { $0.name == name })?.value, !value.isEmpty else { return nil }
    return value
  }

  /// Every value of a field that may be chosen several times.
  package func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  private static func decoded(_ text: Substring) -> String? {
    let spaced = text.replacing("+", with: " ")
    guard let value = PercentEncoding.decode(spaced[...]), !value.utf8.contains(0) else { return nil }
    return value
  }
}
