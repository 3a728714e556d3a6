import Compression
import Foundation
import HTTPTypes
import Testing
import Vocabulary

@testable import Serving

@Suite("Answers that are compressed")
struct ContentCodingTests {
  private static let page = Array(String(repeating: "<tr><td>A laptop</td></tr>\n", count: 100).utf8)

  private static func reply(_ type: String = "text/html; charset=utf-8", _ body: [UInt8] = page) -> Reply {
    Reply(.ok, headers: [.contentType: type], body: body)
  }

  private static func asked(_ accept: String? = "gzip, deflate, br, zstd", cookie: Bool = false, site: String? = nil)
    -> HTTPFields
  {
    var headers: HTTPFields = [:]
    headers[.acceptEncoding] = accept
    if cookie { headers[.cookie] = "\(SessionCookie.name)=rcs_secret" }
    if let site, let name = HTTPField.Name("Sec-Fetch-Site") { headers[name] = site }
    return headers
  }

  @Test(
    "gzip is sent where it is liked no less than plain bytes",
    arguments: [
      "gzip", "GZIP", "x-gzip", "br, gzip", "gzip;q=0.001", "deflate;q=1, gzip ; q=0.5", "*", "*;q=0.1",
      "identity;q=0.5, *;q=0.8", "gzip;q=1.000", "gzip;q=1, identity;q=1", "gzip;q=0.", ",,gzip,", "\tgzip\t",
      "identity;q=0, gzip;q=0.1", "gzip;q=0.2, gzip;q=0",
    ].map { ($0, $0 != "gzip;q=0.") })
  func accepted(header: String, isAccepted: Bool) { #expect(ContentCoding.acceptsGzip(header) == isAccepted) }

  @Test(
    "Else plain bytes are",
    arguments: [
      nil, "", "identity", "br", "deflate", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "gzip;q=0.5, identity",
      "gzip;q=0.5, identity;q=0.8", "gzip;q=2", "gzip;q=1.001", "gzip;q=-1", "gzip;q=nan", "gzip;q=0.1234",
      "gzip;q=", "gzip;level=9", "gzip;q=1;q=1", "gzipped", "gz ip", ";q=1", "\u{feff}gzip",
    ])
  func notAccepted(header: String?) { #expect(!ContentCoding.acceptsGzip(header)) }

  @Test(
    "Text is compressed, and whoever stores it is told that it depends on the asker",
    arguments: [
      "text/html; charset=utf-8", "text/css; charset=utf-8", "text/javascript", "image/svg+xml", "application/json",
      "application/problem+json", "application/jsonl", "text/csv; charset=utf-8; header=present", "TEXT/PLAIN",
    ])
  func texts(type: String) throws {
    let sent = Self.reply(type).compressed(for: Self.asked())
    #expect(sent.headers[.contentEncoding] == "gzip" && sent.headers[.vary] == "Accept-Encoding")
    #expect(sent.body.count < 200 && sent.headers[.contentType] == type)
    #expect(try Gzip.decompress(sent.body, limit: 1 << 20) == Self.page)
    let plain = Self.reply(type).compressed(for: Self.asked(nil))
    #expect(plain.body == Self.page && plain.headers[.contentEncoding] == nil)
    #expect(plain.headers[.vary] == "Accept-Encoding")
  }

  @Test(
    "What is packed already, and what a page is told while it is open, is sent as it is",
    arguments: [
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/zip", "image/png",
      "text/event-stream", "application/octet-stream", "",
    ])
  func packed(type: String) {
    let sent = Self.reply(type).compressed(for: Self.asked())
    #expect(sent.body == Self.page && sent.headers[.contentEncoding] == nil && sent.headers[.vary] == nil)
    let live = Reply.live("topic") { [] }.compressed(for: Self.asked())
    #expect(live.feed != nil && live.headers[.contentEncoding] == nil)
  }

  @Test("What would not get shorter, or is one packet, is sent plain")
  func small() {
    let short = Self.reply("text/html", Array("<p>Nothing</p>".utf8)).compressed(for: Self.asked())
    #expect(short.headers[.contentEncoding] == nil && short.headers[.vary] == "Accept-Encoding")
    var random = SystemRandomNumberGenerator()
    let noise = (0..<600).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    #expect(Self.reply("text/plain", noise).compressed(for: Self.asked()).body == noise)
    #expect(Reply(.noContent).compressed(for: Self.asked()).headers == [:])
    var done = Self.reply()
    done.headers[.contentEncoding] = "gzip"
    #expect(done.compressed(for: Self.asked()).body == Self.page, "never twice")
  }

  @Test("A page that somebody is signed in for is compressed only where no other site can have asked for it")
  func crossSite() {
    for site in ["same-origin", "none"] {
      let sent = Self.reply().compressed(for: Self.asked(cookie: true, site: site))
      #expect(sent.headers[.contentEncoding] == "gzip", "\(site)")
    }
    for site in ["cross-site", "same-site", "", nil] {
      let sent = Self.reply().compressed(for: Self.asked(cookie: true, site: site))
      #expect(sent.body == Self.page && sent.headers[.contentEncoding] == nil, "\(site ?? "none that is told")")
      #expect(sent.headers[.vary] == "Accept-Encoding")
    }
    #expect(Self.reply().compressed(for: Self.asked(site: "cross-site")).headers[.contentEncoding] == "gzip")
  }

  @Test("A file that never changes is sent as it was compressed once, whoever asks")
  func assets() throws {
    var file = Self.reply("text/css")
    let packed = try #require(Reply.packed(Self.page))
    file.packed = packed
    let sent = file.compressed(for: Self.asked(cookie: true))
    #expect(sent.body == packed && sent.headers[.contentEncoding] == "gzip")
    #expect(file.compressed(for: Self.asked("identity")).body == Self.page)
    #expect(Reply.packed([1, 2, 3]) == nil)
  }

  @Test("A stream is compressed as it goes, each piece readable at once, and one that breaks has no end")
  func streams() async throws {
    struct Broken: Error {}
    let pieces = (0..<50).map { number in Array("row \(number),in-service,well\r\n".utf8) }
    @Sendable func reply(breaks: Bool) -> Reply {
      Reply(
        headers: [.contentType: "text/csv"],
        stream: BodyStream { pipe in
          try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread {
              done.resume(
                with: Result {
                  for piece in pieces { try pipe.send(piece) }
                  if breaks { throw Broken() }
                })
            }
          }
        }
      ).compressed(for: Self.asked())
    }
    let sent = reply(breaks: false)
    #expect(sent.headers[.contentEncoding] == "gzip" && sent.headers[.vary] == "Accept-Encoding")
    var parts: [[UInt8]] = []
    try await #require(sent.stream).pour(patience: BodyStream.limit) { parts.append($0) }
    #expect(parts.count == pieces.count + 1)
    #expect(parts.dropLast().allSatisfy { $0.suffix(4).elementsEqual([0, 0, 0xff, 0xff]) }, "each piece is flushed")
    #expect(try Gzip.decompress(parts.flatMap(\.self), limit: 1 << 20) == pieces.flatMap(\.self))

    var cut: [UInt8] = []
    await #expect(throws: Broken.self) {
      try await #require(reply(breaks: true).stream).pour(patience: BodyStream.limit) { cut += $0 }
    }
    #expect {
      try Gzip.decompress(cut, limit: 1 << 20)
    } throws: { ($0 as? CompressionError)?.kind == .truncated }
  }
}

