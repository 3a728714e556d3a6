import Serving
import Storage
import Vocabulary

enum ContactStore {
  /// One upsert: thousands of these run each second.
  static func record(_ contact: Contact, _ transaction: any Transaction) throws {
    let (seconds, attoseconds) = contact.clockOffset.components
    let offset = seconds.multipliedReportingOverflow(by: 1000)
    let milliseconds = offset.overflow ? Int64.max : offset.partialValue &+ attoseconds / 1_000_000_000_000_000
    let verdict = contact.health?.verdict
    let items = try contact.health.map { String(decoding: try JSONText.encode($0.items), as: UTF8.self) }
    try transaction.run(
      """
      INSERT INTO registry_contact
        (district_id, device_id, last_contact, next_contact, agent_version, clock_offset, health, health_items)
      VALUES (\(contact.district), \(contact.device), \(contact.at), \(contact.next), \(contact.agentVersion),
        \(milliseconds), \(verdict ?? .unknown), \(items ?? "[]"))
      ON CONFLICT (district_id, device_id) DO UPDATE SET last_contact = excluded.last_contact,
        next_contact = excluded.next_contact, agent_version = excluded.agent_version,
        clock_offset = excluded.clock_offset, health = COALESCE(\(verdict), registry_contact.health),
        health_items = COALESCE(\(items), registry_contact.health_items)
      """)
  }
}
