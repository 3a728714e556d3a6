import NIOConcurrencyHelpers
import NIOCore

/// The certificate of each open connection's peer, parsed and verified once, when the handshake is done.
final class PeerTable: Sendable {
  private let peers = NIOLockedValueBox<[ObjectIdentifier: PeerCertificate]>([:])

  func remember(_ peer: PeerCertificate, _ channel: any Channel) {
    peers.withLockedValue { $0[ObjectIdentifier(channel)] = peer }
  }

  /// Must be called before the channel is freed, or its address could name another one.
  func forget(_ channel: any Channel) {
    _ = peers.withLockedValue { $0.removeValue(forKey: ObjectIdentifier(channel)) }
  }

  func peer(of channel: any Channel) -> PeerCertificate? {
    peers.withLockedValue { $0[ObjectIdentifier(channel)] }
  }
}
