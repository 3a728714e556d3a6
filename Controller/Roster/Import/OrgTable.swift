import Serving
import Vocabulary

/// Schools, districts and what is between them, by id: small enough to be held as text.
struct OrgTable {
  struct Org {
    let id: String
    let row: OrgRow
    let parent: String
    /// The line of the file; 0 for one that stands.
    let line: Int
    /// The place of its district in the plan; nil where it belongs to none.
    var district: Int?
  }

  private(set) var all: [Org] = []
  private var places: [String: Int] = [:]

  mutating func add(_ org: Org) -> Int? {
    if let known = places[org.id] { return known }
    places[org.id] = all.count
    all.append(org)
    return nil
  }

  mutating func set(_ district: Int?, at place: Int) { all[place].district = district }

  func place(of id: String) -> Int? { places[id] }

  /// The nearest org of type district above, or the org itself; nil where there is none.
  func district(above place: Int) -> Int? {
    var place = place
    // Parents may go in a circle.
    for _ in 0..<16 {
      if all[place].row.type == "district" { return place }
      guard let next = places[all[place].parent] else { return nil }
      place = next
    }
    return nil
  }
}

extension ImportReading {
  private static let orgTypes = ["department", "school", "district", "local", "state", "national"]
  private static let orgLimit = 100_000

  /// Reads the orgs, finds the district of each, and tells of those that have one.
  func readOrgs(_ files: ExportFiles) throws {
    if let only { _ = try place(of: only) }
    let hasFile = files.has("orgs.csv")
    var mode = mode("orgs")
    var told: [(org: OrgTable.Org, keeps: Bool)] = []
    let check = CellCheck(table: .orgs, faults: faults)
    _ = try files.read(.orgs, rows: Self.orgLimit, faults) { row in
      guard let keeps = mode.keeps(row, faults), let id = check.id(row) else { return }
      let type = row[.type].word
      if keeps, !Self.orgTypes.contains(type) {
        faults.add(
          row, "type", row[.type], rule: "roster.type", "'type' is one of \(Self.orgTypes.joined(separator: ", ")).")
      }
      guard let name = check.text(row, .name, isRequired: keeps), let number = check.text(row, .identifier, limit: 64)
      else { return }
      let org = OrgTable.Org(
        id: String(decoding: id, as: UTF8.self),
        row: OrgRow(
          type: type, name: String(decoding: name, as: UTF8.self), identifier: String(decoding: number, as: UTF8.self)),
        parent: row.text(.parent), line: row.line, district: nil)
      told.append((org, keeps))
    }
    for (org, keeps) in told {
      let known = keeps ? orgs.add(org) : nil
      if known != nil {
        faults.add(
          Fault(
            file: "orgs.csv", line: org.line, field: "sourcedId", value: org.id, code: "roster.repeated",
            message: "The id stands twice in the file."))
      }
    }
    try faults.throwIfAny()
    if !hasFile || mode.mode == .delta { try takeUpStandingOrgs(except: Set(told.filter { !$0.keeps }.map(\.org.id))) }
    try findDistricts()
    try load(.org)
    guard hasFile else { return }
    try tellOrgs(told)
    try close(.org, mode)
  }

  /// In a file of changes, orgs that it does not tell of are those that stand.
  private func takeUpStandingOrgs(except gone: Set<String>) throws {
    let districts = try only.map { [$0] } ?? RowStore.districts(transaction)
    for district in districts {
      let place = try place(of: district)
      for (id, row) in try OrgStore.standing(in: district, transaction) where !gone.contains(id) {
        let org = OrgTable.Org(id: id, row: row, parent: "", line: 0, district: place)
        if let known = orgs.add(org) { orgs.set(place, at: known) }
      }
    }
  }

  /// Which of our districts each org belongs to. A state's districts are known by their identifier; a district's own file
  /// may tell of that one alone.
  private func findDistricts() throws {
    let ours = try only.map { [try OrgStore.names(of: $0, transaction)] } ?? OrgStore.names(transaction)
    var found: [Int: Int] = [:]
    let listed = orgs.all.indices.filter { orgs.all[$0].row.type == "district" && orgs.all[$0].district == nil }
    for index in listed {
      let org = orgs.all[index]
      if let names = ours.first(where: { $0.answers(to: org.row.identifier) }) {
        found[index] = try place(of: names.district)
      } else if only != nil, org.row.identifier.isEmpty, listed.count == 1 {
        found[index] = 0
      } else {
        faults.add(
          Fault(
            file: "orgs.csv", line: org.line, field: "identifier", value: org.row.identifier, code: "roster.district",
            message: only.map {
              "This file is for the district '\($0)' alone; this org is another one. Its identifier must be '\($0)', or the one set with 'rollcall roster set'."
            }
              ?? "No district of ours has this identifier. Make it with 'rollcall district create', or give one its identifier with 'rollcall roster set'."
          ))
      }
    }
    try faults.throwIfAny()
    for index in orgs.all.indices where orgs.all[index].district == nil {
      let org = orgs.all[index]
      if let above = orgs.district(above: index) {
        orgs.set(found[above] ?? orgs.all[above].district, at: index)
      } else if only != nil, org.row.type != "state", org.row.type != "national" {
        orgs.set(0, at: index)
      } else if org.row.type == "school" {
        faults.add(
          Fault(
            file: "orgs.csv", line: org.line, field: "parentSourcedId", value: org.parent, code: "roster.reference",
            message: "No org of type district stands above this school."))
      }
    }
    try faults.throwIfAny()
  }

  private func tellOrgs(_ told: [(org: OrgTable.Org, keeps: Bool)]) throws {
    faults.file = "orgs.csv"
    defer { faults.file = nil }
    let row = FileRow.none
    for (org, keeps) in told {
      try Array(org.id.utf8).withUnsafeBufferPointer { id in
        guard keeps else {
          for place in plan.districts.indices { try remove(.org, place, id, row) }
          return
        }
        guard let index = orgs.place(of: org.id), let district = orgs.all[index].district else { return }
        body = org.row.body
        try tell(.org, district, id, row)
      }
    }
  }
}
