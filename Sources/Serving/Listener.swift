import HummingbirdCore
package import Logging
package import NIOCore
package import ServiceLifecycle

/// A listening socket with TLS and HTTP/1.1, as a service that stops gracefully.
package struct Listener: Sendable {
  package struct Limits: Sendable {
    /// Connections open at once; more wait in the kernel's queue.
    package var connections: Int
    /// An idle connection is closed after this.
    package var idle: TimeAmount
    /// A request that began must have ended after this.
    package var request: TimeAmount

    package init(connections: Int = 4096, idle: TimeAmount = .seconds(60), request: TimeAmount = .seconds(30)) {
      self.connections = connections
      self.idle = idle
      self.request = request
    }
  }

  package let host: String
  package let port: Int
  package let tls: TLSContextBox
  package let limits: Limits
  /// Balancers: from them a PROXY header is required before TLS; from anybody else none is believed.
  package let balancers: [AddressRange]
  package let group: any EventLoopGroup
  package let logger: Logger
  /// Told the bound port once the socket listens.
  package let onBound: @Sendable (Int) async -> Void

  package init(
    host: String, port: Int, tls: TLSContextBox, limits: Limits, balancers: [AddressRange] = [],
    group: any EventLoopGroup, logger: Logger, onBound: @escaping @Sendable (Int) async -> Void
  ) {
    self.host = host
    self.port = port
    self.tls = tls
    self.limits = limits
    self.balancers = balancers
    self.group = group
    self.logger = logger
    self.onBound = onBound
  }

  package func serve(_ people: PeopleService) -> any Service {
    service(executors: nil) { request, writer, channel, peers in
      let origin = { @Sendable in peers.origin(of: channel) }
      try await people.answer(request, origin: origin, writer)
    }
  }

  package func serve(_ devices: DeviceService) -> any Service {
    service(executors: LoopExecutors(group)) { request, writer, channel, peers in
      let origin = { @Sendable in peers.origin(of: channel) }
      try await devices.answer(request, peer: peers.peer(of: channel), origin: origin, writer)
    }
  }

  private func service(
    executors: LoopExecutors?,
    _ respond: @escaping @Sendable (Request, consuming ResponseWriter, any Channel, PeerTable) async throws -> Void
  ) -> any Service {
    let (deadline, peers) = (limits.request, PeerTable())
    let http = HTTP1Channel(
      responder: { request, writer, channel in try await respond(request, writer, channel, peers) },
      configuration: .init(
        additionalChannelHandlers: [RequestDeadline(limit: deadline)], idleTimeout: limits.idle,
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100)))
    return TLSChannel(
      base: http, box: tls, peers: peers, gates: HandshakeGates(), balancers: TrustedBalancers(balancers),
      executors: executors
    ).server(
      configuration: ServerConfiguration(
        address: .hostname(host, port: port), serverName: nil, backlog: 1024,
        availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
      onServerRunning: { channel in await onBound(channel.localAddress?.port ?? port) },
      eventLoopGroup: group, logger: logger)
  }
}
