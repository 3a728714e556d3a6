import Storage
import Vocabulary

/// Students and staff.
enum PersonStore {
  /// A person's row with what only the roster knows of them.
  struct Stored: Sendable {
    let id: PersonID
    let row: PersonRow
    let school: SchoolID?
    let leftAt: Instant?
    let hash: Int64
  }

  private static let columns: SQL = """
    person_id, sourced_id, role, position, number, given_name, middle_name, family_name, preferred_given_name,
    preferred_middle_name, preferred_family_name, username, email, grades, orgs, agents, school_id, left_at, hash
    """

  private static let fields = [
    "role", "position", "number", "given_name", "middle_name", "family_name", "preferred_given_name",
    "preferred_middle_name", "preferred_family_name", "username", "email", "grades", "orgs", "agents",
  ]

  private static func stored(_ row: Row) throws -> Stored {
    Stored(
      id: try row.get("person_id"), row: PersonRow(fields: try fields.map { try row.get($0) }),
      school: try row.get("school_id"), leftAt: try row.get("left_at"), hash: try row.get("hash"))
  }

  /// By their ids in the source.
  static func rows(
    of ids: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: Stored] {
    var found: [String: Stored] = [:]
    let query: SQL =
      "SELECT \(columns) FROM roster_person WHERE district_id = \(district) AND sourced_id IN \(list: ids)"
    for row in try transaction.rows(query) { found[try row.get("sourced_id")] = try stored(row) }
    return found
  }

  /// The ids of people, by their ids in the source.
  static func ids(
    of sourced: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: PersonID] {
    var found: [String: PersonID] = [:]
    let query: SQL = """
      SELECT sourced_id, person_id FROM roster_person
      WHERE district_id = \(district) AND sourced_id IN \(list: sourced)
      """
    for row in try transaction.rows(query) { found[try row.get("sourced_id")] = try row.get("person_id") }
    return found
  }

  /// Of several districts at once, by their ids: each person has one of their own in the whole state.
  static func people(
    _ ids: [PersonID], in scope: TenantScope, _ transaction: any Transaction
  ) throws -> [RosterPerson] {
    try transaction.rows(
      "SELECT district_id, \(columns) FROM roster_person WHERE person_id IN \(list: ids) AND \(scope)"
    ).map {
      RosterPerson(try stored($0), sourcedID: try $0.get("sourced_id"), in: try $0.get("district_id"))
    }
  }

  /// Up to `limit` people whom `condition` finds, in the order of their ids.
  static func people(
    in district: DistrictID, where condition: SQL, after: String? = nil, limit: Int, _ transaction: any Transaction
  ) throws -> [RosterPerson] {
    try transaction.rows(
      """
      SELECT \(columns) FROM roster_person
      WHERE district_id = \(district) AND person_id > \(after ?? "") AND \(condition)
      ORDER BY person_id LIMIT \(limit)
      """
    ).map { RosterPerson(try stored($0), sourcedID: try $0.get("sourced_id"), in: district) }
  }

  /// Everybody whom `condition` finds by an index of its own: an order would have SQLite read the whole district in that order.
  static func every(
    in district: DistrictID, where condition: SQL, _ transaction: any Transaction
  ) throws -> [RosterPerson] {
    try transaction.rows("SELECT \(columns) FROM roster_person WHERE district_id = \(district) AND \(condition)")
      .map { RosterPerson(try stored($0), sourcedID: try $0.get("sourced_id"), in: district) }
  }

  /// Calls `body` with the number of each student who has one and has not left, and the id in the source.
  static func eachStudentNumber(
    in district: DistrictID, _ transaction: any Transaction, _ body: (_ number: String, _ id: String) throws -> Void
  ) throws {
    let query: SQL = """
      SELECT number, sourced_id FROM roster_person
      WHERE district_id = \(district) AND number <> '' AND role = 'student' AND left_at IS NULL
      """
    try transaction.each(query) { try body(try $0.get("number"), try $0.get("sourced_id")) }
  }

  /// Calls `body` with the id in the source of each person of a role, also of those who left.
  static func eachID(
    of role: RosterPerson.Role, in district: DistrictID, _ transaction: any Transaction, _ body: (String) throws -> Void
  ) throws {
    let query: SQL = "SELECT sourced_id FROM roster_person WHERE district_id = \(district) AND role = \(role.rawValue)"
    try transaction.each(query) { try body(try $0.get("sourced_id")) }
  }

  /// Calls `body` with each person of a role, also with those who left.
  static func each(
    _ role: RosterPerson.Role, in district: DistrictID, _ transaction: any Transaction,
    _ body: (_ id: String, _ row: PersonRow, _ hasLeft: Bool) throws -> Void
  ) throws {
    let query: SQL = "SELECT \(columns) FROM roster_person WHERE district_id = \(district) AND role = \(role.rawValue)"
    try transaction.each(query) { row in
      let found = try stored(row)
      try body(try row.get("sourced_id"), found.row, found.leftAt != nil)
    }
  }

