import Crypto
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The controller's devices listener, reached with its root pinned.
struct Target: Sendable {
  /// Looked up once: thousands of connections a second go there.
  let address: SocketAddress
  /// Sent as SNI and checked against the server's certificate; nil checks the chain alone.
  let serverName: String?
  let root: NIOSSLCertificate

  /// What a connection proves: nothing, or a device's key with its chain, leaf first, as DER.
  func context(chain: [[UInt8]] = [], key: P256.Signing.PrivateKey? = nil) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    // As the agent's OpenSSL 3.0 offers them; BoringSSL would also make a key for X25519MLKEM768.
    configuration.curves = [.x25519, .secp256r1]
    configuration.trustRoots = .certificates([root])
    configuration.certificateVerification = serverName == nil ? .noHostnameVerification : .fullVerification
    configuration.shutdownTimeout = .seconds(1)
    configuration.certificateChain = try chain.map { .certificate(try NIOSSLCertificate(bytes: $0, format: .der)) }
    if let key {
      configuration.privateKey = .privateKey(
        try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der))
    }
    return try NIOSSLContext(configuration: configuration)
  }

  /// The one generic class of a connection, made known to the runtime by one thread before any loop asks for it: where several do so for
  /// the first time at the same moment, Swift's runtime may look at a class whose superclass is not set yet, and crash
  /// (seen with 6.1 on Linux; swiftlang/swift#37656 tells of the kind).
  private static let decoder = ByteToMessageHandler<HTTPResponseDecoder>.self

  /// Begins a connection on `loop`; everything that comes of it goes to `owner`, on that loop.
  func open(
    on loop: any EventLoop, _ context: NIOSSLContext, within limit: TimeAmount = .seconds(10),
    owner: any ConversationOwner
  ) -> Conversation {
    _ = Self.decoder
    let conversation = Conversation(owner: owner)
    let bound = NIOLoopBound(conversation, eventLoop: loop)
    let serverName = serverName
    ClientBootstrap(group: loop)
      .connectTimeout(limit)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(try NIOSSLClientHandler(context: context, serverHostname: serverName))
          try pipeline.addHandler(HTTPRequestEncoder())
          try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)))
          try pipeline.addHandler(bound.value)
        }
      }
      .connect(to: address)
      .assumeIsolated()
      .whenFailure { conversation.failed($0) }
    return conversation
  }
}
