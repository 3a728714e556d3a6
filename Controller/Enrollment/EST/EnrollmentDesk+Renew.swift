internal import Audit
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary

extension EnrollmentDesk {
  /// A new certificate for a known device, for the same key or a new one. The old key holds until the new one is seen.
  ///
  /// - Throws: `enroll.identity-mismatch`, `enroll.key-taken`, `enroll.key-revoked`.
  func renew(
    _ request: CertificateRequest, peer: PeerCertificate, known: KnownKey, now: Instant
  ) async throws -> [UInt8] {
    let serial = peer.serial.flatMap(Serial.init)
    guard request.identity.serial == serial else {
      throw EnrollmentError(
        .identityMismatch,
        "The request's serial is not the one of the device's certificate. A machine with another serial enrols anew.")
    }
    let done = try await database.write(in: .state) { transaction in
      if let holder = try registry.key(request.key, in: transaction) {
        guard holder.device == known.device, holder.district == known.district else {
          throw EnrollmentError(.keyTaken, "This key belongs to another device. Make a key on this one.")
        }
        guard holder.isLive else { throw EnrollmentError(.keyRevoked, "This key was revoked. Make a new one.") }
      }
      let certificate = try authority.issue(
        to: known.device, of: known.district, serial: serial, key: request.publicKey, now: now)
      let changes = try registry.renew(
        known.key, of: known.device, of: known.district, by: IssuedKey(certificate), now: now, in: transaction)
      try Journal.record(
        JournalEntry(
          at: now, actor: .key(known.key), action: "device.renew", object: ("device", known.device.rawValue),
          district: known.district, body: RenewalBody(key: request.key, notAfter: certificate.notAfter)),
        in: transaction)
      return (der: certificate.der, changes: changes)
    }
    registry.apply(done.changes)
    return done.der
  }
}

private struct RenewalBody: JournalBody {
  let key: Digest
  let notAfter: Instant
}
