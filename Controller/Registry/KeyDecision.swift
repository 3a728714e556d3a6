import Vocabulary

/// Decides, purely, what happens to a device's keys.
///
/// ```
/// pending ──▶ active ◀──▶ restricted
///    │         │  ▲           │
///    └──────▶ quarantined ◀───┘      any of them ──▶ revoked, for good
/// ```
enum KeyDecision {
  /// Whether a key may go from `state` to `next`; to stay is always allowed, but a revoked key never returns.
  static func allows(_ state: KeyState, to next: KeyState) -> Bool {
    switch (state, next) {
    case (.revoked, .revoked): true
    case (.revoked, _): false
    case (_, .revoked): true
    case (_, .pending): state == .pending
    case (.pending, .restricted), (.quarantined, .restricted): false
    default: true
    }
  }

  /// - Throws: `registry.key-revoked`, `registry.key-transition`.
  static func moved(_ key: DeviceKey, to state: KeyState, reason: String? = nil) throws(RegistryError) -> DeviceKey {
    guard allows(key.state, to: state) else {
      if key.state == .revoked {
        throw RegistryError(
          .keyRevoked, "The key was revoked and stays so; the device must make a new key and enrol again.")
      }
      throw RegistryError(.keyTransition, "A \(key.state.rawValue) key cannot become \(state.rawValue).")
    }
    var key = key
    key.state = state
    key.reason = reason
    return key
  }

  /// What a key is to a device that may have keys already.
  enum Enrolment: Equatable {
    /// The device has no other live key.
    case first
    /// The same key again: a lost reply.
    case again
    /// It waited as pending, and no other key is live.
    case waited
    /// Another live key claims to be this device: both are quarantined.
    case collision
  }

  /// - Throws: `registry.key-revoked`.
  static func enrolment(_ digest: Digest, among keys: [DeviceKey]) throws(RegistryError) -> Enrolment {
    if let same = keys.first(where: { $0.digest == digest }) {
      guard same.isLive else {
        throw RegistryError(.keyRevoked, "This key was revoked; the device must make a new one.")
      }
      guard same.state == .pending else { return .again }
      return keys.contains { $0.isLive && $0.digest != digest } ? .collision : .waited
    }
    return keys.contains(where: \.isLive) ? .collision : .first
  }

  /// The keys changed by approval: one is kept and becomes active, the others are revoked.
  ///
  /// - Parameter chosen: which one to keep; may be nil where a single one waits and no other is live.
  /// - Throws: `registry.nothing-to-approve`, `registry.key-choice`, `registry.key-unknown`, `registry.key-revoked`.
  static func approval(of chosen: Digest?, among keys: [DeviceKey]) throws(RegistryError) -> [DeviceKey] {
    let live = keys.filter(\.isLive)
    guard live.contains(where: { $0.state == .quarantined || $0.state == .pending }) else {
      throw RegistryError(.nothingToApprove, "No key of this device is quarantined or pending.")
    }
    let kept: Digest
    if let chosen {
      guard let key = keys.first(where: { $0.digest == chosen }) else {
        throw RegistryError(.keyUnknown, "The device has no key \(chosen). Its live keys: \(list(live)).")
      }
      guard key.isLive else { throw RegistryError(.keyRevoked, "The key \(chosen) was revoked and stays so.") }
      kept = chosen
    } else {
      guard live.count == 1 else {
        throw RegistryError(
          .keyChoice, "The device has \(live.count) live keys; say which one to keep in 'key': \(list(live)).")
      }
      kept = live[0].digest
    }
    return live.map { key in
      var key = key
      key.state = key.digest == kept ? .active : .revoked
      key.reason = key.digest == kept ? nil : "Another key of the device was kept."
      key.replacedBy = nil
      return key
    }
  }

  /// Every live key, in `state` for `reason`; those that are so already, for the same reason, are not among them.
  ///
  /// - Throws: `registry.no-live-key`, `registry.key-transition`.
  static func all(_ keys: [DeviceKey], to state: KeyState, reason: String) throws(RegistryError) -> [DeviceKey] {
    let live = keys.filter(\.isLive)
    guard !live.isEmpty else {
      throw RegistryError(
        .noLiveKey,
        keys.isEmpty
          ? "The device has no key: it has never enrolled." : "Every key of the device is revoked already.")
    }
    var changed: [DeviceKey] = []
    for key in live where key.state != state || key.reason != reason {
      changed.append(try moved(key, to: state, reason: reason))
    }
    return changed
  }

