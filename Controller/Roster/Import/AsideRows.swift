import Vocabulary

/// What stands in rosters that came from districts' own files, while a state's file of changes is read. It does not go on
/// from these: rows that tell of them are passed over and counted, for one district's choice must not stop the others.
struct AsideRows {
  /// By their places here.
  let districts: [DistrictID]
  /// By ``RowKind/place``: ids alone, and the place of a district where such a row stands.
  private var ids: [KeyMap]
  private var isLoaded: [Bool]
  /// Users who have a role there by the file's own word.
  private var users = KeyMap()
  /// Rows that were passed over, by file and district.
  private var passed: [String: [Int32: Int]] = [:]

  init(_ districts: [DistrictID] = []) {
    self.districts = districts
    ids = RowKind.allCases.map { _ in KeyMap() }
    isLoaded = RowKind.allCases.map { _ in false }
  }

  var isEmpty: Bool { districts.isEmpty }

  /// Whether the kind is still to be taken up; afterwards it is not.
  mutating func begins(_ kind: RowKind) -> Bool {
    defer { isLoaded[kind.place] = true }
    return !isEmpty && !isLoaded[kind.place]
  }

  /// The place of the district where a row of this id stands.
  ///
  /// - Parameter key: of the id alone.
  subscript(kind: RowKind, key: UInt64) -> Int32? { isEmpty ? nil : ids[kind.place][key] }

  mutating func insert(_ kind: RowKind, _ key: UInt64, _ place: Int32) { _ = ids[kind.place].insert(key, place) }

  mutating func setRole(of user: UInt64, in place: Int32) { _ = users.insert(user, place) }

  /// Where a user has a role by the file's own word.
  func role(of user: UInt64) -> Int32? { isEmpty ? nil : users[user] }

  mutating func pass(_ file: String, _ place: Int32) { passed[file, default: [:]][place, default: 0] += 1 }

  /// A sentence for what was passed over of each file and district.
  var notes: [String] {
    passed.sorted { $0.key < $1.key }.flatMap { file, counts in
      counts.sorted { $0.key < $1.key }.map { place, count in
        """
        \(file): \(count == 1 ? "1 row" : "\(count) rows") of '\(districts[Int(place)])' passed over. Its roster came from \
        files of its own; a whole file of the state takes it up again.
        """
      }
    }
  }

  /// For faults of references, which may be to one of these.
  var hint: String {
    guard !isEmpty else { return "" }
    let named = districts.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
    let more = districts.count > 5 ? " and \(districts.count - 5) more" : ""
    return " The file does not go on from the rosters of \(named)\(more), which came from files of their own."
  }
}

extension ImportReading {
  /// Takes up the ids of a kind in the rosters that the file does not go on from.
  func loadAside(_ kind: RowKind) throws {
    guard aside.begins(kind) else { return }
    for (place, district) in aside.districts.enumerated() {
      try RowStore.eachHash(kind, in: district, transaction) { id, _, hasLeft, _ in
        if !hasLeft { aside.insert(kind, key(-1, id), Int32(place)) }
      }
    }
  }

  /// Whether the row stands in none of the file's districts.
  private func isStranger(_ kind: RowKind, _ id: Cell) -> Bool {
    !plan.districts.indices.contains { stands(kind, $0, id) }
  }

  /// A row that is gone by the file's word: counted where it stands in a roster set aside alone.
  func passGone(_ kinds: [RowKind], _ id: Cell, file: String) {
    guard !aside.isEmpty, kinds.allSatisfy({ isStranger($0, id) }) else { return }
    for kind in kinds {
      if let place = aside[kind, key(-1, id)] { return aside.pass(file, place) }
    }
  }

  // MARK: - Orgs

  /// The file's orgs without those below one that is set aside.
  ///
  /// - Parameter standing: ids of the rosters that the file goes on from.
  func withoutAside(_ told: [ToldOrg], standing: Set<String>) throws -> [ToldOrg] {
    aside = AsideRows(try RosterSettings.districts(fedBy: .district, transaction))
    orgs.hint = aside.hint
    guard !aside.isEmpty else { return told }
    try loadAside(.org)
    let kept = Set(told.lazy.filter(\.keeps).map(\.org.id))
    var passed: [String: Int32] = [:]
    func place(of org: OrgTable.Org) -> Int32? {
      guard !["district", "state", "national"].contains(org.row.type), passed[org.id] == nil else { return nil }
      if org.parent.isEmpty { return standing.contains(org.id) ? nil : aside[.org, key(-1, org.id)] }
      if let above = passed[org.parent] { return above }
      return kept.contains(org.parent) || standing.contains(org.parent) ? nil : aside[.org, key(-1, org.parent)]
    }
    // What is above may stand below: as many levels as ``OrgTable`` follows.
    for _ in 0..<16 {
      let before = passed.count
      for (org, keeps) in told where keeps {
        if let place = place(of: org) { passed[org.id] = place }
      }
      if passed.count == before { break }
    }
    return told.filter { org, keeps in
      let place = keeps ? passed[org.id] : standing.contains(org.id) ? nil : aside[.org, key(-1, org.id)]
      guard let place else { return true }
      aside.pass("orgs.csv", place)
      if keeps { aside.insert(.org, key(-1, org.id), place) }
      return false
    }
  }
}
