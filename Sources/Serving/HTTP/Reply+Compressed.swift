import Compression
import HTTPTypes

extension Reply {
  /// Below this, in bytes, an answer is one packet either way.
  private static let smallest = 512

  /// Bytes that never change, compressed once as small as can be; nil where that saves nothing.
  package static func packed(_ bytes: [UInt8]) -> [UInt8]? {
    guard let packed = try? Gzip.compress(bytes, level: 9), packed.count < bytes.count else { return nil }
    return packed
  }

  /// The answer as it is sent to who asked with `headers`: compressed where that is accepted, and harmless.
  ///
  /// How long a compressed answer is tells how much of it repeats. Who listens to the line, and can make a browser ask for
  /// pages with chosen words in their address, could so guess what else stands on them, letter by letter (BREACH, 2013).
  /// Two things are in the way: an answer that holds anything of a person is compressed only where the browser itself says
  /// that no other site made it ask (`Sec-Fetch-Site`, which no page can set); and the form token, which would be
  /// worth guessing most, never stands twice in the same letters (``FormToken``). What no cookie came with is anybody's, or
  /// was asked for by a program with a token of its own, whom no other site makes ask.
  func compressed(for headers: HTTPFields) -> Reply {
    guard feed == nil, self.headers[.contentEncoding] == nil,
      ContentCoding.isCompressible(self.headers[.contentType])
    else { return self }
    var reply = self
    // It is not for stores: whatever they keep, they keep by these.
    reply.headers[.vary] = "Accept-Encoding"
    guard ContentCoding.acceptsGzip(headers[.acceptEncoding]), packed != nil || Self.isAskedByOwnPage(headers) else {
      return reply
    }
    if let stream {
      reply.stream = stream.compressed()
    } else if let packed {
      reply.body = packed
    } else {
      guard body.count >= Self.smallest, let smaller = try? Gzip.compress(body), smaller.count < body.count else {
        return reply
      }
      reply.body = smaller
    }
    reply.headers[.contentEncoding] = "gzip"
    return reply
  }

  /// Whether no other site can have made a browser ask this with somebody's cookie.
  ///
  /// Source: W3C Fetch Metadata, section 2.3; `none` is an address that a person typed or had kept.
  private static func isAskedByOwnPage(_ headers: HTTPFields) -> Bool {
    guard headers[.cookie] != nil else { return true }
    guard let name = CrossSite.fetchSite, let site = headers[name] else { return false }
    return site == "same-origin" || site == "none"
  }
}

extension BodyStream {
  /// The same, each piece compressed as it comes and flushed: as much in memory as before, and a window of 32 KiB.
  func compressed() -> BodyStream { coded { try GzipStream() } }
}
