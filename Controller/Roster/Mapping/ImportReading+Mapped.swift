import Registry
import Serving
import Storage
import Vocabulary

/// What stands of the people of one role, to whom a file of one's own is compared.
private struct Standing {
  /// Ids in the source by number.
  var ids: [String: String] = [:]
  var rows: [String: PersonRow] = [:]
  /// Ids in the source of people of the other role.
  var others: Set<String> = []
}

extension ImportReading {
  /// What a CSV of one's own changes: people of one role, and what its columns say of them, their classes and guardians too; all
  /// else stays as it is.
  ///
  /// - Throws: `roster.faults` with every fault.
  static func read(
    csv bytes: [UInt8], mapping: ColumnMapping, only district: DistrictID, on day: CivilDate, schools: [School],
    contacts: ContactKey, limits: RowLimits? = nil, in transaction: any Transaction
  ) throws -> ImportPlan {
    let reading = ImportReading(nil, transaction, only: district, on: day, contacts: contacts, limits: limits)
    _ = try reading.place(of: district)
    try reading.load(.org)
    try reading.load(.person)
    if mapping.tellsGuardians { try reading.load(.guardian) }
    if mapping.tellsClasses {
      try reading.load(.schoolClass)
      try reading.load(.membership)
    }
    try reading.read(csv: bytes, mapping, district, schools)
    try reading.faults.throwIfAny()
    return reading.plan
  }

  private func read(csv bytes: [UInt8], _ mapping: ColumnMapping, _ district: DistrictID, _ schools: [School]) throws {
    let standing = try standing(mapping.role, district)
    var matching = try MappedSchools(schools, OrgStore.schools(of: district, transaction))
    let classes = mapping.tellsClasses ? MappedClasses(try ClassStore.every(in: district, transaction)) : nil
    let check = CellCheck(table: .mapped(mapping), faults: faults)
    var scanner = RecordScanner { [faults] in faults.add($0) }
    var places: [Int]?
    var (width, count) = (0, 0)
    func take(_ record: ScannedRecord) throws {
      guard let known = places else {
        if width == 0 { places = mapping.places(record, faults) }
        width = record.count
        return
      }
      // A spreadsheet's empty rows.
      guard (0..<record.count).contains(where: { !record.cell($0).isEmpty }) else { return }
      guard record.count == width else {
        return faults.add(
          Fault(
            line: record.line, code: "csv.field-count",
            message: "The row has \(record.count) fields, the header \(width)."))
      }
      count += 1
      guard count <= limits.users else {
        if count == limits.users + 1 {
          faults.add(
            Fault(line: record.line, code: "csv.too-many-rows", message: "The file has over \(limits.users) rows."))
        }
        return
      }
      try mapped(FileRow(record: record, places: known), mapping, standing, &matching, classes, check)
    }
    try bytes.withUnsafeBufferPointer { all in
      for start in stride(from: 0, to: all.count, by: 64 << 10) {
        try scanner.feed(Cell(rebasing: all[start..<min(start + 64 << 10, all.count)]), take)
      }
    }
    try scanner.end(take)
    if width == 0 { faults.add(Fault(line: 1, code: "csv.header", message: "The file is empty.")) }
    if places != nil, count == 0, faults.count == 0 {
      faults.add(Fault(line: 1, code: "roster.empty-file", message: "The file has no rows below its header."))
    }
    if !mapping.whole, mapping.role == .student {
      try checkStandingNumbers(nil, mapping.title(of: .number) ?? "")
    }
    if classes != nil, faults.count == 0 {
      try closeClasses(of: district) { mapping.whole && standing.rows[$0] != nil }
    }
    guard mapping.whole, faults.count == 0 else { return }
    for id in standing.rows.keys.sorted() where indexes[RowKind.person.place]?.isUntold(key(0, id)) ?? false {
      try Array(id.utf8).withUnsafeBufferPointer {
        countLeft(.person, 0, $0)
        try plan.removals[RowKind.person.place].add(district: 0, isNew: false, id: $0, body: [])
      }
    }
  }

  /// Those who left too: whoever is there again keeps the id.
  private func standing(_ role: RosterPerson.Role, _ district: DistrictID) throws -> Standing {
    var standing = Standing()
    for other in RosterPerson.Role.allCases where other != role {
      try PersonStore.eachID(of: other, in: district, transaction) { standing.others.insert($0) }
    }
    try PersonStore.each(role, in: district, transaction) { id, row, hasLeft in
      standing.rows[id] = row
      if !row.number.isEmpty, !hasLeft || standing.ids[row.number] == nil { standing.ids[row.number] = id }
    }
    return standing
  }

