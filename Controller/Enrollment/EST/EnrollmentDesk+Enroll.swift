internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary

/// What an enrolment came to.
enum EnrollmentOutcome: Hashable, Sendable {
  case certificate([UInt8])
  case wait
}

extension EnrollmentDesk {
  /// Refuses a token that is not ours by a read alone, before any work is done for who presents it.
  ///
  /// - Throws: `enroll.token`, `enroll.label`.
  func requireToken(_ secret: TokenSecret, label: String?) async throws {
    let digest = secret.digest
    _ = try await database.read(in: .state) { try Self.token(digest, label: label, $0) }
  }

  /// Everything of an enrolment in one transaction, which others may share: the token's count, the certificate, the key, the ledger, the journal.
  ///
  /// - Throws: `enroll.token`, `enroll.label`, what ``decide(_:)`` throws, `request.overloaded`.
  func enroll(
    _ request: CertificateRequest, secret: TokenSecret, label: String?, now: Instant
  ) async throws -> EnrollmentOutcome {
    let digest = secret.digest
    let done = try await enrolments.commit { transaction in
      let token = try Self.token(digest, label: label, transaction)
      let pending = try PendingStore.request(of: request.key, in: token.district, transaction)
      let question = try question(request, token, pending, now, transaction)
      let step = EnrollmentStep(desk: self, question: question, request: request, pending: pending)
      return try step.carryOut(decide(question), transaction)
    }
    registry.apply(done.changes)
    return done.outcome
  }

  /// Decides as ``enroll(_:secret:label:now:)`` does, by a read alone, which spares the writer what cannot succeed.
  ///
  /// - Throws: `enroll.token`, `enroll.label`, what ``decide(_:)`` throws.
  func foresee(
    _ request: CertificateRequest, secret: TokenSecret, label: String?, now: Instant
  ) async throws {
    let digest = secret.digest
    try await database.read(in: .state) { transaction in
      let token = try Self.token(digest, label: label, transaction)
      let pending = try PendingStore.request(of: request.key, in: token.district, transaction)
      _ = try decide(question(request, token, pending, now, transaction))
    }
  }

  /// Takes note of a bad token: the error itself, or what its origin is told after too many.
  func counted(_ error: EnrollmentError, of call: Call) -> EnrollmentError {
    badTokens.increment()
    guard let origin = call.origin, let wait = throttle.fail(origin, now: call.now) else { return error }
    throttled.increment()
    return EnrollmentError(
      .tooManyFailures,
      "Too many bad enrolment tokens came from this address; this one is bad as well: \(error.message) Good ones are still taken.",
      retryAfter: wait)
  }

  private static func token(
    _ secret: Digest, label: String?, _ transaction: any Transaction
  ) throws -> EnrollmentToken {
    guard let token = try TokenStore.token(secret: secret, transaction) else {
      throw EnrollmentError(.token, "The controller does not know this enrolment token. Ask for a new one.")
    }
    guard token.answers(to: label) else {
      throw EnrollmentError(
        .label, "This enrolment token is not for this label: use its batch, its district, or no label.")
    }
    return token
  }

  private func question(
    _ request: CertificateRequest, _ token: EnrollmentToken, _ pending: PendingRequest?, _ now: Instant,
    _ transaction: any Transaction
  ) throws -> EnrollmentQuestion {
    guard let district = try registry.district(token.district, in: transaction) else {
      throw EnrollmentError(.token, "The controller does not know this enrolment token's district.")
    }
    let holder = try registry.key(request.key, in: transaction).map {
      KnownKey(key: $0.digest, district: $0.district, device: $0.device, state: $0.state)
    }
    // The certificate of an issuer that was taken away since would be refused at every handshake: that is no answer.
    let earlier = try TokenStore.earlier(request.key, of: token, transaction)
    return EnrollmentQuestion(
      token: token, key: request.key, identity: request.identity,
      earlier: earlier.flatMap { authority.trusts(der: $0.certificate) ? $0 : nil },
      waiting: try pending.map { try decision(on: $0, request.identity, holder: holder, transaction) }, holder: holder,
      recognition: try recognition(of: request.identity, holder: holder, in: token.district, transaction),
      unknownSerials: district.unknownSerials, now: now)
  }

  private func recognition(
    of identity: ClaimedIdentity, holder: KnownKey?, in district: DistrictID, _ transaction: any Transaction
  ) throws -> Recognition {
    switch try registry.resolve(identity: identity, district: district, in: transaction) {
    case .known(let id, _):
      if try isClaimedElsewhere(id, identity, holder: holder, in: district, transaction) { return .ambiguous }
      guard let known = try known(id, in: district, transaction), !(try isWithdrawn(known, in: district, transaction))
      else { return .unknown }
      return .known(known)
    case .ambiguous: return .ambiguous
    case .unknown:
      // A machine without identity is known by its key, once it has one here.
      guard identity.serial == nil, let holder, holder.district == district else { return .unknown }
      return try known(holder.device, in: district, transaction).map(Recognition.known) ?? .unknown
    }
  }

  /// Whether a device of another district with this serial holds a key, and the one that asks is not admitted here already.
  private func isClaimedElsewhere(
    _ id: DeviceID, _ identity: ClaimedIdentity, holder: KnownKey?, in district: DistrictID,
    _ transaction: any Transaction
  ) throws -> Bool {
    if let holder, holder.device == id, holder.state != .pending { return false }
    return try serials(of: id, identity, in: district, transaction).contains {
      try registry.isLiveElsewhere($0, except: district, in: transaction)
    }
  }

  /// The serial that a machine claims, and the one of the device that it is to be, once each.
  func serials(
    of id: DeviceID, _ identity: ClaimedIdentity, in district: DistrictID, _ transaction: any Transaction
  ) throws -> [Serial] {
    let known = try registry.device(id, of: district, in: transaction)?.serial.flatMap(Serial.init)
    guard let claimed = identity.serial else { return known.map { [$0] } ?? [] }
    guard let known, known.folded != claimed.folded else { return [claimed] }
    return [claimed, known]
  }

  private func known(
    _ id: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> KnownDevice? {
    guard let device = try registry.device(id, of: district, in: transaction) else { return nil }
    let keys = try registry.liveKeys(of: id, of: district, in: transaction)
    return KnownDevice(id: id, keys: keys.map { .init(digest: $0.digest, state: $0.state) }, stage: device.stage)
  }

  /// Whether nobody expects the device any more, and nothing else is known of it.
  private func isWithdrawn(
    _ known: KnownDevice, in district: DistrictID, _ transaction: any Transaction
  ) throws -> Bool {
    guard known.stage == nil, known.keys.isEmpty,
      let device = try registry.device(known.id, of: district, in: transaction)
    else { return false }
    return try registry.isWithdrawn(device, in: transaction)
  }

  private func decision(
    on pending: PendingRequest, _ identity: ClaimedIdentity, holder: KnownKey?, _ transaction: any Transaction
  ) throws -> PendingDecision {
    switch pending.state {
    // It was approved once: it waits on, whatever became of the token.
    case .waiting: return pending.reason == .contested ? .contested : .waiting
    case .rejected: return .rejected
    case .issued: return .issued
    case .approved:
      guard let id = pending.device, let device = try known(id, in: pending.district, transaction) else {
        return .waiting
      }
      // Its serial got a key elsewhere since a person said yes: that person did not know, and is asked again.
      for claim in [pending.identity, identity]
      where try isClaimedElsewhere(id, claim, holder: holder, in: pending.district, transaction) {
        return .contested
      }
      return .approved(device)
    }
  }
}
