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
    ofClass id: String, of district: DistrictID, on day: CivilDate, in transaction: any Transaction
  ) throws -> [PersonID]? {
    // A student may stand in a class several times, each with other dates.
    var seen: Set<PersonID> = []
    return try roster.members(ofClass: id, in: district, transaction)?.filter {
      $0.role == "student" && $0.person.role == .student && $0.isMember(on: day)
        && seen.insert($0.person.id).inserted
    }.map(\.person.id)
  }
}
