package import CurlClient
package import Vocabulary
import Wire

/// When a certificate is renewed: at 80 % of its life, earlier or later by up to 10 %, so that devices enrolled
/// together do not come back together.
package enum RenewalSchedule {
  /// Always the same for one device and one certificate.
  ///
  /// - Throws: `transfer.digest-unavailable`.
  package static func due(notBefore: Instant, notAfter: Instant, device: String) throws(TransferError) -> Instant {
    let life = max(0, notAfter.since(notBefore).components.seconds)
    let hash = try SHA256.digest(Array(device.utf8)).bytes.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let perMille = 700 + Int64(hash % 201)
    return notBefore.advanced(by: .seconds(life / 1000 * perMille))
  }
}

/// A key with the certificate that the controller issued for it.
package struct DeviceIdentity {
  /// The own certificate first, then those above it, without the root.
  package let certificates: [Certificate]
  package let key: PrivateKey
  package let notBefore: Instant
  package let notAfter: Instant
  /// nil where the certificate names no device of Rollcall.
  package let device: DeviceID?
  package let renewalDue: Instant
  /// What the controller knows the key by: SHA-256 of its public key as the certificate has it.
  package let keyDigest: Digest

  /// nil where there is no certificate, or it is not for this key.
  ///
  /// - Throws: `transfer.digest-unavailable`.
  package init?(certificates: [Certificate], key: PrivateKey) throws(TransferError) {
    guard let own = certificates.first, own.belongs(to: key), let notBefore = own.notBefore,
      let notAfter = own.notAfter
    else { return nil }
    self.certificates = certificates
    self.key = key
    self.notBefore = notBefore
    self.notAfter = notAfter
    device = own.uris.lazy.compactMap { Self.device(in: $0) }.first
    renewalDue = try RenewalSchedule.due(notBefore: notBefore, notAfter: notAfter, device: device?.rawValue ?? "")
    keyDigest = try SHA256.digest(own.publicKey)
  }

  package var forTLS: ClientIdentity { ClientIdentity(certificates: certificates, key: key) }
}

extension DeviceIdentity {
  private static func device(in uri: String) -> DeviceID? {
    if case .device(let id) = IdentityURI(uri) { id } else { nil }
  }
}
