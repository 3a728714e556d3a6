package import Audit
package import Storage
package import Vocabulary

/// What enrolment did with a key.
package struct Enrolment: Sendable {
  /// Where the key now stands: `active`, or `quarantined` where another live key claims the same device.
  package let state: KeyState
  /// The device had this key already: a lost reply is sent again.
  package let again: Bool
  package let changes: KeyChanges
}

extension DeviceRegistry {
  /// Gives the device a key that just got its certificate. The first becomes `state`; with another live key, both are
  /// quarantined. Active, it makes the ledger say `enrolled` and the device managed by our agent.
  ///
  /// - Parameter claim: what the machine says of itself; kept where the key becomes active.
  /// - Parameter state: `active`, or `quarantined` or `pending` where the caller knows a reason.
  /// - Parameter evidence: what allowed it, such as `batch:fall-2026`; the key's digest is added.
  /// - Throws: `registry.device-unknown`, `registry.key-revoked`, `registry.key-elsewhere`.
  package func enroll(
    _ id: DeviceID, of district: DistrictID, key issued: IssuedKey, identity claim: ClaimedIdentity,
    state: KeyState = .active, reason: String? = nil, evidence: String? = nil, actor: JournalEntry.Actor, now: Instant,
    in transaction: any Transaction
  ) throws -> Enrolment {
    guard let device = try DeviceStore.device(id, in: district, transaction) else { throw RegistryError.noDevice(id) }
    let keys = try KeyStore.live(of: id, in: district, and: issued.digest, transaction)
    let new = DeviceKey(issued, of: id, in: district, state: state, reason: reason, now: now)
    let kept: DeviceKey
    switch try KeyDecision.enrolment(issued.digest, among: keys) {
    case .again:
      let same = keys.filter { $0.digest == issued.digest }.map { $0.certified(issued, now: now) }
      let stored = try KeyStore.update(same, transaction)
      return Enrolment(state: stored.first?.state ?? state, again: true, changes: KeyChanges(stored))
    case .collision: return try collide(new, with: keys, transaction)
    case .waited:
      let waiting = keys.filter { $0.digest == issued.digest }.map { $0.certified(issued, now: now) }
      let moved = try waiting.map { try KeyDecision.moved($0, to: state, reason: reason) }
      kept = try KeyStore.update(moved, transaction).first ?? new
    case .first: kept = try KeyStore.insert(new, transaction)
    }
    if state == .active {
      var enrolled = device
      try adopt(claim, &enrolled, transaction)
      try trust(kept.digest, of: enrolled, was: device, evidence: evidence, actor: actor, now: now, transaction)
    }
    return Enrolment(state: kept.state, again: false, changes: KeyChanges([kept]))
  }

  /// The device is the agent's from now on, and its ledger says once of each key that it was enrolled.
  func trust(
    _ key: Digest, of device: Device, was: Device, evidence: String? = nil, actor: JournalEntry.Actor, now: Instant,
    _ transaction: any Transaction
  ) throws {
    var device = device
    device.management = .agent
    if device != was { try DeviceStore.update(device, transaction) }
    let entries = try LedgerStore.entries(of: device.id, in: device.district, transaction)
    guard !entries.contains(where: { $0.kind == .enrolled && $0.tells(of: key) }) else { return }
    let event = LedgerEvent(.enrolled, at: now, actor: actor, evidence: LedgerEvent.evidence(of: key, evidence))
    var standing = LedgerStore.Standing(device: device.id)
    for entry in entries { standing.take(entry) }
    try LedgerStore.append([(standing, event)], of: device.district, in: transaction)
  }

  /// Quarantines `new` and every live key of the device but the restricted ones: a lost or stolen device's stays so.
  private func collide(
    _ new: DeviceKey, with keys: [DeviceKey], _ transaction: any Transaction
  ) throws -> Enrolment {
    let reason = "Another key claims to be this device."
    var held = try KeyStore.update(KeyDecision.collision(among: keys, reason: reason), transaction)
    if !keys.contains(where: { $0.digest == new.digest }) {
      var new = new
      new.state = .quarantined
      new.reason = reason
      held.append(try KeyStore.insert(new, transaction))
    }
    return Enrolment(state: .quarantined, again: false, changes: KeyChanges(held))
  }
}
