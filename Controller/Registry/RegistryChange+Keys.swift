import Audit
import Storage
import Vocabulary

extension DeviceRegistry {
  /// Keeps one key of the device, which becomes active, and revokes the others; of a lost or stolen device it becomes
  /// restricted, until the device is found. The transaction's scope is the state.
  ///
  /// - Throws: `registry.live-elsewhere`; as ``KeyDecision/approval(of:among:)``.
  func keep(_ chosen: Digest?, of device: Device, among keys: [DeviceKey], _ change: inout RegistryChange) throws {
    var decided = try KeyDecision.approval(of: chosen, among: keys)
    try requireFree([device.serial.flatMap(Serial.init)], of: device.district, in: change.transaction)
    let kept = decided.first { $0.state == .active }?.digest
    if let reason = KeyDecision.missing(device.stage) {
      for index in decided.indices where decided[index].state == .active {
        (decided[index].state, decided[index].reason) = (.restricted, reason)
      }
    }
    try change.settle(decided, was: keys, of: device, "device.approve", .revoked, kept: kept)
    guard let kept else { return }
    let actor = JournalEntry.Actor.principal(change.actor)
    try trust(kept, of: device, was: device, actor: actor, now: change.now, change.transaction)
  }
}

extension RegistryChange {
  /// Writes what a person decided on keys of the device, with its history and the journal's entry.
  ///
  /// - Parameters:
  ///   - former: the device's keys before.
  ///   - state: what the keys became, but the one that was kept.
  mutating func settle(
    _ decided: [DeviceKey], was former: [DeviceKey], of device: Device, _ action: String, _ state: KeyState,
    kept: Digest? = nil
  ) throws {
    let stored = try KeyStore.update(decided, transaction)
    try remember(stored, was: former, of: device)
    keys.add(KeyChanges(stored))
    let body = KeysBody(state: state, changed: stored.count { $0.digest != kept }, kept: kept)
    try journal(action, ("device", device.id.rawValue), device.district, body)
  }

  /// Keeps, in the history of the device, from where to where its keys went and why: the key itself tells only its
  /// last reason. The journal holds no text that a person typed.
  func remember(_ keys: [DeviceKey], was former: [DeviceKey], of device: Device) throws {
    let changes = KeyDecision.history(of: keys, was: former)
    try ChangeStore.record(changes, of: device.id, in: device.district, now: now, transaction)
  }
}

struct KeysBody: JournalBody {
  /// What `changed` keys became.
  let state: KeyState
  let changed: Int
  var kept: Digest?
}
