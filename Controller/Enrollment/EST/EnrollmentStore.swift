internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary

/// What an enrolment came to.
enum EnrollmentOutcome: Hashable, Sendable {
  case certificate([UInt8])
  case wait
}

/// A device that asks for a certificate with a token.
struct EnrollmentAsk: Sendable {
  let request: CertificateRequest
  /// The digest of the token's secret.
  let secret: Digest
  /// RFC 7030's.
  let label: String?
  let now: Instant

  var key: Digest { request.key }
  var identity: ClaimedIdentity { request.identity }
}

/// What an enrolment does within its transaction, whose scope is the state: looks, decides, and carries out.
struct EnrollmentStore: Sendable {
  let registry: DeviceRegistry
  let authorityInUse: AuthorityInUse
  var authority: CertificateAuthority { authorityInUse.current }

  /// - Throws: `enroll.token`, `enroll.label`, what ``decide(_:)`` throws, `request.overloaded`.
  func enroll(_ ask: EnrollmentAsk, _ transaction: any Transaction) throws -> EnrollmentStep.Done {
    let token = try Self.token(ask.secret, label: ask.label, transaction)
    let pending = try PendingStore.request(of: ask.key, in: token.district, transaction)
    let question = try question(ask, token, pending, transaction)
    let step = EnrollmentStep(store: self, question: question, request: ask.request, pending: pending)
    return try step.carryOut(decide(question), transaction)
  }

  /// Decides as ``enroll(_:_:)`` does, and does nothing.
  ///
  /// - Throws: `enroll.token`, `enroll.label`, what ``decide(_:)`` throws.
  func foresee(_ ask: EnrollmentAsk, _ transaction: any Transaction) throws {
    let token = try Self.token(ask.secret, label: ask.label, transaction)
    let pending = try PendingStore.request(of: ask.key, in: token.district, transaction)
    _ = try decide(question(ask, token, pending, transaction))
  }

  static func token(
    _ secret: Digest, label: String?, _ transaction: any Transaction
  ) throws -> EnrollmentToken {
    guard let token = try TokenStore.token(secret: secret, transaction) else {
      throw EnrollmentError(.token, "The controller does not know this enrolment token. Ask for a new one.")
    }
    guard token.place.answers(to: label) else {
      throw EnrollmentError(
        .label, "This enrolment token is not for this label: use its batch, its district, or no label.")
    }
    return token
  }

  private func question(
    _ ask: EnrollmentAsk, _ token: EnrollmentToken, _ pending: PendingRequest?, _ transaction: any Transaction
  ) throws -> EnrollmentQuestion {
    guard let district = try registry.district(token.district, in: transaction) else {
      throw EnrollmentError(.token, "The controller does not know this enrolment token's district.")
    }
    let holder = try registry.key(ask.key, in: transaction).map {
      KnownKey(key: $0.digest, district: $0.district, device: $0.device, state: $0.state)
    }
    // The certificate of an issuer that was taken away since would be refused at every handshake: that is no answer.
    let earlier = try TokenStore.earlier(ask.key, of: token, transaction)
    return EnrollmentQuestion(
      token: token, key: ask.key, identity: ask.identity,
      earlier: earlier.flatMap { authority.trusts(der: $0.certificate) ? $0 : nil },
      waiting: try pending.map { try decision(on: $0, ask.identity, holder: holder, transaction) }, holder: holder,
      recognition: try recognition(of: ask.identity, holder: holder, in: token.district, transaction),
      unknownSerials: district.unknownSerials, now: ask.now)
  }

  private func recognition(
    of identity: ClaimedIdentity, holder: KnownKey?, in district: DistrictID, _ transaction: any Transaction
  ) throws -> Recognition {
    switch try registry.resolve(identity: identity, district: district, in: transaction) {
    case .known(let id, let keys):
      guard let device = try registry.device(id, of: district, in: transaction) else { return .unknown }
      if try isClaimedElsewhere(device, identity, holder: holder, transaction) { return .ambiguous }
      // Nobody expects it any more, and nothing else is known of it.
      if device.stage == nil, keys.isEmpty, try registry.isWithdrawn(device, in: transaction) { return .unknown }
      return .known(KnownDevice(device, keys: keys))
    case .ambiguous: return .ambiguous
    case .unknown:
      // A machine without identity is known by its key, once it has one here.
      guard identity.serial == nil, let holder, holder.district == district else { return .unknown }
      guard let device = try registry.device(holder.device, of: district, in: transaction) else { return .unknown }
      return .known(try known(device, transaction))
    }
  }

  /// Whether a device of another district with this serial holds a key, and the one that asks is not admitted here already.
  private func isClaimedElsewhere(
    _ device: Device, _ identity: ClaimedIdentity, holder: KnownKey?, _ transaction: any Transaction
  ) throws -> Bool {
    if let holder, holder.device == device.id, holder.state != .pending { return false }
    return try serials(of: device, identity).contains {
      try registry.isLiveElsewhere($0, except: device.district, in: transaction)
    }
  }

  /// The serial that a machine claims, and the one of the device that it is to be, once each.
  func serials(of device: Device?, _ identity: ClaimedIdentity) -> [Serial] {
    let known = device?.serial.flatMap(Serial.init)
    guard let claimed = identity.serial else { return known.map { [$0] } ?? [] }
    guard let known, known.folded != claimed.folded else { return [claimed] }
    return [claimed, known]
  }

  private func known(_ device: Device, _ transaction: any Transaction) throws -> KnownDevice {
    KnownDevice(device, keys: try registry.liveKeys(of: device.id, of: device.district, in: transaction))
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
      guard let id = pending.device, let device = try registry.device(id, of: pending.district, in: transaction) else {
        return .waiting
      }
      // Its serial got a key elsewhere since a person said yes: that person did not know, and is asked again.
      for claim in [pending.identity, identity]
      where try isClaimedElsewhere(device, claim, holder: holder, transaction) {
        return .contested
      }
      return .approved(try known(device, transaction))
    }
  }
}

extension KnownDevice {
  init(_ device: Device, keys: [DeviceKey]) {
    self.init(
      id: device.id, keys: keys.map { .init(digest: $0.digest, state: $0.state) }, stage: device.stage)
  }
}