  private func mapped(
    _ row: FileRow, _ mapping: ColumnMapping, _ standing: Standing, _ schools: inout MappedSchools,
    _ classes: MappedClasses?, _ check: CellCheck
  ) throws {
    guard let number = check.text(row, .identifier, limit: 64, isRequired: true) else { return }
    let text = String(decoding: number, as: UTF8.self)
    let id: String
    if mapping.title(of: .id) != nil {
      guard let cell = check.id(row) else { return }
      id = String(decoding: cell, as: UTF8.self)
    } else {
      id = standing.ids[text] ?? Self.madeID(mapping.role, text)
    }
    guard !standing.others.contains(id) else {
      let title = mapping.title(of: .id)
      return faults.add(
        row, title ?? check.table.title(of: .identifier), title == nil ? number : row[.sourcedId],
        rule: "roster.other-role", Self.otherRole(mapping.role))
    }
    let first = users.insert(key(-1, id), Int32(clamping: row.line))
    if let first, classes == nil { return repeated(row, number, Int(first)) }
    if mapping.role == .student, first == nil { checkNumber(number, 0, row, check.table.title(of: .identifier)) }
    var person = standing.rows[id] ?? PersonRow(fields: [String](repeating: "", count: PersonRow.fieldCount))
    if person.position.isEmpty { person.position = mapping.role.rawValue }
    person.role = mapping.role.rawValue
    person.number = text
    for (meaning, path) in MappedField.texts where mapping.title(of: meaning) != nil {
      let isRequired = ColumnMapping.Meaning.required.contains(meaning)
      guard let cell = check.text(row, meaning.field, isRequired: isRequired) else { return }
      person[keyPath: path] = String(decoding: cell, as: UTF8.self)
    }
    if mapping.title(of: .school) != nil, !row[.school].isEmpty {
      guard let org = try schools.org(row.text(.school), tell: { try tellSchool($0, row) }) else {
        return faults.add(
          row, check.table.title(of: .school), row[.school], rule: "roster.school",
          "The district has no school of this id or name.")
      }
      let others = PersonRow.list(person.orgs).filter { $0 != org }
      person.orgs = ([org] + others.prefix(Self.roleLimit - 1)).joined(separator: ",")
    }
    guard let guardians = mapping.tellsGuardians ? guardians(row, of: id, check) : [] else { return }
    if mapping.tellsGuardians { person.agents = guardians.filter { !$0.isNobody }.map(\.id).joined(separator: ",") }
    if let classes, let first {
      // Whose first row has a fault is told of once.
      guard let isSame = classes.isSame(key(-1, id), guardians.reduce(person.body) { $0 + $1.body }) else { return }
      guard isSame else {
        return faults.add(
          row, check.table.title(of: .identifier), number, rule: "roster.repeated",
          "Line \(first) tells otherwise of this person; rows of one person differ in the class alone.")
      }
    } else {
      classes?.tells(of: key(-1, id), guardians.reduce(person.body) { $0 + $1.body })
      body = person.body
      try Array(id.utf8).withUnsafeBufferPointer { try tell(.person, 0, $0, row) }
      try tell(guardians, row)
    }
    if let classes { try tellClasses(row, of: (id, person), classes, check) }
  }

  /// The id of somebody whom a file knows by number alone: students and staff may have the same numbers.
  private static func madeID(_ role: RosterPerson.Role, _ number: String) -> String {
    (role == .student ? "n:" : "t:") + number.replacing(" ", with: "_").replacing(",", with: "_")
  }

  private static func otherRole(_ role: RosterPerson.Role) -> String {
    role == .student
      ? "A member of staff has or had this id; a student needs another. If it is the same person, and they have left, erase them first."
      : "A student has or had this id; a member of staff needs another. If it is the same person, and they have left, erase them first."
  }

  /// A school of the register that no roster told of yet.
  private func tellSchool(_ school: School, _ row: FileRow) throws {
    body = OrgRow(type: "school", name: school.name, identifier: school.id.rawValue).body
    try Array(MappedSchools.id(of: school).utf8).withUnsafeBufferPointer { try tell(.org, 0, $0, row) }
  }
}

/// Where what a column says stands in a person's row.
private enum MappedField {
  static var texts: [(ColumnMapping.Meaning, WritableKeyPath<PersonRow, String>)] {
    [
      (.givenName, \.given), (.middleName, \.middle), (.familyName, \.family), (.preferredGivenName, \.preferredGiven),
      (.preferredFamilyName, \.preferredFamily), (.username, \.username), (.email, \.email), (.grade, \.grades),
    ]
  }
}

/// The register's schools by id and name, and the orgs that they are.
private struct MappedSchools {
  private let schools: [String: School]
  private var orgs: [SchoolID: String]

  init(_ schools: [School], _ orgs: [String: SchoolID]) {
    self.schools = Dictionary(
      schools.flatMap { [($0.id.rawValue, $0), ($0.name.lowercased(), $0)] }, uniquingKeysWith: { first, _ in first })
    self.orgs = Dictionary(
      orgs.sorted { $0.key < $1.key }.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
  }

  static func id(of school: School) -> String { "school:\(school.id)" }

  /// The org's id; nil where there is no such school.
  mutating func org(_ text: String, tell: (School) throws -> Void) throws -> String? {
    guard let school = schools[text] ?? schools[text.lowercased()] else { return nil }
    if let known = orgs[school.id] { return known }
    try tell(school)
    orgs[school.id] = Self.id(of: school)
    return Self.id(of: school)
  }
}
