import Storage
import Vocabulary

/// Who has which device, and until when: rows that ``LedgerStore`` keeps as the ledger says, and nobody else writes.
enum CustodyStore {
  static let schema: [SQL] = [
    "ALTER TABLE registry_ledger_event ADD COLUMN holder TEXT",
    "ALTER TABLE registry_ledger_event ADD COLUMN accessories TEXT",
    "ALTER TABLE registry_ledger_event ADD COLUMN category TEXT",
    "ALTER TABLE registry_ledger_event ADD COLUMN police_report TEXT",
    "ALTER TABLE registry_ledger_event ADD COLUMN due_day BIGINT",
    "ALTER TABLE registry_ledger_event ADD COLUMN loan_for TEXT",
    """
    CREATE TABLE registry_custody (
      district_id TEXT NOT NULL, device_id TEXT NOT NULL, holder TEXT NOT NULL, since BIGINT NOT NULL, due_day BIGINT,
      loan_for TEXT, PRIMARY KEY (district_id, device_id),
      FOREIGN KEY (district_id, device_id) REFERENCES registry_device (district_id, device_id)
    )
    """,
    "CREATE INDEX registry_custody_holder ON registry_custody (district_id, holder, device_id)",
    // Few are on loan.
    """
    CREATE INDEX registry_custody_due ON registry_custody (district_id, due_day, device_id) WHERE due_day IS NOT NULL
    """,
  ]

  /// Who gets a device back when it is repaired: it is that one's all the while.
  static let owners: [SQL] = [
    "ALTER TABLE registry_custody ADD COLUMN owner TEXT",
    """
    CREATE INDEX registry_custody_owner ON registry_custody (district_id, owner, device_id) WHERE owner IS NOT NULL
    """,
  ]

  /// Writes what differs between two standings of each device.
  static func project(
    _ changes: [(device: DeviceID, was: LedgerProjection, now: LedgerProjection)], of district: DistrictID,
    _ transaction: any Transaction
  ) throws {
    var places: [LedgerProjection.Place: [DeviceID]] = [:]
    for change in changes where change.now.stage != change.was.stage || change.now.custody != change.was.custody {
      let place = LedgerProjection.Place(stage: change.now.stage, custody: change.now.custody)
      places[place, default: []].append(change.device)
    }
    for (place, devices) in places {
      for part in devices.sorted().parts(of: 512) {
        try transaction.run(
          """
          UPDATE registry_device SET stage = \(place.stage), custody = \(place.custody)
          WHERE district_id = \(district) AND device_id IN \(list: part)
          """)
      }
    }
    let told = changes.filter { Row($0.now) != Row($0.was) }
    try settle(told.lazy.map { ($0.device, $0.now) }, of: district, transaction)
    for part in told.filter({ Row($0.now) == nil }).map(\.device).parts(of: 512) {
      try transaction.run(
        "DELETE FROM registry_custody WHERE district_id = \(district) AND device_id IN \(list: part)")
    }
  }

  /// Writes who has the devices, where the ledger says it.
  static func settle(
    _ standings: some Sequence<(DeviceID, LedgerProjection)>, of district: DistrictID, _ transaction: any Transaction
  ) throws {
    let tenant = district.sqlValue
    try transaction.run(
      """
      INSERT INTO registry_custody (district_id, device_id, holder, since, due_day, loan_for, owner)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (district_id, device_id) DO UPDATE SET holder = excluded.holder, since = excluded.since,
        due_day = excluded.due_day, loan_for = excluded.loan_for, owner = excluded.owner
      """,
      rows: standings.lazy.compactMap { device, standing -> [SQLValue]? in
        guard let row = Row(standing) else { return nil }
        return [
          tenant, device.sqlValue, row.holder.sqlValue, row.since.sqlValue, row.dueDay.sqlValue, row.instead.sqlValue,
          row.owner.sqlValue,
        ]
      })
  }

  /// What the table holds of a standing; nothing where nobody is known to have the device.
  struct Row: Sendable, Equatable {
    let holder: Holder
    let since: Instant
    let dueDay: Int64?
    let instead: DeviceID?
    /// Of a device in repair: who gets it back.
    let owner: Holder?

    init?(_ standing: LedgerProjection) {
      guard let holder = standing.holder, let since = standing.since else { return nil }
      (self.holder, self.since) = (holder, since)
      (dueDay, instead) = (standing.loan?.dueDay, standing.loan?.instead)
      owner = standing.owner
    }

    init(_ row: Storage.Row) throws {
      holder = try row.get("holder")
      since = try row.get("since")
      dueDay = try row.get("due_day")
      instead = try row.get("loan_for")
      owner = try row.get("owner")
    }
  }

  static func row(
    of device: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> Row? {
    try transaction.row(
      """
      SELECT holder, since, due_day, loan_for, owner FROM registry_custody
      WHERE district_id = \(district) AND device_id = \(device)
      """
    ).map(Row.init)
  }

  /// The devices that people have, and after them those that are theirs and in repair: of each person at most `limit`, so that
  /// a cart in one's name hides nobody's laptop.
  static func devices(
    of people: [(district: DistrictID, person: PersonID)], limit: Int, _ transaction: any Transaction
  ) throws -> [(person: PersonID, place: DevicePlace)] {
    guard !people.isEmpty else { return [] }
    let columns: [SQL] = ["holder", "owner"]
    let parts = people.enumerated().flatMap { index, one -> [SQL] in
      let whose = Holder.person(one.person)
      return columns.enumerated().map { turn, column -> SQL in
        """
        SELECT * FROM (SELECT CAST(\(index * 2 + turn) AS BIGINT) AS place, district_id, device_id FROM registry_custody
          WHERE district_id = \(one.district) AND \(column) = \(whose) ORDER BY device_id LIMIT \(limit)) AS of_one
        """
      }
    }
    return try transaction.rows("\(SQL.joined(parts, separator: " UNION ALL ")) ORDER BY place, device_id").map { row in
      let index = try row.get("place", as: Int.self) / 2
      return (
        people[index].person,
        DevicePlace(district: try row.get("district_id"), device: try row.get("device_id"))
      )
    }
  }

  /// Which of these wait for a device of theirs that is in repair.
  static func owners(
    _ holders: [Holder], in district: DistrictID, _ transaction: any Transaction
  ) throws -> Set<Holder> {
    var found: Set<Holder> = []
    for part in holders.parts(of: 512) {
      let query: SQL = """
        SELECT owner FROM registry_custody WHERE district_id = \(district) AND owner IN \(list: part)
        """
      try transaction.each(query) { found.insert(try $0.get("owner")) }
    }
    return found
  }

  /// The devices that these have, by holder and id.
  static func devices(
    heldBy holders: [Holder], in district: DistrictID, limit: Int = .max, _ transaction: any Transaction
  ) throws -> [(device: DeviceID, holder: Holder)] {
    var found: [(DeviceID, Holder)] = []
    for part in holders.parts(of: 512) {
      let query: SQL = """
        SELECT device_id, holder FROM registry_custody
        WHERE district_id = \(district) AND holder IN \(list: part) ORDER BY holder, device_id
        LIMIT \(limit)
        """
      try transaction.each(query) { found.append((try $0.get("device_id"), try $0.get("holder"))) }
    }
    return found
  }
}
