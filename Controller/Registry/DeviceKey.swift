import Storage
package import Vocabulary

/// A key that just got a certificate.
package struct IssuedKey: Sendable, Hashable {
  /// SHA-256 over the DER SubjectPublicKeyInfo.
  package let digest: Digest
  /// The certificate's serial number, in hexadecimal.
  package let certificateSerial: String
  package let notBefore: Instant
  package let notAfter: Instant

  package init(digest: Digest, certificateSerial: String, notBefore: Instant, notAfter: Instant) {
    self.digest = digest
    self.certificateSerial = certificateSerial
    self.notBefore = notBefore
    self.notAfter = notAfter
  }
}

/// A device's key, as the registry stores it.
package struct DeviceKey: Sendable, Hashable {
  package let district: DistrictID
  package let device: DeviceID
  package let digest: Digest
  package var state: KeyState
  package var certificateSerial: String
  package var notBefore: Instant
  package var notAfter: Instant
  package var issuedAt: Instant
  /// To the day; nil until its first contact.
  package var lastSeen: Instant?
  /// The key that renews this one. This one is revoked when that one is first seen.
  package var replacedBy: Digest?
  /// Why it is not active, in words for people.
  package var reason: String?
  /// Counts the changes of this row, so that memory never goes back to an older one.
  package var revision: Int64

  package init(
    _ issued: IssuedKey, of device: DeviceID, in district: DistrictID, state: KeyState, reason: String? = nil,
    now: Instant
  ) {
    self.district = district
    self.device = device
    digest = issued.digest
    self.state = state
    self.reason = reason
    certificateSerial = issued.certificateSerial
    notBefore = issued.notBefore
    notAfter = issued.notAfter
    issuedAt = now
    revision = 1
  }

  init(_ row: Row) throws {
    district = try row.get("district_id")
    device = try row.get("device_id")
    digest = try row.get("digest")
    state = try row.get("state")
    certificateSerial = try row.get("certificate_serial")
    notBefore = try row.get("not_before")
    notAfter = try row.get("not_after")
    issuedAt = try row.get("issued_at")
    lastSeen = try row.get("last_seen")
    replacedBy = try row.get("replaced_by")
    reason = try row.get("reason")
    revision = try row.get("revision")
  }

  /// Anything but revoked.
  package var isLive: Bool { state != .revoked }

  /// The same key with a new certificate.
  func certified(_ issued: IssuedKey, now: Instant) -> DeviceKey {
    var key = self
    key.certificateSerial = issued.certificateSerial
    key.notBefore = issued.notBefore
    key.notAfter = issued.notAfter
    key.issuedAt = now
    return key
  }
}

/// What a transaction did to keys; given to ``DeviceRegistry/apply(_:)`` once it has committed, and only then.
package struct KeyChanges: Sendable {
  private(set) var keys: [DeviceKey] = []

  package init() {}
  init(_ keys: [DeviceKey]) { self.keys = keys }

  package var isEmpty: Bool { keys.isEmpty }

  package mutating func add(_ other: KeyChanges) { keys += other.keys }
}
