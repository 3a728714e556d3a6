import Registry
import Storage
import Vocabulary

/// What a source may call one of our districts.
struct DistrictNames: Sendable {
  let district: DistrictID
  /// The identifier that was set for it.
  let identifier: String?

  func answers(to text: String) -> Bool {
    !text.isEmpty && (text.lowercased() == district.rawValue || text == identifier)
  }
}

/// Schools and the other parts of a district, and which school of the registry each is.
enum OrgStore {
  static func names(of district: DistrictID, _ transaction: any Transaction) throws -> DistrictNames {
    let found = try transaction.row("SELECT identifier FROM roster_district WHERE district_id = \(district)")
    return DistrictNames(district: district, identifier: try found?.get("identifier", as: String?.self))
  }

  /// Those of every district of the state.
  static func names(_ transaction: any Transaction) throws -> [DistrictNames] {
    try transaction.rows(
      """
      SELECT d.district_id, r.identifier FROM registry_district AS d
      LEFT JOIN roster_district AS r ON r.district_id = d.district_id ORDER BY d.district_id
      """
    ).map { DistrictNames(district: try $0.get("district_id"), identifier: try $0.get("identifier")) }
  }

  static func standing(in district: DistrictID, _ transaction: any Transaction) throws -> [(id: String, row: OrgRow)] {
    try transaction.rows(
      """
      SELECT sourced_id, type, name, identifier FROM roster_org
      WHERE district_id = \(district) AND left_at IS NULL ORDER BY sourced_id
      """
    ).map { row in
      let org = OrgRow(type: try row.get("type"), name: try row.get("name"), identifier: try row.get("identifier"))
      return (try row.get("sourced_id"), org)
    }
  }

  /// The registry's schools by the ids of their orgs.
  static func schools(of district: DistrictID, _ transaction: any Transaction) throws -> [String: SchoolID] {
    var found: [String: SchoolID] = [:]
    try transaction.each(
      "SELECT sourced_id, school_id FROM roster_org WHERE district_id = \(district) AND school_id IS NOT NULL"
    ) { found[try $0.get("sourced_id")] = try $0.get("school_id") }
    return found
  }

  static func rows(
    of ids: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: StoredRow] {
    var found: [String: StoredRow] = [:]
    let query: SQL = """
      SELECT sourced_id, type, name, identifier, left_at, hash FROM roster_org
      WHERE district_id = \(district) AND sourced_id IN \(list: ids)
      """
    for row in try transaction.rows(query) {
      let org = OrgRow(type: try row.get("type"), name: try row.get("name"), identifier: try row.get("identifier"))
      let id: String = try row.get("sourced_id")
      found[id] = StoredRow(id: id, body: org.body, leftAt: try row.get("left_at"), hash: try row.get("hash"))
    }
    return found
  }

  /// Writes the rows, each school with the registry's school that it is.
  static func write(_ rows: [StoredRow], _ change: RosterChange, _ registry: DeviceRegistry) throws {
    var matching = try SchoolMatching(change, registry)
    let values = try rows.map { row -> [SQLValue] in
      let org = try OrgRow(row.body)
      let school = org.type == "school" ? try matching.school(of: row.id, org) : nil
      return [
        change.district.sqlValue, row.id.sqlValue, org.type.sqlValue, org.name.sqlValue, org.identifier.sqlValue,
        school.sqlValue, row.leftAt.sqlValue, row.hash.sqlValue, change.number.sqlValue,
      ]
    }
    try change.transaction.run(
      """
      INSERT INTO roster_org
        (district_id, sourced_id, type, name, identifier, school_id, left_at, hash, changed_in)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (district_id, sourced_id) DO UPDATE SET type = excluded.type, name = excluded.name,
        identifier = excluded.identifier, school_id = excluded.school_id, left_at = excluded.left_at,
        hash = excluded.hash, changed_in = excluded.changed_in
      """, rows: values)
  }
}

/// Finds which school of the registry an org is, and makes one where there is none.
///
/// An org stays with its school. A new one is the school of the same name, or whose id is the org's identifier or the code
/// that its name makes, unless another org is that school already.
struct SchoolMatching {
  private let change: RosterChange
  private let registry: DeviceRegistry
  private var known: [String: SchoolID]
  private var schools: [SchoolID: String]
  private var taken: Set<SchoolID>

  init(_ change: RosterChange, _ registry: DeviceRegistry) throws {
    self.change = change
    self.registry = registry
    known = try OrgStore.schools(of: change.district, change.transaction)
    taken = Set(known.values)
    let all = try registry.schools(of: change.district, in: change.transaction)
    schools = Dictionary(all.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func school(of id: String, _ org: OrgRow) throws -> SchoolID {
    if let school = known[id] {
      if let name = schools[school], name != org.name {
        try registry.renameSchool(school, of: change.district, to: org.name, in: change.transaction)
        schools[school] = org.name
      }
      return school
    }
    let school = try match(org) ?? make(org)
    known[id] = school
    taken.insert(school)
    return school
  }

  private func match(_ org: OrgRow) -> SchoolID? {
    let name = org.name.lowercased()
    let named = schools.filter { $0.value.lowercased() == name && !taken.contains($0.key) }.keys.min()
    if let named { return named }
    return [SchoolID(rawValue: org.identifier.lowercased()), Self.code(org.name)].compactMap(\.self).first {
      schools[$0] != nil && !taken.contains($0)
    }
  }

  private mutating func make(_ org: OrgRow) throws -> SchoolID {
    let code = Self.code(org.name)?.rawValue ?? "school"
    var id = SchoolID(rawValue: code)
    var number = 2
    while let tried = id, schools[tried] != nil {
      let tail = "-\(number)"
      id = SchoolID(rawValue: code.prefix(40 - tail.utf8.count) + tail)
      number += 1
    }
    guard let id else { throw StorageError(.failed, "No code could be made for a school.") }
    try registry.addSchool(
      School(id: id, district: change.district, name: org.name, createdAt: change.now), in: change.transaction)
    schools[id] = org.name
    return id
  }

  /// `Otter Creek Elementary` makes `otter-creek-elementary`; nil where nothing of the name can stand in a code.
  static func code(_ name: String) -> SchoolID? {
    let words = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    var code = String(words.joined(separator: "-").prefix(40))
    while code.hasSuffix("-") { code.removeLast() }
    return SchoolID(rawValue: code)
  }
}
