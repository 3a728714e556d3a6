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
      query: request.uri.queryParameters.map { (String($0.key), String($0.value)) }, headers: request.headers,
      now: now, requestID: requestID, authority: request.head.authority)
  }

  /// `head` with the body, read within `limit` bytes.
  ///
  /// - Throws: `request.too-large`; what the connection throws when it breaks.
  static func call(_ request: Request, _ announced: AnnouncedBody, _ head: Call, limit: Int) async throws -> Call {
    var body: [UInt8] = []
    switch announced {
    case .none: return head
    case .length(let length) where length > limit: throw tooLarge(limit)
    case .length(let length): body.reserveCapacity(length)
    case .unknown: break
    }
    for try await part in request.body {
      guard body.count + part.readableBytes <= limit else { throw tooLarge(limit) }
      body.append(contentsOf: part.readableBytesView)
    }
    return head.with(body: body)
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

  private static func tooLarge(_ limit: Int) -> ServingError {
    // The rest of the body is not read, so the connection cannot be used again.
    let words = limit == 0 ? "This takes no body. Send none." : "The body is over \(limit) bytes. Send less at a time."
    return ServingError(.tooLarge, words, headers: [.connection: "close"])
  }
}
