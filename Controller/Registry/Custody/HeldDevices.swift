import Storage
package import Vocabulary

/// A time for which somebody had a device.
package struct DeviceTenure: Sendable, Hashable {
  package let device: DeviceID
  package let since: Instant
  /// nil while they have it.
  package let until: Instant?
}

/// Which devices a person has or had, by the ledger.
enum HeldDevices {
  /// Few of the ledger's events name a person.
  static let index: SQL = """
    CREATE INDEX registry_ledger_person ON registry_ledger_event (district_id, holder, device_id)
    WHERE holder >= 'person:' AND holder < 'person;'
    """

  /// Those of these people whom the ledger names.
  static func named(
    among people: [Holder], in district: DistrictID, _ transaction: any Transaction
  ) throws -> Set<Holder> {
    var found: Set<Holder> = []
    for part in people.parts(of: 512) {
      let query: SQL = """
        SELECT DISTINCT holder FROM registry_ledger_event
        WHERE district_id = \(district) AND holder IN \(list: part) AND holder >= 'person:' AND holder < 'person;'
        """
      try transaction.each(query) { found.insert(try $0.get("holder")) }
    }
    return found
  }

  /// Those of these people who have not given back all that went with a device of theirs.
  static func debtors(
    among people: [Holder], in district: DistrictID, _ transaction: any Transaction
  ) throws -> Set<Holder> {
    var found: Set<Holder> = []
    for part in people.parts(of: 512) {
      // With most devices nothing goes that is counted.
      let devices = try transaction.rows(
        """
        SELECT DISTINCT device_id FROM registry_ledger_event AS held
        WHERE district_id = \(district) AND holder IN \(list: part) AND holder >= 'person:' AND holder < 'person;'
          AND EXISTS (SELECT 1 FROM registry_ledger_event AS given WHERE given.district_id = held.district_id
            AND given.device_id = held.device_id AND given.accessories IS NOT NULL)
        """
      ).map { try $0.get("device_id", as: DeviceID.self) }
      for standing in try LedgerStore.standings(of: devices, in: district, transaction) {
        found.formUnion(standing.projection.owed.keys)
      }
    }
    return found.intersection(people)
  }

  /// The latest first.
  ///
  /// - Parameter limit: of devices that are looked at.
  static func tenures(
    of person: PersonID, in district: DistrictID, limit: Int, _ transaction: any Transaction
  ) throws -> [DeviceTenure] {
    let holder = Holder.person(person)
    let devices = try transaction.rows(
      """
      SELECT DISTINCT device_id FROM registry_ledger_event
      WHERE district_id = \(district) AND holder = \(holder) AND holder >= 'person:' AND holder < 'person;'
      ORDER BY device_id LIMIT \(limit)
      """
    ).map { try $0.get("device_id", as: DeviceID.self) }
    return try devices.flatMap { device in
      tenures(of: holder, with: device, try LedgerStore.entries(of: device, in: district, transaction))
    }.sorted { ($0.until ?? .distantFuture, $0.since, $0.device) > ($1.until ?? .distantFuture, $1.since, $1.device) }
  }

  static func tenures(of holder: Holder, with device: DeviceID, _ entries: [LedgerEntry]) -> [DeviceTenure] {
    var standing = LedgerProjection()
    var since: Instant?
    var found: [DeviceTenure] = []
    for entry in entries {
      standing.take(entry.event)
      switch (since, standing.holder == holder) {
      case (nil, true): since = entry.at
      // Once it is repaired, it is with them again.
      case (_?, false) where standing.stage == .inRepair: break
      case (let begin?, false):
        found.append(DeviceTenure(device: device, since: begin, until: entry.at))
        since = nil
      case (nil, false), (_?, true): break
      }
    }
    if let since { found.append(DeviceTenure(device: device, since: since, until: nil)) }
    return found
  }
}

extension Instant {
  fileprivate static let distantFuture = Instant(milliseconds: .max)
}
