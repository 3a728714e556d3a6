import Serving
import Storage
import Vocabulary

extension ImportReading {
  /// Users: students and staff become people of each district that they have a role in, guardians are kept apart.
  func readUsers(_ files: ExportFiles) throws {
    guard files.has("users.csv") || files.has("roles.csv") else { return }
    try load(.person)
    try load(.guardian)
    let isSecond = manifest?.version == .two
    let rolesMode = isSecond ? try readRoles(files) : .delta
    guard files.has("users.csv") else { return try readRolesAlone(rolesMode) }
    let table: FileTable = isSecond ? .users12 : .users11
    var mode = mode("users")
    let check = CellCheck(table: table, faults: faults)
    var held: [HeldRole] = []
    _ = try files.read(table, rows: Self.rowLimit, faults) { row in
      guard let id = check.id(row) else { return }
      let user = key(-1, id)
      if let first = users.insert(user, Int32(clamping: row.line)) { return repeated(row, id, Int(first)) }
      guard let keeps = mode.keeps(row, faults) else { return }
      guard keeps else { return try removeUser(id, row) }
      held.removeAll(keepingCapacity: true)
      if isSecond {
        try toldRoles(of: user, id, isDelta: mode.mode == .delta && rolesMode == .delta, &held)
        guard !held.isEmpty else {
          return faults.add(
            row, "sourcedId", id, rule: "roster.reference", "roles.csv has no role of this user; each has one.")
        }
      } else {
        try ownRoles(row, &held)
      }
      try readUser(row, id, held, mode.mode, check)
    }
    checkAgents(isDelta: mode.mode == .delta)
    try checkChangedNumbers()
    if isSecond { try readRolesAlone(rolesMode) }
    try close(.person, mode)
    try close(.guardian, mode)
  }

  private func removeUser(_ id: Cell, _ row: FileRow) throws {
    for place in plan.districts.indices {
      try remove(.person, place, id, row)
      try remove(.guardian, place, id, row)
    }
  }

  /// 1.1 has one role and the orgs in the user's own row.
  private func ownRoles(_ row: FileRow, _ held: inout [HeldRole]) throws {
    guard let role = SourceRole(row[.role]) else {
      return faults.add(row, "role", row[.role], rule: "roster.role", "'role' is one of \(SourceRole.words).")
    }
    var found = held
    row[.orgs].eachPart { part in
      guard let org = orgs.place(of: String(decoding: part, as: UTF8.self)) else {
        return faults.add(row, "orgSourcedIds", part, rule: "roster.reference", "orgs.csv has no org of this id.")
      }
      found.append(HeldRole(role: role, org: Int32(org), isPrimary: found.isEmpty, isGone: false))
    }
    if row[.orgs].isEmpty {
      faults.add(row, "orgSourcedIds", row[.orgs], rule: "csv.required", "'orgSourcedIds' is empty.")
    }
    held = found
  }

  /// The roles of roles.csv; in a file of changes those that stand, changed by them.
  private func toldRoles(of user: UInt64, _ id: Cell, isDelta: Bool, _ held: inout [HeldRole]) throws {
    guard isDelta else {
      roles.append(rolesOf: user, to: &held)
      return held.removeAll(where: \.isGone)
    }
    try standingRoles(id, &held)
    var told: [HeldRole] = []
    roles.append(rolesOf: user, to: &told)
    for role in told {
      held.removeAll { $0.org == role.org && $0.role.group == role.role.group }
      if !role.isGone { held.insert(role, at: role.isPrimary ? 0 : held.count) }
    }
  }

  private func standingRoles(_ id: Cell, _ held: inout [HeldRole]) throws {
    let text = String(decoding: id, as: UTF8.self)
    for place in plan.districts.indices {
      let district = plan.districts[place].district
      if indexes[RowKind.guardian.place]?.refers(key(place, id), isDelta: true) ?? false,
        let org = orgs.all.firstIndex(where: { $0.district == place })
      {
        held.append(HeldRole(role: .guardian, org: Int32(org), isPrimary: false, isGone: false))
      }
      guard let standing = try PersonStore.rows(of: [text], in: district, transaction)[text], standing.leftAt == nil
      else { continue }
      let role = SourceRole.allCases.first { $0.word == standing.row.position } ?? .other
      for org in PersonRow.list(standing.row.orgs) {
        guard let place = orgs.place(of: org) else { continue }
        held.append(HeldRole(role: role, org: Int32(place), isPrimary: held.isEmpty, isGone: false))
      }
    }
  }

  // MARK: - One user

  private func readUser(
    _ row: FileRow, _ id: Cell, _ held: [HeldRole], _ mode: FileMode.Mode, _ check: CellCheck
  ) throws {
    var seen = -1
    // Nearly every user is of one district.
    for role in held where !role.isGone {
      guard let district = orgs.all[Int(role.org)].district, district != seen else { continue }
      if seen >= 0, held.first(where: { orgs.all[Int($0.org)].district == district })?.org != role.org { continue }
      seen = district
      let own = held.filter { !$0.isGone && orgs.all[Int($0.org)].district == district }
      let groups = own.map(\.role.group)
      if groups.contains(.student) || groups.contains(.staff) {
        try person(row, id, district, own, isStudent: groups.contains(.student), mode, check)
      }
      if groups.contains(.guardian) { try guardian(row, id, district, own, check) }
    }
  }

