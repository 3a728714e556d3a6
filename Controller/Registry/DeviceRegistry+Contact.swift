package import Storage
package import Vocabulary

extension DeviceRegistry {
  /// Keeps that a device checked in: one upsert. A key's first contact of a day is also kept with the key, and its very
  /// first one revokes the key that it renews.
  package func recordContact(_ contact: Contact, in transaction: any Transaction) throws -> KeyChanges {
    try ContactStore.record(contact, transaction)
    return try sighted(contact, transaction)
  }

  /// As ``recordContact(_:in:)`` for many devices, once each: one statement for all whose health is as it was, one for the others.
  ///
  /// - Returns: for each contact the keys that changed.
  package func recordContacts(_ contacts: [Contact], in transaction: any Transaction) throws -> [KeyChanges] {
    try ContactStore.record(quiet: contacts.filter { $0.health == nil }, transaction)
    try ContactStore.record(told: contacts, transaction)
    return try contacts.map { try sighted($0, transaction) }
  }

  private func sighted(_ contact: Contact, _ transaction: any Transaction) throws -> KeyChanges {
    guard keys.mustRecordSighting(of: contact.key, now: contact.at) else { return KeyChanges() }
    let known = try KeyStore.live(of: contact.device, in: contact.district, and: contact.key, transaction)
    let changed = KeyDecision.sighting(of: contact.key, among: known, now: contact.at)
    return KeyChanges(try KeyStore.update(changed, transaction))
  }

  /// Adds to the history of a device's facts, of which the latest thousand changes are kept.
  package func recordChanges(
    _ changes: [FactChange], of device: DeviceID, of district: DistrictID, now: Instant, in transaction: any Transaction
  ) throws {
    try ChangeStore.record(changes, of: device, in: district, now: now, transaction)
  }
}
