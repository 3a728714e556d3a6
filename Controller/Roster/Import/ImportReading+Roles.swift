import Serving
import Storage
import Vocabulary

extension ImportReading {
  /// 1.2 keeps a user's roles and orgs in a file of their own, which is read before the users.
  func readRoles(_ files: ExportFiles) throws -> FileMode.Mode {
    var mode = mode("roles")
    let check = CellCheck(table: .roles, faults: faults)
    _ = try files.read(.roles, rows: Self.rowLimit, faults) { row in
      guard let keeps = mode.keeps(row, faults), check.id(row) != nil, let user = check.id(row, .user),
        let orgID = check.id(row, .org)
      else { return }
      guard let role = SourceRole(row[.role]) else {
        return faults.add(row, "role", row[.role], rule: "roster.role", "'role' is one of \(SourceRole.words).")
      }
      guard let org = orgs.place(of: String(decoding: orgID, as: UTF8.self)) else {
        return faults.add(row, "orgSourcedId", orgID, rule: "roster.reference", "orgs.csv has no org of this id.")
      }
      let held = HeldRole(
        role: role, org: Int32(org), isPrimary: row[.roleType].equals("primary"), isGone: !keeps)
      let id = mode.mode == .delta ? String(decoding: user, as: UTF8.self) : nil
      roles.add(held, user: key(-1, user), line: row.line, id: id)
    }
    return mode.mode
  }

  /// Roles of users of whom users.csv does not tell: in a whole file there is none, in one of changes these people's rows
  /// change as their roles do.
  func readRolesAlone(_ mode: FileMode.Mode) throws {
    faults.file = "roles.csv"
    defer { faults.file = nil }
    var done: Set<UInt64> = []
    for entry in roles.entries where users[entry.user] == nil {
      guard mode == .delta, let id = roles.ids[entry.user] else {
        faults.add(
          Fault(
            line: Int(entry.line), field: "userSourcedId", code: "roster.reference",
            message: "users.csv has no user of this id."))
        continue
      }
      guard done.insert(entry.user).inserted else { continue }
      var held: [HeldRole] = []
      roles.append(rolesOf: entry.user, to: &held)
      if try !changeRoles(of: id, held), held.contains(where: { !$0.isGone }) {
        faults.add(
          Fault(
            line: Int(entry.line), field: "userSourcedId", value: id, code: "roster.reference",
            message: "Nobody of this id stands in the roster, and users.csv does not tell of them."))
      }
    }
  }

  /// Tells of a standing person anew with the roles that changed; whether there is one.
  private func changeRoles(of id: String, _ held: [HeldRole]) throws -> Bool {
    var isThere = false
    for place in plan.districts.indices {
      let district = plan.districts[place].district
      guard var row = try PersonStore.rows(of: [id], in: district, transaction)[id]?.row else { continue }
      isThere = true
      var own = PersonRow.list(row.orgs)
      for role in held where orgs.all[Int(role.org)].district == place && role.role.group != .guardian {
        let org = orgs.all[Int(role.org)].id
        own.removeAll { $0 == org }
        guard !role.isGone else { continue }
        own.insert(org, at: role.isPrimary ? 0 : own.count)
        row.role = role.role.group == .student ? "student" : "staff"
        row.position = role.role.word
      }
      row.orgs = own.joined(separator: ",")
      try Array(id.utf8).withUnsafeBufferPointer { id in
        guard !own.isEmpty else { return try remove(.person, place, id, .none) }
        body = row.body
        try tell(.person, place, id, .none)
      }
    }
    return isThere
  }
}
