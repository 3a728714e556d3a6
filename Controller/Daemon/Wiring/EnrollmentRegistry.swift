import Audit
import Enrollment
import Registry
import Serving
import Storage
import Vocabulary
import X509

/// Enrolment's port to the registry.
struct EnrollmentRegistry: DeviceRegistry {
  let registry: Registry

  func unknownSerials(in district: DistrictID, _ transaction: any Transaction) throws -> UnknownSerials? {
    try registry.district(district, in: transaction).map { $0.unknownSerials == .pending ? .wait : .refuse }
  }

  func resolve(
    _ identity: Enrollment.ClaimedIdentity, in district: DistrictID, _ transaction: any Transaction
  ) throws -> Recognition {
    switch try registry.resolve(identity: Self.claim(identity), district: district, in: transaction) {
    case .unknown: .unknown
    case .ambiguous: .ambiguous
    case .known(let id, _): try device(id, in: district, transaction).map { .known($0) } ?? .unknown
    }
  }

  func device(_ id: DeviceID, in district: DistrictID, _ transaction: any Transaction) throws -> KnownDevice? {
    guard let device = try registry.device(id, of: district, in: transaction) else { return nil }
    let keys = try registry.keys(of: id, of: district, in: transaction)
    return KnownDevice(
      id: id, keys: keys.map { KnownDevice.Key(key: $0.digest, state: $0.state) },
      isHandedOver: device.stage.map(\.isHandedOver) ?? false)
  }

  func holder(of key: Digest, _ transaction: any Transaction) throws -> KnownKey? {
    try registry.key(key, in: transaction).map {
      KnownKey(key: key, district: $0.district, device: $0.device, state: $0.state)
    }
  }

  func expect(
    _ machine: ExpectedMachine, by actor: EnrollmentActor, at now: Instant, _ transaction: any Transaction
  ) throws -> DeviceID {
    try registry.expect(
      serial: machine.serial, district: machine.district, batch: machine.batch, assetTag: machine.assetTag,
      model: machine.model, actor: actor.journalActor, now: now, in: transaction)
  }

  func admit(
    _ identity: Enrollment.ClaimedIdentity, in district: DistrictID, batch: BatchID, by actor: EnrollmentActor,
    at now: Instant, _ transaction: any Transaction
  ) throws -> DeviceID {
    try registry.addDevice(Self.claim(identity), to: district, now: now, in: transaction)
  }

  func register(_ key: NewKey, _ transaction: any Transaction) throws -> KeyUpdate {
    let certificate = key.certificate
    let parsed = try Certificate(derEncoded: certificate.der)
    let issued = IssuedKey(
      digest: certificate.key, certificateSerial: Hex.encode(parsed.serialNumber.bytes),
      notBefore: certificate.notBefore, notAfter: certificate.notAfter)
    let changes: KeyChanges
    if let old = key.replacing {
      changes = try registry.renew(
        old, of: key.device, of: key.district, by: issued, now: key.at, in: transaction)
    } else {
      changes = try registry.enroll(
        key.device, of: key.district, key: issued, identity: Self.claim(key.identity), state: key.state,
        actor: key.actor.journalActor, now: key.at, in: transaction
      ).changes
    }
    let registry = registry
    return KeyUpdate { registry.apply(changes) }
  }

  private static func claim(_ identity: Enrollment.ClaimedIdentity) -> Registry.ClaimedIdentity {
    Registry.ClaimedIdentity(
      serial: identity.serial, uuid: identity.uuid, boardSerial: identity.boardSerial,
      builtInMACs: identity.builtInMACs)
  }
}

extension EnrollmentActor {
  fileprivate var journalActor: JournalEntry.Actor {
    switch self {
    case .token(let id): .enrollmentToken(id)
    case .principal(let id): .principal(id)
    case .key(let digest): .key(digest)
    }
  }
}

extension Stage {
  /// Beyond the warehouse's work: no enrolment token opens the device any more.
  fileprivate var isHandedOver: Bool {
    switch self {
    case .ordered, .received, .enrolled, .imaged, .configured: false
    case .verified, .packed, .shipped, .delivered, .assigned, .inService, .inRepair, .lost, .stolen, .returned, .retired:
      true
    }
  }
}

/// Access's port to the registry.
struct RegistryTenants: Sendable {
  let registry: Registry
}
