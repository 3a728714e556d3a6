import FoundationEssentials
package import HTTPTypes
package import Vocabulary

/// An answer: whole in memory, or made while it is sent.
package struct Reply: Sendable {
  package var status: HTTPResponse.Status
  package var headers: HTTPFields
  package var body: [UInt8]
  /// Why a page that shows its form again does so; for the log alone, and not sent.
  package var refusal: ErrorCode?
  /// ``body`` compressed already: of what never changes, and is anybody's.
  package var packed: [UInt8]?
  /// In place of ``body``.
  package var stream: BodyStream?
  /// What follows the head instead of `body`, for as long as the page is open.
  package var feed: LiveFeed?

  package init(_ status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A success whose body is made while it is sent.
  package init(headers: HTTPFields, stream: BodyStream) {
    self.init(.ok, headers: headers)
    self.stream = stream
  }

  package static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Reply {
    Reply(status, headers: [.contentType: "application/json"], body: try JSONText.encode(value))
  }

  package static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Reply {
    Reply(.ok, headers: [.contentType: type], body: Array(text.utf8))
  }
}

/// JSON as the API speaks it.
package enum JSONText {
  package static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }

  /// - Throws: `request.body` with the field's path.
  package static func decode<T: Decodable>(_ type: T.Type, from body: [UInt8]) throws(ServingError) -> T {
    try requireText(body)
    do {
      return try JSONDecoder().decode(type, from: Data(body))
    } catch let error as DecodingError {
      throw ServingError(.body, "The body cannot be read: \(describe(error)).")
    } catch {
      throw ServingError(.body, "The body is not JSON: \(error).")
    }
  }

  /// An object's members.
  ///
  /// - Throws: `request.body` where `body` is no object.
  static func members(of body: [UInt8]) throws(ServingError) -> [String: JSONMember] {
    try requireText(body)
    do {
      return try JSONDecoder().decode([String: JSONMember].self, from: Data(body))
    } catch {
      throw ServingError(.body, "The body is not a JSON object, or holds a number that does not fit.")
    }
  }

  /// JSON is UTF-8 (RFC 8259, section 8.1); the decoder would put U+FFFD in place of what is not.
  private static func requireText(_ body: [UInt8]) throws(ServingError) {
    guard String(validating: body, as: UTF8.self) != nil else {
      throw ServingError(.body, "The body is not UTF-8 text.")
    }
  }

  private static func describe(_ error: DecodingError) -> String {
    func path(_ context: DecodingError.Context) -> String {
      let keys = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
      return keys.isEmpty ? "the object" : "'\(keys.joined(separator: "."))'"
    }
    return switch error {
    case .keyNotFound(let key, let context): "\(path(context)) has no '\(key.stringValue)'"
    case .typeMismatch(_, let context): "\(path(context)) is of another type"
    case .valueNotFound(_, let context): "\(path(context)) is null"
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      "it is not JSON, or holds a number that does not fit"
    case .dataCorrupted(let context): "\(path(context)) has a value that is not allowed"
    @unknown default: "it is malformed"
    }
  }
}
