internal import Audit
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary

/// Carries out one decision within its transaction.
struct EnrollmentStep {
  /// How many keys may wait at once on one token; more are an attack, or a list that nobody wrote.
  static let waitingLimit = 500

  struct Done: Sendable {
    let outcome: EnrollmentOutcome
    var changes = KeyChanges()
  }

  let store: EnrollmentStore
  let question: EnrollmentQuestion
  let request: CertificateRequest
  let pending: PendingRequest?

  private var token: EnrollmentToken { question.token }
  private var now: Instant { question.now }

  /// - Throws: `enroll.token-used-up`, `enroll.authority-expired`, `request.overloaded`.
  func carryOut(_ decision: EnrollmentDecision, _ transaction: any Transaction) throws -> Done {
    switch decision {
    case .again(let certificate): return Done(outcome: .certificate(certificate))
    // Whether another live key claims the device, the registry sees in the same transaction.
    case .issue(let device), .quarantine(let device): return try issue(to: device, transaction)
    case .issueToUnidentified:
      let device = try store.registry.addDevice(question.identity, to: token.district, now: now, in: transaction)
      return try issue(to: device, transaction)
    case .wait(let reason): return try wait(reason, transaction)
    }
  }

  private func issue(to device: DeviceID, _ transaction: any Transaction) throws -> Done {
    // The decision read the count in this transaction; the condition holds even on an engine that lets others write.
    guard try TokenStore.count(token, transaction) || pending?.state == .approved else {
      throw EnrollmentError(
        .tokenUsedUp, "This enrolment token has brought all of its certificates. Ask for a new one.")
    }
    let serial = question.identity.serial
    let certificate = try store.authority.issue(
      to: device, of: token.district, serial: serial, key: request.publicKey, now: now)
    let enrolment = try store.registry.enroll(
      device, of: token.district, key: IssuedKey(certificate), identity: question.identity,
      evidence: "batch:\(token.batch)", actor: .enrollmentToken(token.id), now: now, in: transaction)
    let quarantined = enrolment.state == .quarantined
    try TokenStore.record(certificate, for: device, by: token, at: now, transaction)
    try BatchStore.mark(
      device, serial: serial, quarantined: quarantined, batch: token.batch, in: token.district, at: now, transaction)
    if let pending { try PendingStore.set(.issued, of: pending, device: device, at: now, transaction) }
    try Journal.record(
      Self.entry(
        certificate, of: device, quarantined: quarantined, token: (token.id, token.batch, token.district), at: now),
      in: transaction)
    return Done(outcome: .certificate(certificate.der), changes: enrolment.changes)
  }

  /// What the journal tells of a certificate that a token brought.
  static func entry(
    _ certificate: IssuedCertificate, of device: DeviceID, quarantined: Bool,
    token: (id: EnrollmentTokenID, batch: BatchID, district: DistrictID), at now: Instant
  ) -> JournalEntry {
    JournalEntry(
      at: now, actor: .enrollmentToken(token.id), action: quarantined ? "device.quarantine" : "device.enroll",
      object: ("device", device.rawValue), district: token.district,
      body: EnrolledBody(batch: token.batch, key: certificate.key, notAfter: certificate.notAfter))
  }

  private func wait(_ reason: WaitReason, _ transaction: any Transaction) throws -> Done {
    // A key that was issued to, or waits on another token, joins this token's waiting ones anew.
    let joins = pending?.state != .waiting || pending?.token != token.id
    if joins, try PendingStore.waiting(of: token, transaction) >= Self.waitingLimit {
      throw ServingError(
        .overloaded, "Too many devices wait on this token for a person. Come again later.",
        headers: [.retryAfter: "600"])
    }
    let request = PendingRequest(
      district: token.district, id: pending?.id ?? .random(), batch: token.batch, token: token.id, key: request.key,
      identity: question.identity, reason: reason, state: .waiting, device: nil,
      requestedAt: pending?.requestedAt ?? now,
      seenAt: now)
    try PendingStore.keep(request, transaction)
    if joins {
      try Journal.record(
        JournalEntry(
          at: now, actor: .enrollmentToken(token.id), action: pending == nil ? "pending.create" : "pending.return",
          object: ("pending", request.id.rawValue),
          district: token.district, body: WaitingBody(batch: token.batch, key: request.key, reason: reason.rawValue)),
        in: transaction)
    }
    return Done(outcome: .wait)
  }
}

extension IssuedKey {
  init(_ certificate: IssuedCertificate) {
    self.init(
      digest: certificate.key, certificateSerial: certificate.serial, notBefore: certificate.notBefore,
      notAfter: certificate.notAfter)
  }
}

private struct EnrolledBody: JournalBody {
  let batch: BatchID
  let key: Digest
  let notAfter: Instant
}

private struct WaitingBody: JournalBody {
  let batch: BatchID
  let key: Digest
  let reason: String
}
