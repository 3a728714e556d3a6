import Audit
import Serving
package import Storage
import Vocabulary

/// Each person who was seen is an entry of the journal: by whom, why, and beside which device. Ids and codes alone.
package struct JournalledLooks: LookJournal {
  package init() {}

  package func record(_ look: StudentLook, in transaction: any Transaction) throws {
    try Journal.record(
      look.persons.map { person in
        JournalEntry(
          at: look.at, actor: .principal(look.by), action: "person.view", object: ("person", person.rawValue),
          district: look.district,
          body: Body(purpose: look.purpose, persons: [person], device: look.device, seen: look.seen))
      }, in: transaction)
  }

  private struct Body: JournalBody {
    let purpose: ViewPurpose?
    let persons: [PersonID]
    let device: DeviceID?
    let seen: StudentLook.Seen
  }
}
