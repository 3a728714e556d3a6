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
  /// What faults of references say beside.
  var hint = ""
  private var places: [String: Int] = [:]
  /// Ids that stand in several districts.
  private var several: Set<String> = []

  /// An org of the file, unless it has one of this id.
  mutating func add(_ org: Org) -> Int? {
    if let known = places[org.id] { return known }
    places[org.id] = all.count
    all.append(org)
    return nil
  }

  /// An org that stands in a district. Where the file tells of it too, it stays in its district; of one that stands in
  /// several, what the file says is above it tells which is meant.
  mutating func stands(_ org: Org) {
    guard let known = places[org.id] else {
      places[org.id] = all.count
      return all.append(org)
    }
    let isTold = all[known].line > 0
    if isTold, all[known].district == nil, !several.contains(org.id) {
      all[known].district = org.district
    } else {
      several.insert(org.id)
      if isTold { all[known].district = nil } else { all.append(org) }
    }
  }

  mutating func set(_ district: Int?, at place: Int) { all[place].district = district }

  /// nil where there is none, or where the id alone does not say which.
  func place(of id: String) -> Int? {
    guard let place = places[id], all[place].line > 0 || !several.contains(id) else { return nil }
    return place
  }

  /// The one of a district.
  func place(of id: String, in district: Int) -> Int? {
    guard let place = places[id] else { return nil }
    if all[place].district == district { return place }
    return several.contains(id) ? all.firstIndex { $0.id == id && $0.district == district } : nil
  }

  /// What is wrong with a reference to an org that ``place(of:)`` does not find.
  func fault(of id: String) -> String {
    several.contains(id)
      ? "Orgs of this id stand in several districts, and orgs.csv does not say which is meant."
      : "orgs.csv has no org of this id.\(hint)"
  }

  /// The nearest org of type district above, or the org itself; nil where there is none.
  func district(above place: Int) -> Int? {
    var place = place
    // Parents may go in a circle.
    for _ in 0..<16 {
      if all[place].row.type == "district" { return place }
      guard let next = self.place(of: all[place].parent) else { return nil }
      place = next
    }
    return nil
  }
}
