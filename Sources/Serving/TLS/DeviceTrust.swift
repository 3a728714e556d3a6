import NIOCore
import NIOSSL
import SwiftASN1
package import Vocabulary
package import X509

/// Which client certificates belong to this controller's devices: leaves that one of our issuing certificates signed.
///
/// Dates are not looked at here, for an expired certificate may still ask for a new one; ``DeviceContext`` does.
package struct DeviceTrust: Sendable {
  private let issuers: [Certificate]

  package init(issuers: [Certificate]) { self.issuers = issuers }

  /// The peer that `certificate` proves, or nil unless one of the issuers signed it for client authentication.
  package func peer(der: [UInt8]) -> PeerCertificate? {
    guard der.count <= 16 << 10, let leaf = try? Certificate(derEncoded: der), isOurs(leaf) else { return nil }
    return try? PeerCertificate(leaf, der: der)
  }

  private func isOurs(_ leaf: Certificate) -> Bool {
    guard let usage = try? leaf.extensions.extendedKeyUsage, usage.contains(.clientAuth) else { return false }
    return issuers.contains { issuer in
      issuer.subject == leaf.issuer && issuer.publicKey.isValidSignature(leaf.signature, for: leaf)
    }
  }
}

extension PeerCertificate {
  /// - Throws: the library's error where it cannot write the key that it read.
  init(_ leaf: Certificate, der: [UInt8]) throws {
    var device: DeviceID?
    for name in (try? leaf.extensions.subjectAlternativeNames) ?? SubjectAlternativeNames() {
      guard case .uniformResourceIdentifier(let uri) = name, uri.hasPrefix(Self.prefix) else { continue }
      device = DeviceID(rawValue: String(uri.dropFirst(Self.prefix.count)))
    }
    self.init(
      key: try PeerCertificate.name(of: leaf.publicKey), der: der, device: device,
      district: Self.subject(leaf, .RDNAttributeType.organizationalUnitName).flatMap(DistrictID.init(rawValue:)),
      serial: Self.subject(leaf, [2, 5, 4, 5]), certificateSerial: Hex.encode(leaf.serialNumber.bytes),
      notBefore: Instant(seconds: Int64(leaf.notValidBefore.timeIntervalSince1970)),
      notAfter: Instant(seconds: Int64(leaf.notValidAfter.timeIntervalSince1970)))
  }

  /// The text of one attribute of the subject.
  private static func subject(_ leaf: Certificate, _ type: ASN1ObjectIdentifier) -> String? {
    for name in leaf.subject {
      for attribute in name where attribute.type == type { return String(attribute.value) }
    }
    return nil
  }

  private static let prefix = "urn:rollcall:device:"

  /// A public key's name: SHA-256 over its DER SubjectPublicKeyInfo.
  ///
  /// - Throws: the library's error where it cannot write the key.
  package static func name(of key: Certificate.PublicKey) throws -> Vocabulary.Digest {
    var serializer = DER.Serializer()
    try serializer.serialize(key)
    return .sha256(serializer.serializedBytes)
  }
}
