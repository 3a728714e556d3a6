package import Storage
package import Vocabulary

/// What is kept for a time that a district chooses.
package enum KeptRecord: String, CaseIterable, Sendable, Hashable, SQLConvertible {
  /// How a device's facts changed.
  case factHistory = "fact-history"
  /// What a key said last, where it says nothing any more; the device's own facts stay.
  case checkInHistory = "check-in-history"
  /// What a journal's entry tells beyond its ids; its leaf and the leaf's hash stay.
  case journalBodies = "journal-bodies"

  /// Where neither the district nor the state chose.
  package var standardDays: Int {
    switch self {
    case .factHistory: 1095
    case .checkInHistory: 400
    case .journalBodies: 2555
    }
  }

  /// The name of its days in the API.
  var field: String {
    switch self {
    case .factHistory: "factHistoryDays"
    case .checkInHistory: "checkInHistoryDays"
    case .journalBodies: "journalBodyDays"
    }
  }

  /// The column of a district's own choice.
  var column: SQL {
    switch self {
    case .factHistory: "fact_history_days"
    case .checkInHistory: "check_in_history_days"
    case .journalBodies: "journal_body_days"
    }
  }

  /// A month at least, for what is asked in anger is asked soon; a hundred years at most.
  static let allowed = 30...36_500
}

/// For how many days a district, or the state, keeps its records.
package struct Retention: Sendable, Hashable {
  private var days: [KeptRecord: Int] = [:]

  /// Where nobody chose.
  package static let standard = Retention()

  package subscript(kept: KeptRecord) -> Int {
    get { days[kept] ?? kept.standardDays }
    set { days[kept] = newValue }
  }

  /// These days, but those of `chosen` where it has any.
  func with(_ chosen: [KeptRecord: Int]) -> Retention {
    var retention = self
    for (kept, days) in chosen { retention[kept] = days }
    return retention
  }

  /// Records of before this moment are not kept.
  package func limit(of kept: KeptRecord, now: Instant) -> Instant {
    now.advanced(by: .seconds(-86_400 * Int64(self[kept])))
  }
}

/// The state's choice, and the removal of what is not kept.
enum RetentionStore {
  static let schema: [SQL] = [
    "ALTER TABLE registry_district ADD COLUMN fact_history_days BIGINT",
    "ALTER TABLE registry_district ADD COLUMN check_in_history_days BIGINT",
    "ALTER TABLE registry_district ADD COLUMN journal_body_days BIGINT",
    // What holds for every district that has not chosen: the state's, and so of no tenant.
    "CREATE TABLE registry_retention (kept TEXT NOT NULL PRIMARY KEY, days BIGINT NOT NULL CHECK (days > 0))",
    "CREATE INDEX registry_change_at ON registry_change (district_id, at)",
  ]

  /// What holds where a district has not chosen.
  static func stateWide(_ transaction: any Transaction) throws -> Retention {
    var chosen: [KeptRecord: Int] = [:]
    for row in try transaction.rows("SELECT kept, days FROM registry_retention") {
      guard let kept = KeptRecord(rawValue: try row.get("kept")) else { continue }
      chosen[kept] = try row.get("days")
    }
    return Retention.standard.with(chosen)
  }

  /// - Parameter choice: 0 takes the choice back.
  static func set(_ choice: [KeptRecord: Int], _ transaction: any Transaction) throws {
    for (kept, days) in choice.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      if days == 0 {
        try transaction.run("DELETE FROM registry_retention WHERE kept = \(kept)")
      } else {
        try transaction.run(
          """
          INSERT INTO registry_retention (kept, days) VALUES (\(kept), \(days))
          ON CONFLICT (kept) DO UPDATE SET days = excluded.days
          """)
      }
    }
  }

  /// Removes up to `limit` changes of facts of before `moment`, the oldest first.
  static func removeChanges(
    before moment: Instant, of district: DistrictID, limit: Int, _ transaction: any Transaction
  ) throws -> Int {
    try transaction.run(
      """
      DELETE FROM registry_change WHERE district_id = \(district) AND (device_id, sequence) IN (
        SELECT device_id, sequence FROM registry_change WHERE district_id = \(district) AND at < \(moment)
        ORDER BY at LIMIT \(limit))
      """)
  }
}

extension DeviceRegistry {
  /// For how long each district keeps its records, and the state those of no district.
  package func retention(
    in transaction: any Transaction
  ) throws -> (districts: [(district: DistrictID, retention: Retention)], state: Retention) {
    let state = try RetentionStore.stateWide(transaction)
    let districts = try DistrictStore.page(.state, after: nil, limit: .max, transaction)
    return (districts.map { ($0.id, state.with($0.kept)) }, state)
  }

  /// Removes up to `limit` changes of facts of before `moment`; how many there were.
  package func removeChanges(
    before moment: Instant, of district: DistrictID, limit: Int, in transaction: any Transaction
  ) throws -> Int { try RetentionStore.removeChanges(before: moment, of: district, limit: limit, transaction) }
}
