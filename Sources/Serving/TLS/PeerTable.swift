import NIOConcurrencyHelpers
import NIOCore

/// The certificate of each open connection's peer, parsed and verified once, when the handshake is done, and where the
/// connection comes from, which is known as long as its requests are answered, closed meanwhile or not.
final class PeerTable: Sendable {
  private let peers = NIOLockedValueBox<[ObjectIdentifier: PeerCertificate]>([:])
  private let origins = NIOLockedValueBox<[ObjectIdentifier: Origin]>([:])

  func remember(_ peer: PeerCertificate, _ channel: any Channel) {
    peers.withLockedValue { $0[ObjectIdentifier(channel)] = peer }
  }

  func remember(_ origin: Origin, _ channel: any Channel) {
    origins.withLockedValue { $0[ObjectIdentifier(channel)] = origin }
  }

  /// A new connection comes from the address of its other end, until a balancer says otherwise: taken when it begins, as
  /// a connection that is closed has no address any more.
  func begin(_ channel: any Channel) {
    let origin = channel.remoteAddress.flatMap(Origin.init)
    origins.withLockedValue { $0[ObjectIdentifier(channel)] = origin }
  }

  /// Whose connection is closed is nobody's peer any more.
  func forgetPeer(of channel: any Channel) {
    _ = peers.withLockedValue { $0.removeValue(forKey: ObjectIdentifier(channel)) }
  }

  /// Once nothing of the connection is answered any more. Must be called before the channel is freed, or its address could
  /// name another one.
  func forget(_ channel: any Channel) {
    forgetPeer(of: channel)
    _ = origins.withLockedValue { $0.removeValue(forKey: ObjectIdentifier(channel)) }
  }

  func peer(of channel: any Channel) -> PeerCertificate? {
    peers.withLockedValue { $0[ObjectIdentifier(channel)] }
  }

  /// Where the connection comes from: as a trusted balancer says, else the address of its other end; those that have none
  /// share one.
  func origin(of channel: any Channel) -> Origin {
    origins.withLockedValue { $0[ObjectIdentifier(channel)] } ?? .unknown
  }
}
