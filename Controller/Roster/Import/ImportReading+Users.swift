import Serving
import Storage
import Vocabulary

extension ImportReading {
  /// The most roles, and so schools, of a user.
  static let roleLimit = 64

  /// Users: students and staff become people of each district that they have a role in, guardians are kept apart.
  func readUsers(_ files: ExportFiles) throws {
    guard files.has("users.csv") || files.has("roles.csv") else { return }
    try load(.person)
    try load(.guardian)
    let isSecond = manifest?.version == .two
    let rolesMode = isSecond ? try readRoles(files) : .delta
    guard files.has("users.csv") else {
      try readRolesAlone(rolesMode, files)
      return try checkStandingNumbers("roles.csv")
    }
    let table: FileTable = isSecond ? .users12 : .users11
    var mode = mode("users")
    let check = CellCheck(table: table, faults: faults)
    var held: [HeldRole] = []
    try read(files, table, most: limits.users) { row in
      guard let id = check.id(row) else { return }
      let user = key(-1, id)
      if let first = users.insert(user, Int32(clamping: row.line)) { return repeated(row, id, Int(first)) }
      guard let keeps = mode.keeps(row, faults) else { return }
      guard keeps else { return try removeUser(id, row) }
      held.removeAll(keepingCapacity: true)
      let isSound =
        isSecond
        ? try toldRoles(of: user, id, row, isDelta: mode.mode == .delta && rolesMode == .delta, &held)
        : ownRoles(of: user, row, &held)
      guard isSound else { return }
      try readUser(row, id, held, check)
      if mode.mode == .delta { try leaveElsewhere(id, row) }
    }
    try checkAgents(files, table, isDelta: mode.mode == .delta)
    if isSecond { try readRolesAlone(rolesMode, files) }
    plan.hasEverybody = mode.mode == .bulk
    if mode.mode == .delta { try checkStandingNumbers("users.csv") }
    try close(.person, mode)
    try close(.guardian, mode)
  }

  private func removeUser(_ id: Cell, _ row: FileRow) throws {
    for place in plan.districts.indices {
      try remove(.person, place, id, row)
      try remove(.guardian, place, id, row)
    }
    passGone([.person, .guardian], id, file: "users.csv")
  }

  /// In a file of changes, where a user stands and has no role any more they have left: they moved to another district.
  private func leaveElsewhere(_ id: Cell, _ row: FileRow) throws {
    for place in plan.districts.indices {
      for kind in [RowKind.person, .guardian] where isUntold(kind, place, id) { try remove(kind, place, id, row) }
    }
  }

  // MARK: - Roles

  /// 1.1 has one role and the orgs in the user's own row; false where that cannot be read, which was told.
  private func ownRoles(of user: UInt64, _ row: FileRow, _ held: inout [HeldRole]) -> Bool {
    guard let role = SourceRole(row[.role]) else {
      faults.add(row, "role", row[.role], rule: "roster.role", "'role' is one of \(SourceRole.words).")
      return false
    }
    var found = held
    var isOver = false
    row[.orgs].eachPart { part in
      let id = String(decoding: part, as: UTF8.self)
      guard let org = orgs.place(of: id) else {
        if let other = aside[.org, key(-1, part)] { return aside.setRole(of: user, in: other) }
        return faults.add(row, "orgSourcedIds", part, rule: "roster.reference", orgs.fault(of: id))
      }
      guard !found.contains(where: { $0.org == Int32(org) }) else { return }
      guard found.count < Self.roleLimit else {
        isOver = true
        return
      }
      found.append(HeldRole(role: role, org: Int32(org), isPrimary: found.isEmpty, isGone: false))
    }
    if row[.orgs].isEmpty {
      faults.add(row, "orgSourcedIds", row[.orgs], rule: "csv.required", "'orgSourcedIds' is empty.")
    }
    if isOver {
      faults.add(
        row, "orgSourcedIds", row[.orgs], rule: "roster.too-many", "A user has at most \(Self.roleLimit) orgs.")
    }
    held = found
    _ = passUser(user)
    return true
  }

  /// Whether the user has a role in a roster set aside: what the row says of it is passed over, and the user stands there.
  private func passUser(_ user: UInt64) -> Bool {
    guard let other = aside.role(of: user) else { return false }
    aside.pass("users.csv", other)
    aside.insert(.person, user, other)
    return true
  }

