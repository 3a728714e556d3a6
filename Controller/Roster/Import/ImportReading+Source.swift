import Serving
import Storage
import Vocabulary

/// Ids mean something within one source alone: what happens where a roster's are from another one than the file's.
extension ImportReading {
  private var source: ImportRecord.Source { only == nil ? .state : .district }

  /// A file of changes goes on from what its own source told before: of a roster that came from elsewhere its ids mean
  /// nothing.
  func requireSameSource() throws {
    guard hasChanges else { return }
    for district in plan.districts.map(\.district) {
      guard let found = try RosterSettings.of(district, transaction).source, found != source else { continue }
      faults.add(
        Fault(
          file: source == .state ? "orgs.csv" : "manifest.csv", field: source == .state ? "identifier" : nil,
          value: district.rawValue, code: "roster.district",
          message: source == .state
            ? "The roster of '\(district)' came from files of its own; a state's file of changes cannot go on from these. Send a whole file first."
            : "The roster of '\(district)' came from the state's file; a district's file of changes cannot go on from it. Send a whole file of the district first, or leave the roster to the state."
        ))
    }
  }

  /// Takes up who the people are whose ids are from another source, or from nobody knows which.
  func loadIdentities(_ place: Int) throws {
    let district = plan.districts[place].district
    guard manifest != nil, try RosterSettings.of(district, transaction).source != source else { return }
    if identities == nil { identities = RowIndex() }
    try PersonStore.eachIdentity(in: district, transaction) { id, fields in
      identities?.stands(key(place, id), hash: Self.identity(fields), hasLeft: false)
    }
  }

  /// Whether the id that stands is of another person than the one in ``body``, by the number, or without one by the name.
  func isSomebodyElse(_ district: Int, _ id: Cell) -> Bool {
    guard let known = identities?.hash(of: key(district, id)) else { return false }
    let fields = body.split(separator: RowBody.divider, maxSplits: 6, omittingEmptySubsequences: false)
    guard fields.count > 5 else { return false }
    return known
      != Self.identity([fields[0], fields[2], fields[3], fields[5]].map { String(decoding: $0, as: UTF8.self) })
  }

  /// - Parameter fields: role, number, given and family name.
  private static func identity(_ fields: [String]) -> Int64 {
    RowHash.of(RowBody.join(fields[1].isEmpty ? fields : [fields[0], fields[1]]))
  }

  /// The person who stands leaves, and the file's is a new one.
  ///
  /// - Parameter stood: whether they had not left before.
  func replace(_ district: Int, _ id: Cell, stood: Bool) throws {
    if stood { countLeft(.person, district, id) }
    replaced.insert(key(district, id))
    guard faults.count == 0 else { return }
    try plan.replaced.add(district: district, isNew: false, id: id, body: [])
  }

  /// Without a file of enrollments, who is in which class was told of those who leave.
  func leaveClasses() throws {
    guard !plan.replaced.isEmpty, faults.count == 0 else { return }
    try load(.membership)
    let replaced = plan.replaced
    try replaced.chunks(of: RowStore.step) { rows in
      guard let place = rows.first?.district else { return }
      let gone = try MembershipStore.ids(
        ofPeople: rows.map(\.id), in: plan.districts[place].district, transaction)
      for id in gone {
        try Array(id.utf8).withUnsafeBufferPointer { try remove(.membership, place, $0, .empty(line: 0)) }
      }
    }
  }

  func noteReplaced() {
    let count = plan.replaced.count
    guard count > 0 else { return }
    plan.notes.append(
      """
      \(count == 1 ? "1 id stands" : "\(count) ids stand") for somebody else than in the roster, which came from another \
      source: the number or the name is not the same. Who had it leaves, and the file's people are new ones.
      """)
  }
}
