import Storage
import Vocabulary

/// Classes, and who is in them.
enum ClassStore {
  static func rows(
    of ids: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: StoredRow] {
    var found: [String: StoredRow] = [:]
    let query: SQL = """
      SELECT sourced_id, org, title, code, grades, hash FROM roster_class
      WHERE district_id = \(district) AND sourced_id IN \(list: ids)
      """
    for row in try transaction.rows(query) {
      let content = ClassRow(
        org: try row.get("org"), title: try row.get("title"), code: try row.get("code"), grades: try row.get("grades"))
      let id: String = try row.get("sourced_id")
      found[id] = StoredRow(id: id, body: content.body, leftAt: nil, hash: try row.get("hash"))
    }
    return found
  }

  /// Those of a district, by their ids.
  static func every(in district: DistrictID, _ transaction: any Transaction) throws -> [String: ClassRow] {
    var found: [String: ClassRow] = [:]
    let query: SQL = "SELECT sourced_id, org, title, code, grades FROM roster_class WHERE district_id = \(district)"
    try transaction.each(query) { row in
      found[try row.get("sourced_id")] = ClassRow(
        org: try row.get("org"), title: try row.get("title"), code: try row.get("code"), grades: try row.get("grades"))
    }
    return found
  }

  static func write(_ rows: [StoredRow], _ change: RosterChange, schools: [String: SchoolID]) throws {
    let values = try rows.map { stored -> [SQLValue] in
      let row = try ClassRow(stored.body)
      return [
        change.district.sqlValue, stored.id.sqlValue, row.org.sqlValue, row.title.sqlValue, row.code.sqlValue,
        row.grades.sqlValue, schools[row.org].sqlValue, stored.hash.sqlValue, change.number.sqlValue,
      ]
    }
    try change.transaction.run(
      """
      INSERT INTO roster_class (district_id, sourced_id, org, title, code, grades, school_id, hash, changed_in)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (district_id, sourced_id) DO UPDATE SET org = excluded.org, title = excluded.title,
        code = excluded.code, grades = excluded.grades, school_id = excluded.school_id, hash = excluded.hash,
        changed_in = excluded.changed_in
      """, rows: values)
  }
}

enum MembershipStore {
  /// Calls `body` with the id of each and the id in the source of whose it is.
  static func each(
    in district: DistrictID, _ transaction: any Transaction, _ body: (_ id: String, _ person: String) throws -> Void
  ) throws {
    let query: SQL = "SELECT sourced_id, person FROM roster_membership WHERE district_id = \(district)"
    try transaction.each(query) { try body(try $0.get("sourced_id"), try $0.get("person")) }
  }

  /// The ids of memberships of these people, by their ids in the source.
  static func ids(
    ofPeople people: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String] {
    try transaction.rows(
      "SELECT sourced_id FROM roster_membership WHERE district_id = \(district) AND person IN \(list: people)"
    ).map { try $0.get("sourced_id") }
  }

  static func rows(
    of ids: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: StoredRow] {
    var found: [String: StoredRow] = [:]
    let query: SQL = """
      SELECT sourced_id, class, person, role, begins, ends, hash FROM roster_membership
      WHERE district_id = \(district) AND sourced_id IN \(list: ids)
      """
    for row in try transaction.rows(query) {
      let content = MembershipRow(
        schoolClass: try row.get("class"), person: try row.get("person"), role: try row.get("role"),
        begins: try row.get("begins"), ends: try row.get("ends"))
      let id: String = try row.get("sourced_id")
      found[id] = StoredRow(id: id, body: content.body, leftAt: nil, hash: try row.get("hash"))
    }
    return found
  }

  /// Removes those of people who were erased: whoever gets the id of one is not in their classes.
  static func removeNobodys(in district: DistrictID, _ transaction: any Transaction) throws {
    try transaction.run(
      """
      DELETE FROM roster_membership WHERE district_id = \(district) AND NOT EXISTS (
        SELECT 1 FROM roster_person AS p
        WHERE p.district_id = roster_membership.district_id AND p.sourced_id = roster_membership.person)
      """)
  }

  static func write(_ rows: [StoredRow], _ change: RosterChange) throws {
    let values = try rows.map { stored -> [SQLValue] in
      let row = try MembershipRow(stored.body)
      return [
        change.district.sqlValue, stored.id.sqlValue, row.schoolClass.sqlValue, row.person.sqlValue, row.role.sqlValue,
        row.begins.sqlValue, row.ends.sqlValue, stored.hash.sqlValue, change.number.sqlValue,
      ]
    }
    try change.transaction.run(
      """
      INSERT INTO roster_membership (district_id, sourced_id, class, person, role, begins, ends, hash, changed_in)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (district_id, sourced_id) DO UPDATE SET class = excluded.class, person = excluded.person,
        role = excluded.role, begins = excluded.begins, ends = excluded.ends, hash = excluded.hash,
        changed_in = excluded.changed_in
      """, rows: values)
  }
}
