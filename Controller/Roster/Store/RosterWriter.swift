import Registry
import Storage
import Vocabulary

/// Writes what a plan changes, or what an undoing puts back, within one transaction.
struct RosterWriter {
  let registry: DeviceRegistry
  let contacts: ContactKey
  let transaction: any Transaction
  let now: Instant
  /// By district: the schools of its orgs, once these are written.
  private var schools: [DistrictID: [String: SchoolID]] = [:]

  init(_ registry: DeviceRegistry, _ contacts: ContactKey, _ transaction: any Transaction, now: Instant) {
    (self.registry, self.contacts, self.transaction, self.now) = (registry, contacts, transaction, now)
  }

  /// - Parameter number: of the import in a district.
  mutating func write(_ plan: ImportPlan, number: (DistrictPlan) -> Int64) throws {
    for kind in RowKind.allCases {
      if kind == .person { try setAside(plan, number: number) }
      try plan.upserts[kind.place].chunks(of: RowStore.step) { rows in
        guard let first = rows.first else { return }
        let district = plan.districts[first.district]
        let change = RosterChange(
          transaction: transaction, district: district.district, number: number(district), now: now)
        for (isNew, part) in [(true, rows.filter(\.isNew)), (false, rows.filter { !$0.isNew })] where !part.isEmpty {
          if !isNew { try keepFormer(kind, part.map(\.id), change) }
          try write(
            kind,
            part.map { row in
              let hash = contacts.hash(kind, row.body, of: row.id.utf8, in: district.district)
              return StoredRow(id: row.id, body: row.body, leftAt: nil, hash: hash)
            },
            areNew: isNew, change)
        }
      }
      try plan.removals[kind.place].chunks(of: RowStore.step) { rows in
        guard let first = rows.first else { return }
        let district = plan.districts[first.district]
        let change = RosterChange(
          transaction: transaction, district: district.district, number: number(district), now: now)
        let ids = rows.map(\.id)
        try keepFormer(kind, ids, change)
        try RowStore.remove(
          kind, ids, in: district.district, number: change.number, at: now, transaction)
      }
    }
  }

  /// Whose ids are somebody else's now leaves first.
  private func setAside(_ plan: ImportPlan, number: (DistrictPlan) -> Int64) throws {
    try plan.replaced.chunks(of: RowStore.step) { rows in
      guard let first = rows.first else { return }
      let district = plan.districts[first.district]
      let change = RosterChange(
        transaction: transaction, district: district.district, number: number(district), now: now)
      // What was told of one child is not said of another who has the id now. It is kept under the id by which they go from
      // now on, so that it is erased with them.
      let ids = rows.map(\.id)
      let told = try DemographicsStore.sealed(ids, in: change.district, transaction).values.map { row in
        StoredRow(
          id: PersonStore.formerID(row.id, in: change.number), body: row.body, leftAt: nil, hash: row.hash)
      }
      try FormerStore.keep(.demographics, told, change)
      try RowStore.remove(.demographics, ids, in: change.district, number: change.number, at: now, transaction)
      try PersonStore.setAside(ids, change)
    }
  }

  /// Puts back every row as it was before the district's last import, which had this number.
  mutating func restore(_ kind: RowKind, from number: Int64, _ change: RosterChange) throws {
    var after = ""
    while true {
      let page = try FormerStore.page(
        kind, of: change.district, after: after, limit: RowStore.step, transaction)
      guard let last = page.last else { return }
      after = last.id
      let rows =
        !kind.isSealed
        ? page
        : try page.map { row in
          // As it was sealed: of who was set aside, under the id that is theirs again.
          let id = PersonStore.ownID(row.id, before: number)
          return StoredRow(
            id: id, body: try contacts.open(row.body, of: kind.sealed(as: id), in: change.district), leftAt: nil,
            hash: row.hash)
        }
      try write(kind, rows, areNew: false, change)
      if page.count < RowStore.step { return }
    }
  }

  private mutating func write(
    _ kind: RowKind, _ rows: [StoredRow], areNew: Bool, _ change: RosterChange
  ) throws {
    switch kind {
    case .org:
      try OrgStore.write(rows, change, registry)
      schools[change.district] = nil
    case .schoolClass: try ClassStore.write(rows, change, schools: try schools(of: change.district))
    case .person: try PersonStore.write(rows, areNew: areNew, change, schools: try schools(of: change.district))
    case .guardian: try GuardianStore.write(rows, areNew: areNew, change, contacts)
    case .membership: try MembershipStore.write(rows, change)
    case .demographics: try DemographicsStore.write(rows, change, contacts)
    }
  }

  private mutating func schools(of district: DistrictID) throws -> [String: SchoolID] {
    if let known = schools[district] { return known }
    let found = try OrgStore.schools(of: district, transaction)
    schools[district] = found
    return found
  }

  /// Keeps rows as they are now, for the undoing of what comes.
  private func keepFormer(_ kind: RowKind, _ ids: [String], _ change: RosterChange) throws {
    let district = change.district
    let rows: [String: StoredRow] =
      switch kind {
      case .org: try OrgStore.rows(of: ids, in: district, transaction)
      case .schoolClass: try ClassStore.rows(of: ids, in: district, transaction)
      case .guardian: try GuardianStore.sealed(ids, in: district, transaction)
      case .membership: try MembershipStore.rows(of: ids, in: district, transaction)
      case .demographics: try DemographicsStore.sealed(ids, in: district, transaction)
      case .person:
        Dictionary(
          uniqueKeysWithValues: try PersonStore.rows(of: ids, in: district, transaction).map { id, person in
            (id, StoredRow(id: id, body: person.row.body, leftAt: person.leftAt, hash: person.hash))
          })
      }
    try FormerStore.keep(kind, Array(rows.values), change)
  }
}
