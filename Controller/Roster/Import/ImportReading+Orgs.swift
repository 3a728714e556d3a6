import Serving
import Vocabulary

extension ImportReading {
  private static let orgTypes = ["department", "school", "district", "local", "state", "national"]

  /// An org as the file tells of it; gone where it does not keep it.
  typealias ToldOrg = (org: OrgTable.Org, keeps: Bool)

  /// Reads the orgs, finds the district of each, and tells of those that have one.
  func readOrgs(_ files: ExportFiles) throws {
    if let only { _ = try place(of: only) }
    let hasFile = files.has("orgs.csv")
    var mode = mode("orgs")
    var told = try toldOrgs(files, &mode)
    let standing = !hasFile || mode.mode == .delta ? try standingOrgs() : []
    if only == nil, !hasFile || mode.mode == .delta {
      told = try withoutAside(told, standing: Set(standing.map(\.id)))
    }
    for (org, keeps) in told where keeps && orgs.add(org) != nil { repeatedOrg(org) }
    try faults.throwIfAny()
    let gone = Set(told.filter { !$0.keeps }.map(\.org.id))
    for org in standing where !gone.contains(org.id) { orgs.stands(org) }
    checkParents(told, isWhole: mode.mode == .bulk)
    try findDistricts()
    try load(.org)
    guard hasFile else { return }
    try tellOrgs(told)
    try close(.org, mode)
  }

  private func toldOrgs(_ files: ExportFiles, _ mode: inout FileMode) throws -> [ToldOrg] {
    var told: [ToldOrg] = []
    let check = CellCheck(table: .orgs, faults: faults)
    try read(files, .orgs, most: limits.orgs) { row in
      guard let keeps = mode.keeps(row, faults), let id = check.id(row) else { return }
      let type = row[.type].word
      if keeps, !Self.orgTypes.contains(type) {
        faults.add(
          row, "type", row[.type], rule: "roster.type", "'type' is one of \(Self.orgTypes.joined(separator: ", ")).")
      }
      guard let name = check.text(row, .name, isRequired: keeps), let number = check.text(row, .identifier, limit: 64),
        let parent = check.text(row, .parent, limit: 255)
      else { return }
      let org = OrgTable.Org(
        id: String(decoding: id, as: UTF8.self),
        row: OrgRow(
          type: type, name: String(decoding: name, as: UTF8.self), identifier: String(decoding: number, as: UTF8.self)),
        parent: String(decoding: parent, as: UTF8.self), line: row.line, district: nil)
      told.append((org, keeps))
    }
    return told
  }

  private func repeatedOrg(_ org: OrgTable.Org) {
    faults.add(
      Fault(
        file: "orgs.csv", line: org.line, field: "sourcedId", value: org.id, code: "roster.repeated",
        message: "The id stands twice in the file."))
  }

  /// In a file of changes, orgs that it does not tell of are those that stand. A state's goes on from the rosters that
  /// came from the state alone: elsewhere its ids may be anybody's.
  private func standingOrgs() throws -> [OrgTable.Org] {
    let districts = try only.map { [$0] } ?? RosterSettings.districts(fedBy: .state, transaction)
    return try districts.flatMap { district in
      let place = try place(of: district)
      return try OrgStore.standing(in: district, transaction).map { id, row in
        OrgTable.Org(id: id, row: row, parent: "", line: 0, district: place)
      }
    }
  }

  /// What is above a district or a state need not be in the file; nor, in a district's own changes, what stands.
  private func checkParents(_ told: [ToldOrg], isWhole: Bool) {
    guard isWhole || only == nil else { return }
    for (org, keeps) in told where keeps && !org.parent.isEmpty {
      guard !["district", "state", "national"].contains(org.row.type), orgs.place(of: org.parent) == nil else {
        continue
      }
      faults.add(
        Fault(
          file: "orgs.csv", line: org.line, field: "parentSourcedId", value: org.parent, code: "roster.reference",
          message: orgs.fault(of: org.parent)))
    }
  }

  // MARK: - Districts

