import Audit
package import Registry
package import Serving
package import Storage
import Synchronization
package import Vocabulary

/// The roster whole: imports, who stands in it, and what of them is kept.
package final class RosterDesk: Sendable {
  package static var migrations: [Migration] { RosterSchema.migrations }

  let database: any Database
  let registry: DeviceRegistry
  let contacts: ContactKey
  /// Whether a file is being read: a large one keeps a thread and a lot of memory.
  let isImporting = Mutex(false)

  package init(database: any Database, registry: DeviceRegistry, contacts: ContactKey) {
    (self.database, self.registry, self.contacts) = (database, registry, contacts)
  }

  package var peopleRoutes: [PeopleRoute] {
    ImportRoutes(desk: self).routes + RosterRoutes(desk: self).routes + PersonRoutes(desk: self).routes
      + MappingRoutes(desk: self).routes
  }

  /// A person's birth date and sex, where the district keeps them; nil where it keeps none. It journals nothing: who shows them does.
  ///
  /// - Throws: `roster.contact-key`.
  package func demographics(
    of person: PersonID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> (birthDate: String?, sex: String?)? {
    guard let known = try RosterDirectory().person(person, in: district, transaction) else { return nil }
    return try DemographicsStore.demographics(of: known.sourcedID, in: district, contacts, transaction).map {
      ($0.birthDate.isEmpty ? nil : $0.birthDate, $0.sex.isEmpty ? nil : $0.sex)
    }
  }

  /// - Throws: `request.not-found`, as for another tenant's.
  func requireDistrict(_ district: DistrictID, _ transaction: any Transaction) throws {
    guard try registry.exists(district, school: nil, in: transaction) else {
      throw ServingError.missing("district", district)
    }
  }

  /// The journal's entry of a change or a view: ids and counts, never a name.
  func record(
    _ action: String, _ object: (kind: String, id: String), _ district: DistrictID?, by actor: PrincipalID,
    at now: Instant, _ body: some JournalBody, _ transaction: any Transaction
  ) throws {
    try Journal.record(
      JournalEntry(
        at: now, actor: .principal(actor), action: action, object: object, district: district, body: body),
      in: transaction)
  }
}

/// `{}`.
struct NoDetails: JournalBody {}
