import HTTPTypes
import HummingbirdCore
import NIOCore
import Vocabulary

/// Between Hummingbird's streams and the values that handlers see.
enum Exchange {
  /// The call without its body.
  static func head(
    of request: Request, parameters: [String: String], now: Instant, requestID: String
  ) -> Call {
    Call(
      request.method, request.uri.path, parameters: parameters,
      query: pairs(of: request.uri), headers: request.headers,
      now: now, requestID: requestID, authority: request.head.authority)
  }

  /// What the address asks, decoded. The forms of pages write a space as `+`, and a plus sign as `%2B`; programs that ask the API
  /// write what they mean.
  ///
  /// Source: URL Standard, application/x-www-form-urlencoded; RFC 3986, section 2.2
  static func pairs(of uri: URI) -> [(name: String, value: String)] {
    var read = uri
    if !uri.path.hasPrefix("/api/"), let text = uri.query, text.utf8.contains(UInt8(ascii: "+")) {
      read = URI("/?" + text.replacing("+", with: "%20"))
    }
    return read.queryParameters.map { (String($0.key), String($0.value)) }
  }

  /// `head` with the body, read within `limit` bytes.
  ///
  /// - Parameter larger: what is said of a larger one, see ``PeopleRoute/larger``.
  /// - Throws: `request.too-large`; what the connection throws when it breaks.
  static func call(
    _ request: Request, _ announced: AnnouncedBody, _ head: Call, limit: Int, larger: String? = nil
  ) async throws -> Call {
    if case .none = announced { return head }
    return head.with(body: try await body(of: request.body, announced, limit: limit, larger: larger))
  }

  /// How many times its limit a body may have that is read to its end, only to be refused.
  private static let patience = 4

  static func body<Parts: AsyncSequence>(
    of parts: Parts, _ announced: AnnouncedBody, limit: Int, larger: String?
  ) async throws -> [UInt8] where Parts.Element == ByteBuffer {
    // A browser that sends still hears no answer: it is told when it has sent all, unless that is far too much.
    let most = larger == nil ? limit : limit * patience
    var (body, received): ([UInt8], Int) = ([], 0)
    if case .length(let length) = announced {
      guard length <= most else { throw tooLarge(limit, larger) }
      if length <= limit { body.reserveCapacity(length) }
    }
    for try await part in parts {
      received += part.readableBytes
      guard received <= most else { throw tooLarge(limit, larger) }
      if received <= limit { body.append(contentsOf: part.readableBytesView) } else { body = [] }
    }
    guard received <= limit else { throw tooLarge(limit, larger) }
    return body
  }

  static func write(_ reply: Reply, to request: Request, _ writer: consuming ResponseWriter) async throws {
    var headers = reply.headers
    if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
    if let stream = reply.stream {
      let isHead = request.method == .head
      let body = ResponseBody { writer in
        if !isHead { try await stream.pour { try await writer.write(ByteBuffer(bytes: $0)) } }
        try await writer.finish(nil)
      }
      return try await writer.write(
        response: HTTPResponse(status: reply.status, headerFields: headers), body: body)
    }
    headers[.contentLength] = String(reply.body.count)
    let bytes = request.method == .head ? [] : reply.body
    try await writer.write(
      response: HTTPResponse(status: reply.status, headerFields: headers),
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private static func tooLarge(_ limit: Int, _ larger: String?) -> ServingError {
    // The rest of the body is not read, so the connection cannot be used again.
    let words =
      limit == 0
      ? "This takes no body. Send none."
      : larger.map { "This is over \(ByteCount(Int64(limit))). \($0)" }
        ?? "The body is over \(limit) bytes. Send less at a time."
    return ServingError(.tooLarge, words, headers: [.connection: "close"])
  }
}
