import NIOConcurrencyHelpers
import NIOCore

/// The certificate of each open connection's peer, parsed and verified once, when the handshake is done, and where a balancer
/// says that the connection comes from.
final class PeerTable: Sendable {
  private let peers = NIOLockedValueBox<[ObjectIdentifier: PeerCertificate]>([:])
  private let origins = NIOLockedValueBox<[ObjectIdentifier: Origin]>([:])

  func remember(_ peer: PeerCertificate, _ channel: any Channel) {
    peers.withLockedValue { $0[ObjectIdentifier(channel)] = peer }
  }

  func remember(_ origin: Origin, _ channel: any Channel) {
    origins.withLockedValue { $0[ObjectIdentifier(channel)] = origin }
  }

  /// Must be called before the channel is freed, or its address could name another one.
  func forget(_ channel: any Channel) {
    _ = peers.withLockedValue { $0.removeValue(forKey: ObjectIdentifier(channel)) }
    _ = origins.withLockedValue { $0.removeValue(forKey: ObjectIdentifier(channel)) }
  }

  func peer(of channel: any Channel) -> PeerCertificate? {
    peers.withLockedValue { $0[ObjectIdentifier(channel)] }
  }

  /// Where the connection comes from: as a trusted balancer says, else the address of its other end.
  func origin(of channel: any Channel) -> Origin? {
    origins.withLockedValue { $0[ObjectIdentifier(channel)] } ?? channel.remoteAddress.flatMap(Origin.init)
  }
}
