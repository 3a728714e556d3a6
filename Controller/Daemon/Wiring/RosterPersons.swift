import Registry
import Roster
import Storage
import Vocabulary

/// The people of the roster, as the custody ledger asks for them.
struct RosterPersons: CustodyPersons {
  private let roster = RosterDirectory()

  func hasRoster(_ district: DistrictID, in transaction: any Transaction) throws -> Bool {
    try roster.hasPeople(district, transaction)
  }

  func students(
    numbered numbers: [String], of district: DistrictID, in transaction: any Transaction
  ) throws -> [String: PersonID] {
    try roster.people(numbered: numbers, in: district, transaction)
      .filter { $0.value.isActive && $0.value.role == .student }.mapValues(\.id)
  }

  func persons(
    _ ids: [PersonID], of district: DistrictID, in transaction: any Transaction
  ) throws -> Set<PersonID> {
    Set(try roster.people(ids, in: district, transaction).values.filter(\.isActive).map(\.id))
  }

  func students(
    ofClass id: String, of district: DistrictID, in transaction: any Transaction
  ) throws -> [PersonID]? {
    let members = try roster.members(ofClass: id, in: district, transaction)
    // A student may stand in a class several times, each with other dates.
    var seen: Set<PersonID> = []
    return members?.map(\.person).filter { $0.role == .student && seen.insert($0.id).inserted }.map(\.id)
  }
}
