import Serving
import Vocabulary

extension ImportReading {
  /// Classes: each belongs to the district of its school.
  func readClasses(_ files: ExportFiles) throws {
    guard files.has("classes.csv") || files.has("enrollments.csv") else { return }
    try load(.schoolClass)
    guard files.has("classes.csv") else { return }
    var mode = mode("classes")
    let check = CellCheck(table: .classes, faults: faults)
    try read(files, .classes, most: limits.classes) { row in
      guard let keeps = mode.keeps(row, faults), let id = check.id(row) else { return }
      if let first = classes.insert(key(-1, id), Int32(clamping: row.line)) { return repeated(row, id, Int(first)) }
      let standing = classDistricts[key(-1, id)]
      guard keeps else {
        guard standing != Self.severalDistricts else {
          return faults.add(
            row, "sourcedId", id, rule: "roster.reference",
            "Classes of this id stand in several districts; take it away in a file of that district.")
        }
        if let standing { try remove(.schoolClass, Int(standing), id, row) }
        return passGone([.schoolClass], id, file: "classes.csv")
      }
      guard let school = check.id(row, .school), let title = check.text(row, .title, isRequired: true),
        let code = check.text(row, .classCode, limit: 64), let grades = check.text(row, .grades)
      else { return }
      let name = String(decoding: school, as: UTF8.self)
      if orgs.place(of: name) == nil, let other = aside[.org, key(-1, school)] {
        aside.pass("classes.csv", other)
        aside.insert(.schoolClass, key(-1, id), other)
        if mode.mode == .delta, let standing, standing >= 0 { try remove(.schoolClass, Int(standing), id, row) }
        return
      }
      guard let org = orgs.place(of: name), let district = orgs.all[org].district else {
        return faults.add(
          row, "schoolSourcedId", school, rule: "roster.reference",
          orgs.place(of: name) == nil ? orgs.fault(of: name) : "The org is of no district.")
      }
      begin()
      for cell in [school, title, code, grades] { put(cell) }
      try tell(.schoolClass, district, id, row)
      // It went over to a school of another district.
      if mode.mode == .delta, let standing, standing >= 0, Int(standing) != district {
        try remove(.schoolClass, Int(standing), id, row)
      }
      classDistricts.replace(key(-1, id), Int32(district))
    }
    try close(.schoolClass, mode)
  }

  private static let memberRoles = ["student", "teacher", "aide", "proctor", "administrator"]

  /// OneRoster's enrollments: who is in which class.
  func readEnrollments(_ files: ExportFiles) throws {
    guard files.has("enrollments.csv") else { return try leaveClasses() }
    try load(.person)
    try load(.membership)
    var mode = mode("enrollments")
    let check = CellCheck(table: .enrollments, faults: faults)
    try read(files, .enrollments, most: limits.enrollments) { row in
      guard let keeps = mode.keeps(row, faults), let id = check.id(row) else { return }
      guard keeps else {
        // Its class may be gone too: whatever district it is of.
        for place in plan.districts.indices { try remove(.membership, place, id, row) }
        return passGone([.membership], id, file: "enrollments.csv")
      }
      try enrollment(row, id, check, isDelta: mode.mode == .delta)
    }
    try close(.membership, mode)
  }

  private func enrollment(_ row: FileRow, _ id: Cell, _ check: CellCheck, isDelta isChange: Bool) throws {
    guard let schoolClass = check.id(row, .schoolClass), let user = check.id(row, .user),
      let begins = check.date(row, .begins), let ends = check.date(row, .ends)
    else { return }
    let role = row[.role]
    guard role.equals("student") || role.equals("teacher") || Self.memberRoles.contains(role.word) else {
      return faults.add(
        row, "role", role, rule: "roster.role", "'role' is one of \(Self.memberRoles.joined(separator: ", ")).")
    }
    guard let found = classDistricts[key(-1, schoolClass)], found >= 0,
      let classes = indexes[RowKind.schoolClass.place],
      classes.refers(key(Int(found), schoolClass), isDelta: isDelta[RowKind.schoolClass.place])
    else {
      if let other = aside[.schoolClass, key(-1, schoolClass)] {
        aside.pass("enrollments.csv", other)
        return try passOver(membership: id, row, isChange: isChange)
      }
      return faults.add(
        row, "classSourcedId", schoolClass, rule: "roster.reference",
        "classes.csv has no class of this id.\(aside.hint)")
    }
    let district = Int(found)
    guard let people = indexes[RowKind.person.place],
      people.refers(key(district, user), isDelta: isDelta[RowKind.person.place])
    else {
      if passed.contains(key(district, user)) {
        passed.memberships += 1
        return try passOver(membership: id, row, isChange: isChange)
      }
      if let other = aside[.person, key(-1, user)] {
        aside.pass("enrollments.csv", other)
        return try passOver(membership: id, row, isChange: isChange)
      }
      return faults.add(
        row, "userSourcedId", user, rule: "roster.reference",
        "users.csv has no student or member of staff of this id in the class's district.\(aside.hint)")
    }
    begin()
    for cell in [schoolClass, user, role, begins, ends] { put(cell) }
    try tell(.membership, district, id, row)
    guard isChange else { return }
    // With its class it went over to another district.
    for place in plan.districts.indices where place != district && isUntold(.membership, place, id) {
      try remove(.membership, place, id, row)
    }
  }

  /// Of a class or a person in a roster set aside, or of somebody without a role: where the membership stood before, it stands no
  /// more.
  private func passOver(membership id: Cell, _ row: FileRow, isChange: Bool) throws {
    guard isChange else { return }
    for place in plan.districts.indices where isUntold(.membership, place, id) {
      try remove(.membership, place, id, row)
    }
  }
}
