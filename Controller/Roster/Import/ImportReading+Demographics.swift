import Serving
import Storage
import Vocabulary

/// Birth dates and sexes: read where an import asks for them and the district allows it, and otherwise no byte of their file.
extension ImportReading {
  static let demographics = "demographics.csv"

  func readDemographics(_ files: ExportFiles) throws {
    guard files.has(Self.demographics) else {
      if asksDemographics { plan.notes.append("The archive has no demographics.csv; what is kept stays.") }
      return
    }
    guard asksDemographics else {
      plan.notes.append("demographics.csv was ignored: nothing of it was read, for nobody asked for it.")
      return
    }
    let open = try plan.districts.indices.filter {
      try RosterSettings.of(plan.districts[$0].district, transaction).demographics == .onRequest
    }
    guard !open.isEmpty else {
      plan.notes.append(
        "demographics.csv was ignored: nothing of it was read, for \(only.map { "'\($0)' keeps" } ?? "its districts keep") no demographics."
      )
      return
    }
    try load(.person)
    try load(.guardian)
    try load(.demographics)
    try readDemographics(files, of: open)
  }

  private func readDemographics(_ files: ExportFiles, of open: [Int]) throws {
    let check = CellCheck(table: .demographics, faults: faults)
    var mode = mode("demographics")
    var ignored = 0
    try read(files, .demographics, most: limits.users) { row in
      guard let id = check.id(row), let keeps = mode.keeps(row, faults) else { return }
      guard keeps else {
        for place in open { try remove(.demographics, place, id, row) }
        return passGone([.person, .guardian], id, file: Self.demographics)
      }
      let places = open.filter { isPerson(id, $0) }
      guard places.isEmpty else { return try tellDemographics(row, id, of: places, check) }
      // Guardians and people of other districts are users too; of them nothing is kept.
      guard isUser(id) else {
        if let other = aside[.person, key(-1, id)] ?? aside[.guardian, key(-1, id)] {
          return aside.pass(Self.demographics, other)
        }
        return faults.add(
          row, "sourcedId", id, rule: "roster.reference",
          "users.csv has no user of this id, and nobody stands under it.\(aside.hint)")
      }
      ignored += 1
    }
    if ignored > 0 {
      plan.notes.append(
        "Rows of demographics.csv that were passed over, being of guardians or of people of whom none are kept: \(ignored)."
      )
    }
    try close(.demographics, mode)
  }

  private func tellDemographics(_ row: FileRow, _ id: Cell, of places: [Int], _ check: CellCheck) throws {
    guard let born = check.date(row, .birthDate) else { return }
    let sex = row[.sex].word.lowercased()
    guard sex.isEmpty || DemographicsRow.sexes.contains(sex) else {
      return faults.add(
        row, "sex", row[.sex], rule: "roster.sex", "'sex' is one of \(DemographicsRow.sexes.joined(separator: ", ")).")
    }
    for place in places {
      // Who has neither has none.
      guard !born.isEmpty || !sex.isEmpty else {
        try remove(.demographics, place, id, row)
        continue
      }
      begin()
      put(born)
      put(sex)
      try tell(.demographics, place, id, row)
    }
  }

  private func isPerson(_ id: Cell, _ place: Int) -> Bool {
    indexes[RowKind.person.place]?.refers(key(place, id), isDelta: isDelta[RowKind.person.place]) ?? false
  }

  private func isUser(_ id: Cell) -> Bool {
    users[key(-1, id)] != nil
      || plan.districts.indices.contains { knows(.person, $0, id) || knows(.guardian, $0, id) }
  }
}