  /// Who is in a class and has not left, once for each role there.
  static func members(
    of schoolClass: String, in district: DistrictID, _ transaction: any Transaction
  ) throws -> [ClassMember] {
    let memberships = try transaction.rows(
      """
      SELECT person, role, begins, ends FROM roster_membership
      WHERE district_id = \(district) AND class = \(schoolClass) ORDER BY person, sourced_id
      """)
    let ids = try memberships.map { try $0.get("person", as: String.self) }
    var people: [String: RosterPerson] = [:]
    for first in stride(from: 0, to: ids.count, by: RowStore.step) {
      let part = Array(ids[first..<min(first + RowStore.step, ids.count)])
      for (id, stored) in try rows(of: part, in: district, transaction) where stored.leftAt == nil {
        people[id] = RosterPerson(stored, sourcedID: id, in: district)
      }
    }
    return try zip(ids, memberships).compactMap { id, row -> ClassMember? in
      guard let person = people[id] else { return nil }
      let (begins, ends): (String, String) = (try row.get("begins"), try row.get("ends"))
      return ClassMember(
        person: person, role: try row.get("role"), begins: begins.isEmpty ? nil : begins,
        ends: ends.isEmpty ? nil : ends)
    }.sorted { $0.person.id < $1.person.id }
  }

  /// - Parameter schools: the registry's schools by the ids of their orgs.
  static func write(_ rows: [StoredRow], areNew: Bool, _ change: RosterChange, schools: [String: SchoolID]) throws {
    let people = try rows.map { (stored: $0, row: try PersonRow($0.body)) }
    try change.transaction.run(upsert, rows: people.lazy.map { values($0.stored, $0.row, change, schools) })
    if !areNew { try removeLinks(of: rows.map(\.id), in: change.district, change.transaction) }
    let links = people.flatMap { person -> [[SQLValue]] in
      Set(PersonRow.list(person.row.agents)).map { [change.district.sqlValue, $0.sqlValue, person.stored.id.sqlValue] }
    }
    try change.transaction.run(
      "INSERT INTO roster_guardian_link (district_id, guardian, person) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
      rows: links)
    let ids = try ids(of: rows.map(\.id), in: change.district, change.transaction)
    let named = people.compactMap { person in
      ids[person.stored.id].map {
        NameIndex.Named(person: $0, words: NameWords.of(person.row), school: school(of: person.row, schools))
      }
    }
    try NameIndex.write(named, areNew: areNew, in: change.district, change.transaction)
  }

  private static func school(of row: PersonRow, _ schools: [String: SchoolID]) -> SchoolID? {
    PersonRow.list(row.orgs).lazy.compactMap { schools[$0] }.first
  }

  static func removeLinks(of ids: [String], in district: DistrictID, _ transaction: any Transaction) throws {
    try transaction.run("DELETE FROM roster_guardian_link WHERE district_id = \(district) AND person IN \(list: ids)")
  }

  private static func values(
    _ stored: StoredRow, _ row: PersonRow, _ change: RosterChange, _ schools: [String: SchoolID]
  ) -> [SQLValue] {
    [change.district.sqlValue, PersonID.random().sqlValue, stored.id.sqlValue] + row.fields.map(\.sqlValue)
      + [school(of: row, schools).sqlValue, stored.leftAt.sqlValue, stored.hash.sqlValue, change.number.sqlValue]
      + [row.number, row.username, row.email].map { FoldedName.of($0).sqlValue }
  }

  private static let upsert: SQL = """
    INSERT INTO roster_person (district_id, person_id, sourced_id, role, position, number, given_name, middle_name,
      family_name, preferred_given_name, preferred_middle_name, preferred_family_name, username, email, grades, orgs,
      agents, school_id, left_at, hash, changed_in, number_folded, username_folded, email_folded)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
      $22, $23, $24)
    ON CONFLICT (district_id, sourced_id) DO UPDATE SET role = excluded.role, position = excluded.position,
      number = excluded.number, given_name = excluded.given_name, middle_name = excluded.middle_name,
      family_name = excluded.family_name, preferred_given_name = excluded.preferred_given_name,
      preferred_middle_name = excluded.preferred_middle_name,
      preferred_family_name = excluded.preferred_family_name, username = excluded.username, email = excluded.email,
      grades = excluded.grades, orgs = excluded.orgs, agents = excluded.agents, school_id = excluded.school_id,
      left_at = excluded.left_at, hash = excluded.hash, changed_in = excluded.changed_in,
      number_folded = excluded.number_folded, username_folded = excluded.username_folded,
      email_folded = excluded.email_folded
    """
}

/// A number, user name or address as it is compared, whatever its case.
enum FoldedName {
  /// nil for nothing: nobody is found by that.
  static func of(_ text: String) -> String? { text.isEmpty ? nil : text.lowercased() }
}
