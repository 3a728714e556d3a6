import Registry
package import Storage
package import Vocabulary

extension RosterDesk {
  /// Up to `limit` people of a district who left longer ago than it keeps them, and answer for no device.
  ///
  /// For a transaction that reads: of everybody who waits the ledgers of their devices are looked at, which should hold up
  /// nobody who writes them.
  package func due(
    of district: DistrictID, now: Instant, limit: Int, in transaction: any Transaction
  ) throws -> [PersonID] { try duePeople(of: district, now, transaction).erasable(limit: limit, transaction) }

  /// Erases those of `asked` who are due still, and up to `limit` guardians who have been nobody's for as long.
  ///
  /// - Returns: how many there were of each.
  package func erase(
    due asked: [PersonID], of district: DistrictID, now: Instant, limit: Int, in transaction: any Transaction
  ) throws -> (people: Int, guardians: Int) {
    let due = try duePeople(of: district, now, transaction)
    let people = try RosterDirectory().people(due.still(asked, transaction), in: district, transaction)
    try Erasure.erase(Array(people.values), in: district, transaction)
    let guardians = try GuardianStore.unlinked(before: due.before, in: district, limit: limit, transaction)
    try Erasure.erase(guardians: guardians, in: district, transaction)
    return (people.count, guardians.count)
  }

  private func duePeople(
    of district: DistrictID, _ now: Instant, _ transaction: any Transaction
  ) throws -> DuePeople {
    let settings = try RosterSettings.of(district, transaction)
    return DuePeople(registry: registry, district: district, before: settings.limit(now: now))
  }
}

/// People who left longer ago than their district keeps them. Whoever still has a device, or one in repair, or owes what went with
/// one, waits until it has come back: the ledger names them by an id that the roster alone resolves, and somebody has to be asked
/// for it.
struct DuePeople {
  let registry: DeviceRegistry
  let district: DistrictID
  let before: Instant

  /// Up to `limit` of those who answer for no device, who left first at the front.
  func erasable(limit: Int, _ transaction: any Transaction) throws -> [PersonID] {
    var found: [PersonID] = []
    try eachPart(transaction) { people, held in
      found += people.filter { !held.contains($0) }
      return found.count < limit
    }
    return Array(found.prefix(limit))
  }

  /// Those of some people who left so long ago and answer for no device, as it is now.
  func still(_ people: [PersonID], _ transaction: any Transaction) throws -> [PersonID] {
    guard !people.isEmpty else { return [] }
    let left = try transaction.rows(
      """
      SELECT person_id FROM roster_person
      WHERE district_id = \(district) AND person_id IN \(list: people) AND left_at IS NOT NULL AND left_at < \(before)
      """
    ).map { try $0.get("person_id", as: PersonID.self) }
    let held = try registry.holders(among: left, of: district, in: transaction)
    return left.filter { !held.contains($0) }
  }

  /// How many wait for their devices.
  func waiting(_ transaction: any Transaction) throws -> Int {
    var count = 0
    try eachPart(transaction) { _, held in
      count += held.count
      return true
    }
    return count
  }

  /// Calls `body` with some of them and who of these answers for a device, until it returns false.
  private func eachPart(
    _ transaction: any Transaction, _ body: (_ people: [PersonID], _ held: Set<PersonID>) throws -> Bool
  ) throws {
    var last: (at: Instant, person: PersonID)?
    while true {
      let behind: SQL =
        last.map { "(left_at > \($0.at) OR (left_at = \($0.at) AND person_id > \($0.person)))" } ?? "(1 = 1)"
      let part = try transaction.rows(
        """
        SELECT person_id, left_at FROM roster_person
        WHERE district_id = \(district) AND left_at IS NOT NULL AND left_at < \(before) AND \(behind)
        ORDER BY left_at, person_id LIMIT \(RowStore.step)
        """
      ).map { (at: try $0.get("left_at", as: Instant.self), person: try $0.get("person_id", as: PersonID.self)) }
      let people = part.map(\.person)
      let held = try registry.holders(among: people, of: district, in: transaction)
      guard try body(people, held), part.count == RowStore.step else { return }
      last = part.last
    }
  }
}
