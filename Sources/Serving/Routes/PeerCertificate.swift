package import Vocabulary

/// The certificate that a TLS peer proved to hold the key of, reduced to what is asked of it. Its chain was verified
/// to our issuing CA at the handshake, its dates were not: a resumed session skips verification, so each request asks.
package struct PeerCertificate: Sendable, Hashable {
  /// SHA-256 over the DER SubjectPublicKeyInfo: the key's name in the registry.
  package let key: Digest
  package let der: [UInt8]
  /// From the subject alternative name `urn:rollcall:device:…`; only a hint, the registry decides.
  package let device: DeviceID?
  /// From the subject's organisational unit: where the device was enrolled. A hint like `device`.
  package let district: DistrictID?
  /// From the subject's serialNumber: the machine's serial. A hint like `device`.
  package let serial: String?
  /// The certificate's own serial number, in hexadecimal.
  package let certificateSerial: String
  package let notBefore: Instant
  package let notAfter: Instant

  package init(
    key: Digest, der: [UInt8], device: DeviceID?, district: DistrictID? = nil, serial: String? = nil,
    certificateSerial: String = "", notBefore: Instant, notAfter: Instant
  ) {
    self.key = key
    self.district = district
    self.serial = serial
    self.certificateSerial = certificateSerial
    self.der = der
    self.device = device
    self.notBefore = notBefore
    self.notAfter = notAfter
  }
}

/// What the registry holds in memory of a device's key.
package struct KnownKey: Sendable, Hashable {
  package let key: Digest
  package let district: DistrictID
  package let device: DeviceID
  package let state: KeyState

  package init(key: Digest, district: DistrictID, device: DeviceID, state: KeyState) {
    self.key = key
    self.district = district
    self.device = device
    self.state = state
  }
}

/// The registry of keys, asked at each request: the authority on revocation.
package protocol KeyDirectory: Sendable {
  func key(_ digest: Digest) -> KnownKey?
}
