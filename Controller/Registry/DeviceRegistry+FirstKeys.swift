package import Audit
package import Storage
package import Vocabulary

/// A key that just got its certificate for a device that has no other one; as the parameters of
/// ``DeviceRegistry/enroll(_:of:key:identity:state:reason:evidence:actor:now:in:)``.
package struct FirstKey: Sendable {
  let named: NamedDevice
  let issued: IssuedKey
  let claim: ClaimedIdentity
  let evidence: String?
  let actor: JournalEntry.Actor
  let now: Instant

  package init(
    _ issued: IssuedKey, of named: NamedDevice, identity claim: ClaimedIdentity, evidence: String?,
    actor: JournalEntry.Actor, now: Instant
  ) {
    (self.named, self.issued, self.claim) = (named, issued, claim)
    (self.evidence, self.actor, self.now) = (evidence, actor, now)
  }

  fileprivate var key: DeviceKey {
    DeviceKey(issued, of: named.device.id, in: named.device.district, state: .active, now: now)
  }

  fileprivate var event: LedgerEvent {
    LedgerEvent(.enrolled, at: now, actor: actor, evidence: LedgerEvent.evidence(of: issued.digest, evidence))
  }

  /// The device as the agent's from now on, with what it claims.
  fileprivate var device: Device {
    var device = named.device
    device.take(claim)
    device.management = .agent
    return device
  }
}

extension DeviceRegistry {
  /// Gives devices their first keys, each as ``enroll(_:of:key:identity:state:reason:evidence:actor:now:in:)`` does, but each kind
  /// of row by one statement. Keys, devices and marks are of one each, and the keys known nowhere.
  ///
  /// - Throws: `storage.constraint`, as where a key belongs to a device already; what was written until then is the caller's
  ///   to undo.
  package func enroll(_ first: [FirstKey], in transaction: any Transaction) throws -> [KeyChanges] {
    let keys = first.map(\.key)
    try KeyStore.insert(keys, transaction)
    try IdentityStore.insert(
      first.lazy.filter { $0.named.macs.isEmpty }.flatMap { one in
        Set(one.claim.builtInMACs).sorted().map { (one.named.device, $0.text) }
      }, transaction)
    // The devices before the ledger; see `LedgerStore.append`.
    let after = first.map { $0.named.standing.projection.after($0.event) }
    let changed = zip(first, after).map { (was: $0.named, device: $0.device, standing: $1) }.filter {
      $0.device != $0.was.device || $0.standing.stage != $0.device.stage || $0.standing.custody != $0.device.custody
    }
    try DeviceStore.enrol(changed.map { ($0.device, $0.standing) }, transaction)
    try LedgerStore.insert(
      first.lazy.map { ($0.named.device.district, $0.named.device.id, $0.named.standing.last + 1, $0.event) },
      transaction)
    return keys.map { KeyChanges([$0]) }
  }
}
