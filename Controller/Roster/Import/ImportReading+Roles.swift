import Serving
import Storage
import Vocabulary

extension ImportReading {
  /// 1.2 keeps a user's roles and orgs in a file of their own, which is read before the users.
  func readRoles(_ files: ExportFiles) throws -> FileMode.Mode {
    var mode = mode("roles")
    let check = CellCheck(table: .roles, faults: faults)
    try read(files, .roles, most: limits.roles) { row in
      guard let keeps = mode.keeps(row, faults), check.id(row) != nil, let user = check.id(row, .user),
        let orgID = check.id(row, .org), let begins = check.date(row, .begins), let ends = check.date(row, .ends)
      else { return }
      guard let role = SourceRole(row[.role]) else {
        return faults.add(row, "role", row[.role], rule: "roster.role", "'role' is one of \(SourceRole.words).")
      }
      let name = String(decoding: orgID, as: UTF8.self)
      let term: RoleTerm = keeps ? .of(begins, ends, on: day) : .current
      if term != .current {
        let district = orgs.place(of: name).flatMap { orgs.all[$0].district }
        passed.add(term, key(-1, user), inDistrict: district.map { key($0, user) })
        // In a file of changes one that has ended is gone where it stood; one that is to come may be another than that.
        guard term == .ended, mode.mode == .delta, orgs.place(of: name) != nil else { return }
      }
      guard let org = orgs.place(of: name) else {
        if let other = aside[.org, key(-1, orgID)] {
          aside.pass("roles.csv", other)
          return aside.setRole(of: key(-1, user), in: other)
        }
        return faults.add(row, "orgSourcedId", orgID, rule: "roster.reference", orgs.fault(of: name))
      }
      let held = HeldRole(
        role: role, org: Int32(org), isPrimary: row[.roleType].equals("primary"), isGone: !keeps || term == .ended,
        hasEnded: term == .ended)
      let id = mode.mode == .delta ? String(decoding: user, as: UTF8.self) : nil
      roles.add(held, user: key(-1, user), line: row.line, id: id)
    }
    if files.has("roles.csv"), mode.mode == .delta { hasChanges = true }
    return mode.mode
  }

  /// Roles of users of whom users.csv does not tell: in a whole file there is none, in one of changes these people's rows
  /// change as their roles do.
  func readRolesAlone(_ mode: FileMode.Mode, _ files: ExportFiles) throws {
    faults.file = "roles.csv"
    defer { faults.file = nil }
    var done: Set<UInt64> = []
    var missing: [Int] = []
    for entry in roles.entries where users[entry.user] == nil {
      guard mode == .delta, let id = roles.ids[entry.user] else {
        missing.append(Int(entry.line))
        continue
      }
      guard done.insert(entry.user).inserted else { continue }
      var held: [HeldRole] = []
      roles.append(rolesOf: entry.user, to: &held)
      try Array(id.utf8).withUnsafeBufferPointer { bytes in
        let row = FileRow.empty(line: Int(entry.line))
        guard held.count(where: { !$0.hasEnded }) <= Self.roleLimit else {
          return faults.add(
            row, "userSourcedId", bytes, rule: "roster.too-many", "A user has at most \(Self.roleLimit) roles.")
        }
        let isGuardian = try changeGuardian(id, bytes, held, row)
        let isPerson = try changePerson(id, bytes, held, row)
        guard held.contains(where: { !$0.isGone && !($0.role.group == .guardian ? isGuardian : isPerson) }) else {
          return
        }
        faults.add(
          row, "userSourcedId", bytes, rule: "roster.reference",
          "Nobody of this id stands in the roster in such a role, and users.csv does not tell of them.\(aside.hint)")
      }
    }
    try tellMissing(missing, files)
  }

