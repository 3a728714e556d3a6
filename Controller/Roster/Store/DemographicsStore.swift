import Storage
import Vocabulary

/// Birth dates and sexes of people, where a district asked for them: sealed, found by the person alone, and in no search, list or
/// report.
enum DemographicsStore {
  static let schema: [SQL] = [
    // Both are in `sealed`, and nowhere else.
    """
    CREATE TABLE roster_demographics (
      district_id TEXT NOT NULL, sourced_id TEXT NOT NULL, sealed BYTEA NOT NULL, hash BIGINT NOT NULL,
      changed_in BIGINT NOT NULL, PRIMARY KEY (district_id, sourced_id),
      FOREIGN KEY (district_id) REFERENCES registry_district (district_id)
    )
    """,
    // Whether a district lets them be read when an import asks for them; where it has not chosen, never.
    "ALTER TABLE roster_district ADD COLUMN demographics TEXT CHECK (demographics IN ('never', 'on-request'))",
    // Whether the file that waits is to be read for them: 1 or 0.
    "ALTER TABLE roster_upload ADD COLUMN demographics BIGINT NOT NULL DEFAULT 0",
  ]

  /// With their bodies as they are stored.
  static func sealed(
    _ ids: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: StoredRow] {
    var found: [String: StoredRow] = [:]
    let query: SQL = """
      SELECT sourced_id, sealed, hash FROM roster_demographics
      WHERE district_id = \(district) AND sourced_id IN \(list: ids)
      """
    for row in try transaction.rows(query) {
      let id: String = try row.get("sourced_id")
      found[id] = StoredRow(id: id, body: try row.get("sealed"), leftAt: nil, hash: try row.get("hash"))
    }
    return found
  }

  static func write(_ rows: [StoredRow], _ change: RosterChange, _ key: ContactKey) throws {
    let values = try rows.map { stored -> [SQLValue] in
      let context = RowKind.demographics.sealed(as: stored.id)
      return [
        change.district.sqlValue, stored.id.sqlValue,
        try key.seal(stored.body, of: context, in: change.district).sqlValue, stored.hash.sqlValue,
        change.number.sqlValue,
      ]
    }
    try change.transaction.run(
      """
      INSERT INTO roster_demographics (district_id, sourced_id, sealed, hash, changed_in) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (district_id, sourced_id) DO UPDATE SET sealed = excluded.sealed, hash = excluded.hash,
        changed_in = excluded.changed_in
      """, rows: values)
  }

  /// A person's, opened; nil where none are kept.
  ///
  /// - Parameter person: their id in the source.
  /// - Throws: `roster.contact-key`.
  static func demographics(
    of person: String, in district: DistrictID, _ key: ContactKey, _ transaction: any Transaction
  ) throws -> DemographicsRow? {
    try sealed([person], in: district, transaction)[person].map { stored in
      try DemographicsRow(key.open(stored.body, of: RowKind.demographics.sealed(as: person), in: district))
    }
  }

  /// Forgets all of a district, and what its last import had replaced.
  ///
  /// - Returns: of how many people there were any.
  static func removeAll(of district: DistrictID, _ transaction: any Transaction) throws -> Int {
    try transaction.run(
      "DELETE FROM roster_former WHERE district_id = \(district) AND kind = \(RowKind.demographics)")
    return try transaction.run("DELETE FROM roster_demographics WHERE district_id = \(district)")
  }

  /// A plan was made while the district allowed it; it may have chosen otherwise since.
  ///
  /// - Throws: `roster.changed-meanwhile`.
  static func requireAllowed(_ plan: DistrictPlan, _ transaction: any Transaction) throws {
    guard plan[.demographics].changes > 0 else { return }
    guard try RosterSettings.of(plan.district, transaction).demographics == .onRequest else {
      throw RosterError(
        .changedMeanwhile,
        "The district '\(plan.district)' chose to keep no demographics while this file was read. Nothing was changed; send it again."
      )
    }
  }
}

extension RowKind {
  /// Under which words a row of this kind is sealed, so that it opens as nothing else; no id of a source has a space.
  func sealed(as id: String) -> String { self == .demographics ? "demographics of \(id)" : id }
}
