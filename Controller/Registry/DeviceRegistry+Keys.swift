package import Storage
package import Vocabulary

extension DeviceRegistry {
  /// All of them, also the revoked ones.
  package func keys(
    of device: DeviceID, of district: DistrictID, in transaction: any Transaction
  ) throws -> [DeviceKey] {
    try KeyStore.keys(of: device, in: district, transaction)
  }

  /// The keys of these devices but the named ones, also the revoked ones, by district.
  package func otherKeys(
    of devices: [(district: DistrictID, device: DeviceID, key: Digest)], in transaction: any Transaction
  ) throws -> [DistrictID: [Digest]] {
    try KeyStore.others(of: devices, transaction)
  }

  /// Those that are not revoked.
  package func liveKeys(
    of device: DeviceID, of district: DistrictID, in transaction: any Transaction
  ) throws -> [DeviceKey] {
    try KeyStore.live(of: device, in: district, transaction)
  }

  /// A condition for another feature's query: whether a device, named by columns of that query, holds a key in one of
  /// `states`.
  package static func holdsKey(in states: Set<KeyState>, district: SQL, device: SQL) -> SQL {
    """
    EXISTS (SELECT 1 FROM registry_key WHERE registry_key.district_id = \(district)
      AND registry_key.device_id = \(device) AND registry_key.state IN \(list: states.sorted { $0.rawValue < $1.rawValue }))
    """
  }

  /// When the device's latest renewal by a new key was, one by `digest` left out; nil where there was none.
  package func lastSuccessor(
    of device: DeviceID, of district: DistrictID, but digest: Digest, in transaction: any Transaction
  ) throws -> Instant? {
    try KeyStore.lastSuccessor(of: device, in: district, but: digest, transaction)
  }

  /// The key wherever in the state it is. The transaction's scope is the state.
  package func key(_ digest: Digest, in transaction: any Transaction) throws -> DeviceKey? {
    try KeyStore.key(digest, transaction)
  }

  /// Those of the keys that there are, wherever in the state. The transaction's scope is the state.
  package func keys(_ digests: [Digest], in transaction: any Transaction) throws -> [Digest: DeviceKey] {
    Dictionary(
      try KeyStore.keys(digests, transaction).map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
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
    let keys = try KeyStore.live(of: device, in: district, transaction)
    // One that is quarantined already keeps its reason, which may be a person's.
    let others = keys.filter { $0.state != .quarantined }
    guard !others.isEmpty else { return KeyChanges() }
    return KeyChanges(try KeyStore.update(KeyDecision.all(others, to: .quarantined, reason: reason), transaction))
  }

  /// Gives the device the key `issued` in place of `old`: usable at once, while the old one stays usable until the new
  /// one is first seen, and is then revoked. With the same key, only its certificate changes.
  ///
  /// - Throws: `registry.key-unknown`, `registry.key-revoked`, `registry.key-transition`, `registry.key-elsewhere`.
  package func renew(
    _ old: Digest, of device: DeviceID, of district: DistrictID, by issued: IssuedKey, now: Instant,
    in transaction: any Transaction
  ) throws -> KeyChanges {
    let keys = try KeyStore.live(of: device, in: district, and: issued.digest, transaction)
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