  /// Roles of users who are not there. Of a whole file no ids are kept: it is read once more for them.
  private func tellMissing(_ lines: [Int], _ files: ExportFiles) throws {
    guard !lines.isEmpty else { return }
    let listed = Set(lines.prefix(CSVFaults.kept))
    var ids: [Int: String] = [:]
    _ = try files.read(.roles, rows: limits.roles, FileFaults()) { row in
      if listed.contains(row.line) { ids[row.line] = row.text(.user) }
    }
    for line in lines {
      faults.add(
        Fault(
          line: line, field: "userSourcedId", value: ids[line], code: "roster.reference",
          message: "users.csv has no user of this id."))
    }
  }

  /// Tells of a student or member of staff anew with the roles that changed: where they stand, and where they come to.
  ///
  /// - Returns: whether anything is known of them.
  private func changePerson(_ id: String, _ bytes: Cell, _ held: [HeldRole], _ row: FileRow) throws -> Bool {
    let told = held.filter { $0.role.group != .guardian }
    var stored: [Int: PersonStore.Stored] = [:]
    for place in plan.districts.indices where knows(.person, place, bytes) {
      stored[place] = try PersonStore.rows(of: [id], in: plan.districts[place].district, transaction)[id]
    }
    // Of two, the row that has not left.
    let known = stored.sorted { $0.key < $1.key }.map(\.value)
    guard let model = known.first(where: { $0.leftAt == nil }) ?? known.first else { return false }
    for place in plan.districts.indices {
      let own = told.filter { orgs.all[Int($0.org)].district == place }
      let standing = stored[place].flatMap { $0.leftAt == nil ? $0 : nil }
      guard !own.isEmpty, standing != nil || own.contains(where: { !$0.isGone }) else { continue }
      var person = stored[place]?.row ?? model.row
      person.orgs = Self.changed(standing.map { PersonRow.list($0.row.orgs) } ?? [], by: own, orgs)
      guard !person.orgs.isEmpty else {
        try remove(.person, place, bytes, row)
        continue
      }
      if let last = own.last(where: { !$0.isGone }) {
        person.role = last.role.group == .student ? "student" : "staff"
        person.position = last.role.word
      }
      try tell(person, place, bytes, row)
    }
    return true
  }

  private func tell(_ person: PersonRow, _ place: Int, _ id: Cell, _ row: FileRow) throws {
    guard PersonRow.list(person.orgs).count <= Self.roleLimit else {
      return faults.add(
        row, "userSourcedId", id, rule: "roster.too-many",
        "With those that stand, this user has over \(Self.roleLimit) roles in a district.")
    }
    if person.role == "student", !person.number.isEmpty {
      Array(person.number.utf8).withUnsafeBufferPointer { checkNumber($0, place, row, "userSourcedId") }
    }
    body = person.body
    try tell(.person, place, id, row)
  }

  private static func changed(_ list: [String], by roles: [HeldRole], _ orgs: OrgTable) -> String {
    var list = list
    for role in roles {
      let org = orgs.all[Int(role.org)].id
      list.removeAll { $0 == org }
      if !role.isGone { list.insert(org, at: role.isPrimary ? 0 : list.count) }
    }
    return list.joined(separator: ",")
  }

  /// A guardian who stands is one in each district that the roles name; where they are one no more is not told by roles,
  /// of which no more is kept than that there was one.
  ///
  /// - Returns: whether they stand anywhere.
  private func changeGuardian(_ id: String, _ bytes: Cell, _ held: [HeldRole], _ row: FileRow) throws -> Bool {
    guard let home = plan.districts.indices.first(where: { stands(.guardian, $0, bytes) }) else { return false }
    let told = held.filter { $0.role.group == .guardian && !$0.isGone }
    for place in Set(told.compactMap { orgs.all[Int($0.org)].district }).sorted()
    where !stands(.guardian, place, bytes) {
      let district = plan.districts[home].district
      guard let known = try GuardianStore.rows(of: [id], in: district, contacts, transaction)[id] else { continue }
      body = known.body
      try tell(.guardian, place, bytes, row)
    }
    return true
  }
}