  /// The roles of roles.csv; in a file of changes those that stand, changed by them. False where the user has none, which
  /// was told.
  private func toldRoles(
    of user: UInt64, _ id: Cell, _ row: FileRow, isDelta: Bool, _ held: inout [HeldRole]
  ) throws -> Bool {
    var told: [HeldRole] = []
    roles.append(rolesOf: user, to: &told)
    guard told.count(where: { !$0.hasEnded }) <= Self.roleLimit else {
      faults.add(row, "sourcedId", id, rule: "roster.too-many", "A user has at most \(Self.roleLimit) roles.")
      return false
    }
    if isDelta { try standingRoles(id, &held) }
    for role in told {
      held.removeAll { $0.org == role.org && $0.role.group == role.role.group && isDelta }
      if !role.isGone { held.insert(role, at: isDelta && role.isPrimary ? 0 : held.count) }
    }
    if passUser(user) { return true }
    // In a file of changes, whose last role is gone has left.
    if held.isEmpty, !isDelta || told.isEmpty {
      // Whoever has no role on that day has left, or is yet to come.
      if passed.contains(user) { return true }
      if isDelta, let other = aside[.person, user] ?? aside[.guardian, user] {
        aside.pass("users.csv", other)
        return true
      }
      faults.add(
        row, "sourcedId", id, rule: "roster.reference", "roles.csv has no role of this user; each has one.")
      return false
    }
    return true
  }

  private func standingRoles(_ id: Cell, _ held: inout [HeldRole]) throws {
    let text = String(decoding: id, as: UTF8.self)
    for place in plan.districts.indices {
      let district = plan.districts[place].district
      if stands(.guardian, place, id), let org = orgs.all.firstIndex(where: { $0.district == place }) {
        held.append(HeldRole(role: .guardian, org: Int32(org), isPrimary: false, isGone: false))
      }
      guard stands(.person, place, id),
        let standing = try PersonStore.rows(of: [text], in: district, transaction)[text], standing.leftAt == nil
      else { continue }
      let role = SourceRole.allCases.first { $0.word == standing.row.position } ?? .other
      for org in PersonRow.list(standing.row.orgs) {
        guard let org = orgs.place(of: org, in: place) else { continue }
        held.append(HeldRole(role: role, org: Int32(org), isPrimary: held.isEmpty, isGone: false))
      }
    }
  }

  // MARK: - One user

  private func readUser(_ row: FileRow, _ id: Cell, _ held: [HeldRole], _ check: CellCheck) throws {
    for (index, role) in held.enumerated() where !role.isGone {
      // Nearly every user is of one district, and each is done once.
      guard let district = orgs.all[Int(role.org)].district,
        !held[..<index].contains(where: { !$0.isGone && orgs.all[Int($0.org)].district == district })
      else { continue }
      let own = held.filter { !$0.isGone && orgs.all[Int($0.org)].district == district }
      let groups = own.map(\.role.group)
      if groups.contains(.student) || groups.contains(.staff) {
        try person(row, id, district, own, isStudent: groups.contains(.student), check)
      }
      if groups.contains(.guardian) { try guardian(row, id, district, own, check) }
    }
  }

  private static let names: [Field] = [
    .givenName, .middleName, .familyName, .preferredGiven, .preferredMiddle, .preferredFamily,
  ]

  private func person(
    _ row: FileRow, _ id: Cell, _ district: Int, _ held: [HeldRole], isStudent: Bool, _ check: CellCheck
  ) throws {
    guard let number = check.text(row, .identifier, limit: 64), let username = check.text(row, .username),
      let email = check.text(row, .email, limit: 254), let grades = check.text(row, .grades)
    else { return }
    let own = held.filter { $0.role.group == (isStudent ? .student : .staff) }
    guard own.count <= Self.roleLimit else {
      return faults.add(
        row, "sourcedId", id, rule: "roster.too-many",
        "With those that stand, this user has over \(Self.roleLimit) roles in a district.")
    }
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
    putAgents(district, row)
    if !number.isEmpty { checkNumber(number, district, row, check.table.title(of: .identifier)) }
    try tell(.person, district, id, row)
  }

  /// The ids of the orgs, the main one first.
  private func putOrgs(_ held: [HeldRole], main: Cell) {
    let mainID = main.isEmpty ? nil : String(decoding: main.prefix(256), as: UTF8.self)
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
}
