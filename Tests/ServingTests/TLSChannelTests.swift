import HummingbirdCore
import Logging
import NIOCore
import NIOEmbedded
import NIOSSL
import Testing

@testable import Serving

@Suite struct TLSChannelTests {
  private struct Connection: ServerChildChannelValue { let channel: any Channel }

  /// What stands above TLS, and cannot be set up.
  private struct Refusing: ServerChildChannel {
    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
      channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    func handle(value: Connection, logger: Logger) async {}
  }

  @Test("A connection that cannot be set up is closed")
  func closed() throws {
    let context = try NIOSSLContext(configuration: .makeClientConfiguration())
    let tls = TLSChannel(
      base: Refusing(), box: TLSContextBox(context), peers: PeerTable(), gates: HandshakeGates(),
      balancers: TrustedBalancers([]), executors: nil)
    let channel = EmbeddedChannel()
    let isClosed = NIOLoopBoundBox(false, eventLoop: channel.eventLoop)
    channel.closeFuture.whenComplete { _ in isClosed.value = true }
    let ready = tls.setup(channel: channel, logger: Logger(label: "test"))
    channel.embeddedEventLoop.run()
    #expect(throws: ChannelError.operationUnsupported) { try ready.wait() }
    #expect(isClosed.value)
  }
}
