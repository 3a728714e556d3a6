import HTTPTypes
import HummingbirdCore
import NIOCore
import Vocabulary

/// Between Hummingbird's streams and the values that handlers see.
enum Exchange {
  /// Reads the body within `limit` bytes and makes the call.
  ///
  /// - Throws: `request.too-large`; what the connection throws when it breaks.
  static func call(
    _ request: Request, parameters: [String: String], limit: Int, now: Instant, requestID: String
  ) async throws -> Call {
    if let text = request.headers[.contentLength], let length = Int(text), length > limit { throw tooLarge(limit) }
    var body: [UInt8] = []
    if request.headers[.contentLength] != nil || request.headers[.transferEncoding] != nil {
      for try await part in request.body {
        guard body.count + part.readableBytes <= limit else { throw tooLarge(limit) }
        body.append(contentsOf: part.readableBytesView)
      }
    }
    return Call(
      request.method, request.uri.path, parameters: parameters,
      query: request.uri.queryParameters.map { (String($0.key), String($0.value)) }, headers: request.headers,
      body: body, now: now, requestID: requestID)
  }

  static func write(_ reply: Reply, to request: Request, _ writer: consuming ResponseWriter) async throws {
    var headers = reply.headers
    if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
    headers[.contentLength] = String(reply.body.count)
    let bytes = request.method == .head ? [] : reply.body
    try await writer.write(
      response: HTTPResponse(status: reply.status, headerFields: headers),
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private static func tooLarge(_ limit: Int) -> ServingError {
    // The rest of the body is not read, so the connection cannot be used again.
    ServingError(.tooLarge, "The body is over \(limit) bytes. Send less at a time.", headers: [.connection: "close"])
  }
}
