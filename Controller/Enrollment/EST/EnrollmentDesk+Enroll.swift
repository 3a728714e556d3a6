internal import Audit
internal import Serving
internal import Storage
internal import Vocabulary

/// What an enrolment came to.
enum EnrollmentOutcome: Hashable, Sendable {
  case certificate([UInt8])
  case wait
}

extension EnrollmentDesk {
  /// How many keys may wait at once on one token; more are an attack, or a list that nobody wrote.
  static let waitingLimit = 500

  /// Everything of an enrolment in one transaction: the token's count, the certificate, the key, the ledger, the journal.
  ///
  /// - Throws: `enroll.token`, `enroll.label`, what ``decide(_:)`` throws, `request.overloaded`.
  func enroll(
    _ request: CertificateRequest, secret: TokenSecret, label: String?, now: Instant
  ) async throws -> EnrollmentOutcome {
    let digest = secret.digest
    let done = try await database.write(in: .state) { transaction in
      guard let token = try TokenStore.token(secret: digest, transaction) else {
        throw EnrollmentError(.token, "The controller does not know this enrolment token. Ask for a new one.")
      }
      guard token.answers(to: label) else {
        throw EnrollmentError(.label, "This enrolment token is not for this label: use its batch, its district, or no label.")
      }
      let pending = try PendingStore.request(of: request.key, in: token.district, transaction)
      let question = try question(request, token, pending, now, transaction)
      let enrolment = Enrolment(desk: self, question: question, request: request, pending: pending)
      return try enrolment.carryOut(decide(question), transaction)
    }
    done.update?.apply()
    return done.outcome
  }

  private func question(
    _ request: CertificateRequest, _ token: EnrollmentToken, _ pending: PendingRequest?, _ now: Instant,
    _ transaction: any Transaction
  ) throws -> EnrollmentQuestion {
    guard let unknownSerials = try devices.unknownSerials(in: token.district, transaction) else {
      throw EnrollmentError(.token, "The controller does not know this enrolment token's district.")
    }
    return EnrollmentQuestion(
      token: token, key: request.key, identity: request.identity,
      earlier: try TokenStore.earlier(request.key, of: token, transaction),
      waiting: try pending.map { try decision(on: $0, transaction) },
      holder: try devices.holder(of: request.key, transaction),
      recognition: try devices.resolve(request.identity, in: token.district, transaction),
      unknownSerials: unknownSerials, now: now)
  }

  private func decision(on pending: PendingRequest, _ transaction: any Transaction) throws -> PendingDecision {
    switch pending.state {
    case .waiting: return .waiting
    case .rejected: return .rejected
    case .issued: return .issued
    case .approved:
      guard let id = pending.device, let device = try devices.device(id, in: pending.district, transaction) else {
        return .waiting
      }
      return .approved(device)
    }
  }
}

/// Carries out one decision within its transaction.
private struct Enrolment {
  struct Done: Sendable {
    let outcome: EnrollmentOutcome
    var update: KeyUpdate?
  }

  let desk: EnrollmentDesk
  let question: EnrollmentQuestion
  let request: CertificateRequest
  let pending: PendingRequest?

  private var token: EnrollmentToken { question.token }
  private var now: Instant { question.now }

  func carryOut(_ decision: EnrollmentDecision, _ transaction: any Transaction) throws -> Done {
    switch decision {
    case .again(let certificate): return Done(outcome: .certificate(certificate))
    case .issue(let device): return try issue(to: device, quarantining: nil, transaction)
    case .quarantine(let device, let others): return try issue(to: device, quarantining: others, transaction)
    case .issueToUnidentified:
      let device = try desk.devices.admit(
        question.identity, in: token.district, batch: token.batch, by: .token(token.id), at: now, transaction)
      return try issue(to: device, quarantining: nil, transaction)
    case .wait(let reason): return try wait(reason, transaction)
    }
  }

  private func issue(
    to device: DeviceID, quarantining others: [Digest]?, _ transaction: any Transaction
  ) throws -> Done {
    // The decision read the count in this transaction; the condition holds even on an engine that lets others write.
    guard try TokenStore.count(token, transaction) || pending?.state == .approved else {
      throw EnrollmentError(.tokenUsedUp, "This enrolment token has brought all of its certificates. Ask for a new one.")
    }
    let certificate = try desk.authority.issue(
      to: device, serial: question.identity.serial, key: request.publicKey, now: now)
    let update = try desk.devices.register(
      NewKey(
        district: token.district, device: device, identity: question.identity,
        state: others == nil ? .active : .quarantined, certificate: certificate, quarantining: others ?? [],
        replacing: nil, actor: .token(token.id), at: now), transaction)
    try TokenStore.record(certificate, for: device, by: token, at: now, transaction)
    try BatchStore.mark(
      device, serial: question.identity.serial, quarantined: others != nil, batch: token.batch, in: token.district,
      at: now, transaction)
    if let pending { try PendingStore.set(.issued, of: pending, device: device, at: now, transaction) }
    try Journal.record(
      JournalEntry(
        at: now, actor: .enrollmentToken(token.id), action: others == nil ? "device.enroll" : "device.quarantine",
        object: ("device", device.rawValue), district: token.district,
        body: EnrolmentBody(batch: token.batch, key: request.key, quarantined: others ?? [], notAfter: certificate.notAfter)),
      in: transaction)
    return Done(outcome: .certificate(certificate.der), update: update)
  }

  private func wait(_ reason: WaitReason, _ transaction: any Transaction) throws -> Done {
    let isNew = pending == nil
    if isNew, try PendingStore.waiting(of: token, transaction) >= EnrollmentDesk.waitingLimit {
      throw ServingError(
        .overloaded, "Too many devices wait on this token for a person. Come again later.", headers: [.retryAfter: "600"])
    }
    let request = PendingRequest(
      district: token.district, id: pending?.id ?? .random(), batch: token.batch, token: token.id, key: request.key,
      identity: question.identity, reason: reason, state: .waiting, device: nil, requestedAt: pending?.requestedAt ?? now,
      seenAt: now)
    try PendingStore.keep(request, transaction)
    if isNew {
      try Journal.record(
        JournalEntry(
          at: now, actor: .enrollmentToken(token.id), action: "pending.create", object: ("pending", request.id.rawValue),
          district: token.district, body: PendingBody(batch: token.batch, key: request.key, reason: reason.rawValue)),
        in: transaction)
    }
    return Done(outcome: .wait)
  }
}

private struct EnrolmentBody: JournalBody {
  let batch: BatchID
  let key: Digest
  let quarantined: [Digest]
  let notAfter: Instant
}

private struct PendingBody: JournalBody {
  let batch: BatchID
  let key: Digest
  let reason: String
}