@Suite("The token of a session's forms")
struct FormTokenTests {
  private static let token = FormToken((0..<32).map { UInt8($0) })

  @Test("Under every mask it is the same token, in other letters")
  func masks() {
    let zero = Self.token.masked(by: [UInt8](repeating: 0, count: 32))
    let ones = Self.token.masked(by: [UInt8](repeating: 0xff, count: 32))
    #expect(zero.count == 86 && zero != ones)
    #expect(zero == String(repeating: "A", count: 44) + "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw")
    for text in [zero, ones, Self.token.masked()] { #expect(Self.token.isMasked(in: text)) }
  }

  @Test("Two answers have nothing of it in common")
  func fresh() {
    let all = Set((0..<100).map { _ in Self.token.masked() })
    #expect(all.count == 100)
    #expect(all.allSatisfy { !$0.contains("AQIDBAUGBwgJ") }, "it stands on none as it is")
  }

  @Test(
    "What is no token of this session is none",
    arguments: [
      "", "A", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", String(repeating: "A", count: 86),
      String(repeating: "A", count: 87), String(repeating: "=", count: 86), String(repeating: "A", count: 100_000),
      String(repeating: "é", count: 86), "\u{0}", String(repeating: "A\u{301}", count: 86), "%%%",
    ])
  func wrong(text: String) {
    #expect(!Self.token.isMasked(in: text))
    #expect(!Self.token.isMasked(in: FormToken([UInt8](repeating: 1, count: 32)).masked()))
    #expect(!FormToken([]).isMasked(in: text) && !FormToken([]).isMasked(in: FormToken([]).masked()))
  }
}