  private static let names: [Field] = [
    .givenName, .middleName, .familyName, .preferredGiven, .preferredMiddle, .preferredFamily,
  ]

  private func person(
    _ row: FileRow, _ id: Cell, _ district: Int, _ held: [HeldRole], isStudent: Bool, _ mode: FileMode.Mode,
    _ check: CellCheck
  ) throws {
    guard let number = check.text(row, .identifier, limit: 64), let username = check.text(row, .username),
      let email = check.text(row, .email, limit: 254), let grades = check.text(row, .grades)
    else { return }
    let own = held.filter { $0.role.group == (isStudent ? .student : .staff) }
    begin()
    put(isStudent ? "student" : "staff")
    put(own.first?.role.word ?? "")
    put(number)
    for name in Self.names {
      let isRequired = name == .givenName || name == .familyName
      guard let cell = check.text(row, name, isRequired: isRequired) else { return }
      put(cell)
    }
    put(username)
    put(email)
    put(grades)
    putOrgs(own, main: row[.primaryOrg])
    guard isStudent else {
      put("")
      return try tell(.person, district, id, row)
    }
    let list = row[.agents]
    guard list.count <= 8192 else {
      return faults.add(row, "agentSourcedIds", list, rule: "roster.text", "'agentSourcedIds' has at most 8,192 bytes.")
    }
    putAgents(list, district, row)
    if !number.isEmpty { checkNumber(number, id, district, row, mode) }
    try tell(.person, district, id, row)
  }

  /// The ids of the orgs, the main one first.
  private func putOrgs(_ held: [HeldRole], main: Cell) {
    let mainID = main.isEmpty ? nil : String(decoding: main, as: UTF8.self)
    func rank(_ role: HeldRole) -> Int {
      orgs.all[Int(role.org)].id == mainID ? 0 : role.isPrimary ? 1 : 2
    }
    guard held.count > 1 else { return put(held.first.map { orgs.all[Int($0.org)].id } ?? "") }
    var ids: [String] = []
    for role in (0...2).flatMap({ wanted in held.filter { rank($0) == wanted } }) {
      let id = orgs.all[Int(role.org)].id
      if !ids.contains(id) { ids.append(id) }
    }
    put(ids.joined(separator: ","))
  }

  private func putAgents(_ list: Cell, _ district: Int, _ row: FileRow) {
    put("")
    var isFirst = true
    list.eachPart { part in
      guard part.count <= 255 else {
        return faults.add(row, "agentSourcedIds", part, rule: "roster.id", "An id has at most 255 bytes.")
      }
      if !isFirst { body.append(UInt8(ascii: ",")) }
      isFirst = false
      body.append(contentsOf: part)
      agents.append(AgentReference(user: key(-1, part), inDistrict: key(district, part), line: row.line))
    }
  }

  private func guardian(_ row: FileRow, _ id: Cell, _ district: Int, _ held: [HeldRole], _ check: CellCheck) throws {
    guard let given = check.text(row, .givenName), let family = check.text(row, .familyName),
      let email = check.text(row, .email, limit: 254), let phone = check.text(row, .phone, limit: 64),
      let mobile = check.text(row, .sms, limit: 64)
    else { return }
    begin()
    put(held.first { $0.role.group == .guardian }?.role.word ?? "")
    for cell in [given, family, email, phone, mobile] { put(cell) }
    try tell(.guardian, district, id, row)
  }

  // MARK: - Rules of users together

  private func checkNumber(_ number: Cell, _ id: Cell, _ district: Int, _ row: FileRow, _ mode: FileMode.Mode) {
    if let first = numbers.insert(key(district, number), Int32(clamping: row.line)) {
      faults.add(
        row, "identifier", number, rule: "roster.number-repeated",
        "Line \(first) has this number already; a district gives each student one of their own.")
    } else if mode == .delta {
      changedNumbers.append(
        ChangedNumber(
          district: district, number: String(decoding: number, as: UTF8.self), id: String(decoding: id, as: UTF8.self),
          line: row.line))
    }
  }

  /// In a file of changes a number may be that of a student who stands and of whom the file says nothing.
  private func checkChangedNumbers() throws {
    for (place, district) in plan.districts.enumerated() {
      let own = changedNumbers.filter { $0.district == place }
      for first in stride(from: 0, to: own.count, by: 256) {
        let part = own[first..<min(first + 256, own.count)]
        let holders = try PersonStore.students(numbered: part.map(\.number), in: district.district, transaction)
        for changed in part {
          let other = holders[changed.number, default: []].first { id in
            id != changed.id && (indexes[RowKind.person.place]?.isUntold(key(place, id)) ?? false)
          }
          guard other != nil else { continue }
          faults.add(
            Fault(
              file: "users.csv", line: changed.line, field: "identifier", value: changed.number,
              code: "roster.number-repeated", message: "Another student of the district has this number."))
        }
      }
    }
  }

  private func checkAgents(isDelta: Bool) {
    faults.file = "users.csv"
    defer { faults.file = nil }
    for agent in agents where users[agent.user] == nil {
      if isDelta, indexes[RowKind.guardian.place]?.refers(agent.inDistrict, isDelta: true) ?? false { continue }
      if isDelta, indexes[RowKind.person.place]?.refers(agent.inDistrict, isDelta: true) ?? false { continue }
      faults.add(
        Fault(
          line: agent.line, field: "agentSourcedIds", code: "roster.reference",
          message: "users.csv has no user of an id in this list."))
    }
    agents = []
  }
}
