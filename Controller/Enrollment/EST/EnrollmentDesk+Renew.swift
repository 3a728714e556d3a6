internal import Audit
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary

extension EnrollmentDesk {
  /// How long a device that got a new key waits for another one, in seconds.
  private static let newKeySeconds = 3600

  /// A new certificate for a known device, for the same key or a new one. The old key holds until the new one is seen.
  ///
  /// - Throws: `enroll.identity-mismatch`, `enroll.key-taken`, `enroll.key-revoked`, `enroll.too-soon`.
  func renew(
    _ request: CertificateRequest, peer: PeerCertificate, known: KnownKey, now: Instant
  ) async throws -> [UInt8] {
    let done = try await database.write(in: .state) { transaction in
      let serial = try serial(of: request, peer, known, transaction)
      try admit(request.key, of: known, now, transaction)
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

  /// The serial of the new certificate: that of the old one, or the one that the registry took over since, as after the
  /// firmware was filled in; none where neither has one, as where the registry did not take over what the machine says.
  private func serial(
    of request: CertificateRequest, _ peer: PeerCertificate, _ known: KnownKey, _ transaction: any Transaction
  ) throws -> Serial? {
    let claimed = request.identity.serial
    if claimed == peer.serial.flatMap(Serial.init) { return claimed }
    let former = try registry.device(known.device, of: known.district, in: transaction)?.serial
    if peer.serial == nil, former == nil { return nil }
    let stored = former.flatMap(Serial.init)
    guard let claimed, claimed.folded == stored?.folded else {
      throw EnrollmentError(
        .identityMismatch,
        "The request's serial is not the one of the device. A machine with another serial enrols anew.")
    }
    return claimed
  }

  /// A key that the device has already is always let in; a new one once an hour, for each stays in the registry.
  private func admit(_ key: Digest, of known: KnownKey, _ now: Instant, _ transaction: any Transaction) throws {
    if let holder = try registry.key(key, in: transaction) {
      guard holder.device == known.device, holder.district == known.district else {
        throw EnrollmentError(.keyTaken, "This key belongs to another device. Make a key on this one.")
      }
      guard holder.isLive else { throw EnrollmentError(.keyRevoked, "This key was revoked. Make a new one.") }
      return
    }
    let last = try registry.lastSuccessor(of: known.device, of: known.district, but: key, in: transaction)
    guard let last, now < last.advanced(by: .seconds(Self.newKeySeconds)) else { return }
    let left = (last.milliseconds - now.milliseconds + Int64(Self.newKeySeconds) * 1000 + 999) / 1000
    throw EnrollmentError(
      .tooSoon, "This device got another new key within the hour. Use that one, or ask again later.",
      retryAfter: Int(left))
  }
}

private struct RenewalBody: JournalBody {
  let key: Digest
  let notAfter: Instant
}
