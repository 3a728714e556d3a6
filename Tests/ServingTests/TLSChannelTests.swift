import HummingbirdCore
import Logging
import NIOCore
import NIOEmbedded
import NIOSSL
import Synchronization
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

  private final class Told: Sendable { let origins = Mutex<[Origin]>([]) }

  /// What stands above TLS, and is there.
  private struct Taking: ServerChildChannel {
    /// Called while the connection is answered.
    let whileAnswered: @Sendable (any Channel) -> Void

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
      channel.eventLoop.makeSucceededFuture(Connection(channel: channel))
    }

    func handle(value: Connection, logger: Logger) async { whileAnswered(value.channel) }
  }

  @Test("Where a connection comes from is known until it is answered, closed meanwhile or not")
  func origin() async throws {
    let context = try NIOSSLContext(configuration: .makeClientConfiguration())
    let peers = PeerTable()
    let told = Told()
    let tls = TLSChannel(
      base: Taking { channel in told.origins.withLock { $0.append(peers.origin(of: channel)) } },
      box: TLSContextBox(context), peers: peers, gates: HandshakeGates(), balancers: TrustedBalancers([]),
      executors: nil)
    let channel = NIOAsyncTestingChannel()
    try await channel.connect(to: SocketAddress(ipAddress: "192.0.2.7", port: 1)).get()
    let value = try await channel.eventLoop.flatSubmit { tls.setup(channel: channel, logger: Logger(label: "test")) }
      .get()
    #expect(peers.origin(of: channel) == Origin(octets: [192, 0, 2, 7]))
    try? await channel.close()
    await channel.testingEventLoop.run()
    // As a socket's, which has no address once it is closed.
    channel.remoteAddress = nil
    await tls.handle(value: value, logger: Logger(label: "test"))
    #expect(told.origins.withLock { $0 } == [Origin(octets: [192, 0, 2, 7])])
    #expect(peers.origin(of: channel) == .unknown, "then it is forgotten; those of no address are one")
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