  /// The keys changed by what happened to their device: those of a lost or stolen one are restricted until it is found, and
  /// those of one that went to another district revoked, for good. Keys that a person has still to decide on stay as they are.
  ///
  /// - Throws: `registry.key-transition`.
  static func following(_ event: LedgerEvent, _ keys: [DeviceKey]) throws(RegistryError) -> [DeviceKey] {
    let (from, to, reason): (Set<KeyState>, KeyState, String?)
    switch (event.kind, event.holder) {
    case (.lost, _), (.stolen, _):
      (from, to, reason) = ([.active, .restricted], .restricted, missing(event.kind == .lost ? .lost : .stolen))
    case (.found, _): (from, to, reason) = ([.restricted], .active, nil)
    case (.transferred, .otherDistrict?):
      (from, to, reason) = (
        Set(KeyState.allCases).subtracting([.revoked]), .revoked, "Transferred to another district."
      )
    default: return []
    }
    var changed: [DeviceKey] = []
    for key in keys where from.contains(key.state) && (key.state != to || key.reason != reason) {
      changed.append(try moved(key, to: to, reason: reason))
    }
    return changed
  }

  /// Whether what happened changes any key: most moves do not.
  static func concerns(_ event: LedgerEvent) -> Bool {
    switch (event.kind, event.holder) {
    case (.lost, _), (.stolen, _), (.found, _), (.transferred, .otherDistrict?): true
    default: false
    }
  }

  /// Why the keys of a device are restricted; nil where its stage does not ask for it.
  static func missing(_ stage: Stage?) -> String? {
    switch stage {
    case .lost: "Reported lost."
    case .stolen: "Reported stolen."
    default: nil
    }
  }

  /// The keys changed where another one claims their device: live ones are quarantined. A restricted one stays, for
  /// quarantine would hold a lost or stolen device less tightly.
  ///
  /// - Throws: `registry.key-transition`.
  static func collision(among keys: [DeviceKey], reason: String) throws(RegistryError) -> [DeviceKey] {
    var changed: [DeviceKey] = []
    for key in keys where key.isLive && key.state != .restricted && key.state != .quarantined {
      changed.append(try moved(key, to: .quarantined, reason: reason))
    }
    return changed
  }

  /// The keys changed by a renewal: `old` points at the new one and stays usable; a former successor that was never
  /// seen is revoked. The new key has the old one's state.
  ///
  /// - Throws: `registry.key-unknown`, `registry.key-transition`.
  static func renewal(
    of old: Digest, by issued: IssuedKey, among keys: [DeviceKey], now: Instant
  ) throws(RegistryError) -> (changed: [DeviceKey], added: DeviceKey) {
    guard var former = keys.first(where: { $0.digest == old }) else {
      throw RegistryError(.keyUnknown, "The device has no key \(old).")
    }
    guard former.state == .active || former.state == .restricted else {
      throw RegistryError(.keyTransition, "A \(former.state.rawValue) key cannot be renewed.")
    }
    var changed: [DeviceKey] = []
    for key in keys where key.digest == former.replacedBy && key.lastSeen == nil && key.isLive {
      changed.append(try moved(key, to: .revoked, reason: "Its successor was never seen."))
    }
    former.replacedBy = issued.digest
    changed.append(former)
    return (changed, DeviceKey(issued, of: former.device, in: former.district, state: former.state, now: now))
  }

  /// The keys changed when `digest` is seen: itself, and those it replaces, which are revoked.
  static func sighting(of digest: Digest, among keys: [DeviceKey], now: Instant) -> [DeviceKey] {
    var changed: [DeviceKey] = []
    for var key in keys {
      if key.digest == digest {
        key.lastSeen = now
        changed.append(key)
      } else if key.isLive, key.replacedBy == digest {
        key.state = .revoked
        key.reason = "Renewed: its successor was seen."
        changed.append(key)
      }
    }
    return changed
  }

  /// From where to where keys went, and why, as their device's history tells it.
  static func history(of keys: [DeviceKey], was former: [DeviceKey]) -> [FactChange] {
    func words(_ key: DeviceKey) -> String { key.state.rawValue + (key.reason.map { ": \($0)" } ?? "") }
    return keys.compactMap { key in
      let old = former.first { $0.digest == key.digest }.map(words)
      guard old != words(key) else { return nil }
      return FactChange(section: "key", field: key.digest.description, old: old, new: words(key))
    }
  }

  private static func list(_ keys: [DeviceKey]) -> String { keys.map(\.digest.description).joined(separator: ", ") }
}
