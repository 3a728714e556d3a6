package import Storage
package import Vocabulary

extension RosterDesk {
  /// Removes files that nobody took up within their hour, and erases up to `limit` people of a district who left longer ago than
  /// it keeps them, and as many guardians who have been nobody's for as long.
  ///
  /// - Returns: how many people there were.
  package func eraseLeft(
    of district: DistrictID, now: Instant, limit: Int, in transaction: any Transaction
  ) throws -> Int {
    try UploadStore.removeOld(of: district, at: now, transaction)
    let days = try RosterSettings.of(district, transaction).leftDays ?? RosterSettings.standardLeftDays
    let moment = now.advanced(by: .seconds(-86_400 * Int64(days)))
    let gone = try transaction.rows(
      """
      SELECT person_id FROM roster_person WHERE district_id = \(district) AND left_at IS NOT NULL AND left_at < \(moment)
      ORDER BY left_at LIMIT \(limit)
      """
    ).map { try $0.get("person_id", as: PersonID.self) }
    let people = try RosterDirectory().people(gone, in: district, transaction)
    try Erasure.erase(Array(people.values), in: district, transaction)
    let guardians = try GuardianStore.unlinked(before: moment, in: district, limit: limit, transaction)
    try Erasure.erase(guardians: guardians, in: district, transaction)
    return people.count
  }
}
