import HummingbirdCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
package import NIOSSL
import NIOTLS

/// The TLS context of a listener, replaced whole: new connections take the new one, open ones stay as they are.
package final class TLSContextBox: Sendable {
  private let box: NIOLockedValueBox<(context: NIOSSLContext, trust: DeviceTrust?)>

  package init(_ context: NIOSSLContext, trust: DeviceTrust? = nil) { box = NIOLockedValueBox((context, trust)) }

  package func replace(_ context: NIOSSLContext, trust: DeviceTrust? = nil) {
    box.withLockedValue { $0 = (context, trust) }
  }

  var current: (context: NIOSSLContext, trust: DeviceTrust?) { box.withLockedValue { $0 } }
}

/// Puts TLS under an HTTP channel, taking the context anew for each connection, which Hummingbird's own does not.
struct TLSChannel<Base: ServerChildChannel>: ServerChildChannel {
  typealias Value = Base.Value

  let base: Base
  let box: TLSContextBox
  let peers: PeerTable
  let gates: HandshakeGates
  /// Whose connections begin with a PROXY header.
  let balancers: TrustedBalancers
  /// Where a connection's tasks run; without them on the concurrent pool.
  let executors: LoopExecutors?

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    peers.begin(channel)
    // Hummingbird asks on the channel's loop.
    let gate = gates[channel.eventLoop]
    let ready = gate.enter().assumeIsolated().flatMapThrowing { try addTLS(to: channel, leaving: gate, logger) }
      .nonisolated()
      .flatMap { base.setup(channel: channel, logger: logger) }
    // NIO leaves it to us: it neither registers nor closes what could not be set up, and goes on counting it as open.
    ready.whenFailure { _ in
      peers.forget(channel)
      channel.close(promise: nil)
    }
    return ready
  }

  private func addTLS(to channel: any Channel, leaving gate: HandshakeGate, _ logger: Logger) throws {
    do {
      if balancers.contains(channel.remoteAddress) {
        try channel.pipeline.syncOperations.addHandler(proxy(channel, logger))
      }
      let (context, trust) = box.current
      let handler: NIOSSLServerHandler
      if let trust {
        // Asked on the channel's loop before the handshake is done, so that the peer is known when its end is told.
        handler = NIOSSLServerHandler(context: context) { [peers] certificates, promise in
          guard let der = try? certificates.first?.toDERBytes(), let peer = trust.peer(der: der) else {
            return promise.succeed(.failed)
          }
          peers.remember(peer, channel)
          promise.succeed(.certificateVerified)
        }
      } else {
        handler = NIOSSLServerHandler(context: context)
      }
      try channel.pipeline.syncOperations.addHandler(handler)
      try channel.pipeline.syncOperations.addHandler(HandshakeWatch(trust: trust, peers: peers, gate: gate))
    } catch {
      gate.leave()
      throw error
    }
  }

  private func proxy(_ channel: any Channel, _ logger: Logger) -> ProxyHandler {
    ProxyHandler(
      onSource: { [peers] in peers.remember($0, channel) },
      onRefused: { [balancers, balancer = channel.remoteAddress] in balancers.warn(logger, balancer, $0) })
  }

  func handle(value: Value, logger: Logger) async {
    if let executor = executors?[value.channel.eventLoop] {
      await withTaskExecutorPreference(executor) { await base.handle(value: value, logger: logger) }
    } else {
      await base.handle(value: value, logger: logger)
    }
    peers.forget(value.channel)
  }
}

/// Ends a handshake that takes too long, and remembers the peer's certificate once it is done, resumed or not.
private final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private static let limit = TimeAmount.seconds(10)
  /// A peer that takes longer than this to say its part makes room for the next; so silent ones cannot stop the line.
  private static let place = TimeAmount.milliseconds(300)
  private let trust: DeviceTrust?
  private let peers: PeerTable
  /// nil once it was left.
  private var gate: HandshakeGate?
  private var timer: Scheduled<Void>?

  init(trust: DeviceTrust?, peers: PeerTable, gate: HandshakeGate) {
    self.trust = trust
    self.peers = peers
    self.gate = gate
  }

  private func leave() {
    timer?.cancel()
    timer = nil
    gate?.leave()
    gate = nil
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let (loop, channel) = (context.eventLoop, context.channel)
    timer = loop.assumeIsolated().scheduleTask(in: Self.place) {
      self.leave()
      self.timer = loop.scheduleTask(in: Self.limit - Self.place) { channel.close(mode: .all, promise: nil) }
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    peers.forgetPeer(of: context.channel)
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent {
      leave()
      // A resumed session shows a certificate that nobody was asked about.
      if let trust, peers.peer(of: context.channel) == nil,
        let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate(),
        let der = try? certificate.toDERBytes(), let peer = trust.peer(der: der)
      {
        peers.remember(peer, context.channel)
      }
    }
    context.fireUserInboundEventTriggered(event)
  }
}