  /// Which of our districts each org belongs to. A state's districts are known by their identifier; a district's own file
  /// may tell of that one alone.
  private func findDistricts() throws {
    let ours = DistrictTable(try only.map { [try OrgStore.names(of: $0, transaction)] } ?? OrgStore.names(transaction))
    var found: [Int: Int] = [:]
    // Of a state's file, the org that each of ours is.
    var lines: [Int: Int] = [:]
    for org in orgs.all where org.row.type == "district" { org.district.map { lines[$0] = org.line } }
    let listed = orgs.all.indices.filter { orgs.all[$0].row.type == "district" && orgs.all[$0].district == nil }
    for index in listed {
      let org = orgs.all[index]
      let answering = ours.answering(to: org.row.identifier)
      if answering.count == 1 {
        let place = try place(of: answering[0])
        found[index] = place
        if only == nil, let line = lines.updateValue(org.line, forKey: place) {
          tellDistrict(org, Self.twice(answering[0], line))
        }
      } else if answering.count > 1 {
        tellDistrict(
          org,
          "Several districts of ours have this identifier: \(answering.prefix(20).map(\.rawValue).joined(separator: ", ")). Give each its own with 'rollcall roster set'."
        )
      } else if only != nil, org.row.identifier.isEmpty, listed.count == 1 {
        found[index] = 0
      } else {
        tellDistrict(org, Self.stranger(only))
      }
    }
    try faults.throwIfAny()
    try placeOrgs(found)
  }

  private func tellDistrict(_ org: OrgTable.Org, _ message: String) {
    faults.add(
      Fault(
        file: "orgs.csv", line: org.line, field: "identifier", value: org.row.identifier, code: "roster.district",
        message: message))
  }

  private static func twice(_ district: DistrictID, _ line: Int) -> String {
    "\(line > 0 ? "The org of line \(line)" : "An org that stands") is '\(district)' already; each district of ours is one org."
  }

  private static func stranger(_ only: DistrictID?) -> String {
    only.map {
      "This file is for the district '\($0)' alone; this org is another one. Its identifier must be '\($0)', or the one that the state set with 'rollcall roster set'."
    }
      ?? "No district of ours has this identifier. Make it with 'rollcall district create', or give one its identifier with 'rollcall roster set'."
  }

  private func placeOrgs(_ found: [Int: Int]) throws {
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

  // MARK: - What the file tells

  private func tellOrgs(_ told: [ToldOrg]) throws {
    faults.file = "orgs.csv"
    defer { faults.file = nil }
    for (org, keeps) in told {
      let row = FileRow.empty(line: org.line)
      try Array(org.id.utf8).withUnsafeBufferPointer { id in
        guard keeps else { return try removeOrg(id, row) }
        guard let index = orgs.place(of: org.id), let district = orgs.all[index].district else { return }
        body = org.row.body
        try tell(.org, district, id, row)
      }
    }
  }

  private func removeOrg(_ id: Cell, _ row: FileRow) throws {
    guard plan.districts.indices.filter({ stands(.org, $0, id) }).count < 2 else {
      return faults.add(
        row, "sourcedId", id, rule: "roster.reference",
        "Orgs of this id stand in several districts; take it away in a file of that district.")
    }
    for place in plan.districts.indices { try remove(.org, place, id, row) }
  }
}

/// Our districts by what a source may call them.
private struct DistrictTable {
  private let ids: Set<DistrictID>
  private let identifiers: [String: [DistrictID]]

  init(_ names: [DistrictNames]) {
    ids = Set(names.map(\.district))
    identifiers = Dictionary(grouping: names.filter { $0.identifier != nil }) { $0.identifier ?? "" }
      .mapValues { $0.map(\.district) }
  }

  /// Whose id it is, or else all whose identifier it is.
  func answering(to text: String) -> [DistrictID] {
    if let id = DistrictID(rawValue: text.lowercased()), ids.contains(id) { return [id] }
    return text.isEmpty ? [] : identifiers[text] ?? []
  }
}
