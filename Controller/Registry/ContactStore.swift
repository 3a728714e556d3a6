import Storage
import Vocabulary

enum ContactStore {
  /// One upsert: thousands of these run each second.
  static func record(_ contact: Contact, _ transaction: any Transaction) throws {
    let milliseconds = milliseconds(contact.clockOffset)
    let verdict = contact.health?.verdict
    let items = try contact.health.map { try HealthPacking.pack($0.items) }
    try transaction.run(
      """
      INSERT INTO registry_contact
        (district_id, device_id, last_contact, next_contact, agent_version, clock_offset, network, health, health_items)
      VALUES (\(contact.district), \(contact.device), \(contact.at), \(contact.next), \(contact.agentVersion),
        \(milliseconds), \(contact.network), \(verdict ?? .unknown), \(items ?? none))
      ON CONFLICT (district_id, device_id) DO UPDATE SET last_contact = excluded.last_contact,
        next_contact = excluded.next_contact, agent_version = excluded.agent_version,
        clock_offset = excluded.clock_offset, network = excluded.network, health = COALESCE(\(verdict), registry_contact.health),
        health_items = COALESCE(\(items), registry_contact.health_items)
      """)
  }

  /// Contacts of devices whose health is as it was, one of each device.
  static func record(quiet contacts: [Contact], _ transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO registry_contact
        (district_id, device_id, last_contact, next_contact, agent_version, clock_offset, network, health, health_items)
      VALUES ($1, $2, $3, $4, $5, $6, $7, 'unknown', $8)
      ON CONFLICT (district_id, device_id) DO UPDATE SET last_contact = excluded.last_contact,
        next_contact = excluded.next_contact, agent_version = excluded.agent_version,
        clock_offset = excluded.clock_offset, network = excluded.network
      """,
      rows: contacts.map { values(of: $0) + [none.sqlValue] })
  }

  /// Contacts that tell a health, one of each device.
  static func record(told contacts: [Contact], _ transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO registry_contact
        (district_id, device_id, last_contact, next_contact, agent_version, clock_offset, network, health, health_items)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (district_id, device_id) DO UPDATE SET last_contact = excluded.last_contact,
        next_contact = excluded.next_contact, agent_version = excluded.agent_version,
        clock_offset = excluded.clock_offset, network = excluded.network, health = excluded.health, health_items = excluded.health_items
      """,
      rows: try contacts.compactMap { contact in
        guard let health = contact.health else { return nil }
        return values(of: contact) + [health.verdict.sqlValue, try HealthPacking.pack(health.items).sqlValue]
      })
  }

  /// The first contacts of devices that had none.
  static func insert(_ contacts: [Contact], _ transaction: any Transaction) throws {
    // Laptops of one model that fare alike are told alike.
    var packed: [[Health.Item]: [UInt8]] = [:]
    let rows = try contacts.map { contact -> [SQLValue] in
      let health = contact.health ?? .unknown
      let items = try packed[health.items] ?? HealthPacking.pack(health.items)
      packed[health.items] = items
      return values(of: contact) + [health.verdict.sqlValue, items.sqlValue]
    }
    try transaction.run(
      """
      INSERT INTO registry_contact
        (district_id, device_id, last_contact, next_contact, agent_version, clock_offset, network, health, health_items)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      """, rows: rows)
  }

  private static func values(of contact: Contact) -> [SQLValue] {
    [
      contact.district.sqlValue, contact.device.sqlValue, contact.at.sqlValue, contact.next.sqlValue,
      contact.agentVersion.sqlValue, milliseconds(contact.clockOffset).sqlValue, contact.network.sqlValue,
    ]
  }

  /// No item was looked at.
  private static let none = Array("[]".utf8)

  private static func milliseconds(_ offset: Duration) -> Int64 {
    let (seconds, attoseconds) = offset.components
    let whole = seconds.multipliedReportingOverflow(by: 1000)
    return whole.overflow ? Int64.max : whole.partialValue &+ attoseconds / 1_000_000_000_000_000
  }
}
