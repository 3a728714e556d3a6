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

extension Registry {
  package func keys(
    of device: DeviceID, of district: DistrictID, in transaction: any Transaction
  ) throws -> [DeviceKey] {
    try KeyStore.keys(of: device, in: district, transaction)
  }

  /// The key wherever in the state it is. The transaction's scope is the state.
  package func key(_ digest: Digest, in transaction: any Transaction) throws -> DeviceKey? {
    try KeyStore.key(digest, transaction)
  }

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
    guard let known = try DeviceStore.device(id, in: district, transaction) else { throw RegistryError.noDevice(id) }
    let keys = try KeyStore.keys(of: id, in: district, transaction)
    switch try KeyDecision.enrolment(issued.digest, among: keys) {
    case .again:
      let same = keys.filter { $0.digest == issued.digest }.map { $0.certified(issued, now: now) }
      let stored = try KeyStore.update(same, transaction)
      return Enrolment(state: stored.first?.state ?? state, again: true, changes: KeyChanges(stored))
    case .collision:
      let reason = "Another key claims to be this device."
      let added = DeviceKey(issued, of: id, in: district, state: .quarantined, reason: reason, now: now)
      let held = try KeyStore.update(KeyDecision.all(keys, to: .quarantined, reason: reason), transaction)
      let stored = held + [try KeyStore.insert(added, transaction)]
      return Enrolment(state: .quarantined, again: false, changes: KeyChanges(stored))
    case .first:
      let added = DeviceKey(issued, of: id, in: district, state: state, reason: reason, now: now)
      let key = try KeyStore.insert(added, transaction)
      if state == .active {
        var device = known
        try adopt(claim, &device, transaction)
        device.management = .agent
        if device != known { try DeviceStore.update(device, transaction) }
        let event = LedgerEvent(
          .enrolled, at: now, actor: actor, evidence: LedgerEvent.evidence(of: issued.digest, evidence))
        try LedgerStore.append(event, to: id, of: district, in: transaction)
      }
      return Enrolment(state: state, again: false, changes: KeyChanges([key]))
    }
  }

  /// Adds a key in `state` without a ledger event or a look at the others.
  ///
  /// - Throws: `registry.key-elsewhere`.
  package func addKey(
    _ issued: IssuedKey, to device: DeviceID, of district: DistrictID, state: KeyState, now: Instant,
    in transaction: any Transaction
  ) throws -> KeyChanges {
    KeyChanges([try KeyStore.insert(DeviceKey(issued, of: device, in: district, state: state, now: now), transaction)])
  }

  /// - Throws: `registry.key-unknown`, `registry.key-revoked`, `registry.key-transition`.
  package func setKeyState(
    _ digest: Digest, of district: DistrictID, to state: KeyState, reason: String? = nil,
    in transaction: any Transaction
  ) throws -> KeyChanges {
    guard let key = try KeyStore.key(digest, transaction), key.district == district else {
      throw RegistryError(.keyUnknown, "The district has no key \(digest).")
    }
    guard key.state != state else { return KeyChanges() }
    return KeyChanges(try KeyStore.update([try KeyDecision.moved(key, to: state, reason: reason)], transaction))
  }

  /// Quarantines every live key of the device; none is no fault.
  package func quarantine(
    _ device: DeviceID, of district: DistrictID, reason: String = "Another key claims to be this device.",
    in transaction: any Transaction
  ) throws -> KeyChanges {
    let keys = try KeyStore.keys(of: device, in: district, transaction)
    guard keys.contains(where: \.isLive) else { return KeyChanges() }
    return KeyChanges(try KeyStore.update(KeyDecision.all(keys, to: .quarantined, reason: reason), transaction))
  }

  /// Gives the device the key `issued` in place of `old`: usable at once, while the old one stays usable until the new
  /// one is first seen, and is then revoked. With the same key, only its certificate changes.
  ///
  /// - Throws: `registry.key-unknown`, `registry.key-revoked`, `registry.key-transition`, `registry.key-elsewhere`.
  package func renew(
    _ old: Digest, of device: DeviceID, of district: DistrictID, by issued: IssuedKey, now: Instant,
    in transaction: any Transaction
  ) throws -> KeyChanges {
    let keys = try KeyStore.keys(of: device, in: district, transaction)
    if let same = keys.first(where: { $0.digest == issued.digest }) {
      guard same.isLive else {
        throw RegistryError(.keyRevoked, "This key was revoked; the device must make a new one.")
      }
      return KeyChanges(try KeyStore.update([same.certified(issued, now: now)], transaction))
    }
    let (changed, added) = try KeyDecision.renewal(of: old, by: issued, among: keys, now: now)
    let stored = try KeyStore.insert(added, transaction)
    return KeyChanges(try KeyStore.update(changed, transaction) + [stored])
  }
}
