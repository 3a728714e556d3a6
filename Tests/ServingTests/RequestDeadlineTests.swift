import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Serving

@Suite("How long a request may take")
struct RequestDeadlineTests {
  /// A connection on which a request has begun; nothing runs but by its clock.
  private func begun() throws -> EmbeddedChannel {
    let channel = EmbeddedChannel(handler: RequestDeadline(limit: .seconds(30)))
    try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 443)).wait()
    try channel.writeInbound(
      HTTPRequestPart.head(HTTPRequest(method: .post, scheme: "https", authority: "rollcall", path: "/")))
    return channel
  }

  private func send(_ count: Int, on channel: EmbeddedChannel) throws {
    try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(repeating: 0x61, count: count)))
  }

  @Test("A body has its time for as long as it comes at the least rate, and none longer")
  func large() throws {
    let channel = try begun()
    for _ in 0..<20 {
      try send(30 * RequestDeadline.leastRate, on: channel)
      channel.embeddedEventLoop.advanceTime(by: .seconds(30))
      #expect(channel.isActive)
    }
    try send(30 * RequestDeadline.leastRate - 1, on: channel)
    channel.embeddedEventLoop.advanceTime(by: .seconds(30))
    #expect(!channel.isActive)
  }

  @Test("A head without a body, and one that comes byte by byte, are closed when their time is over")
  func slow() throws {
    let silent = try begun()
    silent.embeddedEventLoop.advanceTime(by: .seconds(29))
    #expect(silent.isActive)
    silent.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!silent.isActive)
    let trickling = try begun()
    for _ in 0..<30 {
      try? send(1, on: trickling)
      trickling.embeddedEventLoop.advanceTime(by: .seconds(1))
    }
    #expect(!trickling.isActive)
  }

  @Test("A request that ended has no deadline, and the next one has one of its own")
  func ended() throws {
    let channel = try begun()
    try send(100, on: channel)
    try channel.writeInbound(HTTPRequestPart.end(nil))
    channel.embeddedEventLoop.advanceTime(by: .seconds(300))
    #expect(channel.isActive)
    try channel.writeInbound(
      HTTPRequestPart.head(HTTPRequest(method: .get, scheme: "https", authority: "rollcall", path: "/")))
    channel.embeddedEventLoop.advanceTime(by: .seconds(30))
    #expect(!channel.isActive)
  }
}
