package import Storage
package import Vocabulary

/// Who of a district's people may have a device, as its roster knows them; asked within the transaction of the move.
///
/// ```
/// CustodyRoutes ─▶ CustodyPersons (roster) ─▶ ids alone ─▶ ledger
/// ```
package protocol CustodyPersons: Sendable {
  /// Whether the district has a roster at all.
  func hasRoster(_ district: DistrictID, in transaction: any Transaction) throws -> Bool

  /// The students with these numbers, by the number as it was asked for; without those that are unknown or have left.
  func students(
    numbered numbers: [String], of district: DistrictID, in transaction: any Transaction
  ) throws -> [String: PersonID]

  /// Those of `ids` that the district's roster has, and that have not left.
  func persons(
    _ ids: [PersonID], of district: DistrictID, in transaction: any Transaction
  ) throws -> Set<PersonID>

  /// The students of a class on a day, in the order in which devices are given out; nil where there is no such class.
  ///
  /// - Parameter id: as the roster calls it.
  func students(
    ofClass id: String, of district: DistrictID, on day: CivilDate, in transaction: any Transaction
  ) throws -> [PersonID]?
}

/// No district has a roster: devices go to schools and districts alone.
package struct NoRoster: CustodyPersons {
  package init() {}

  package func hasRoster(_ district: DistrictID, in transaction: any Transaction) -> Bool { false }

  package func students(
    numbered numbers: [String], of district: DistrictID, in transaction: any Transaction
  ) -> [String: PersonID] { [:] }

  package func persons(
    _ ids: [PersonID], of district: DistrictID, in transaction: any Transaction
  ) -> Set<PersonID> { [] }

  package func students(
    ofClass id: String, of district: DistrictID, on day: CivilDate, in transaction: any Transaction
  ) -> [PersonID]? { nil }
}

extension CustodyPersons {
  /// - Throws: `custody.no-roster`.
  func require(_ district: DistrictID, _ transaction: any Transaction) throws {
    guard try !hasRoster(district, in: transaction) else { return }
    throw RegistryError(
      .custodyNoRoster,
      "The district '\(district)' has no roster, so its people are not known here. Import one first, or assign to a school ('school:' and its code) or to 'district'."
    )
  }
}
