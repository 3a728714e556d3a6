package import Registry
package import Serving
package import Storage
internal import Vocabulary

/// Enrolment whole: batches, tokens, EST, and the devices that wait.
package struct EnrollmentDesk: Sendable {
  let database: any Database
  let registry: DeviceRegistry
  private let authorityInUse: AuthorityInUse
  var authority: CertificateAuthority { authorityInUse.current }

  package static let migrations = EnrollmentSchema.migrations

  package init(database: any Database, registry: DeviceRegistry, authority: AuthorityInUse) {
    self.database = database
    self.registry = registry
    authorityInUse = authority
  }

  /// Batches, tokens and waiting devices, on the people listener.
  package var peopleRoutes: [PeopleRoute] {
    BatchRoutes(desk: self).all + TokenRoutes(desk: self).all + PendingRoutes(desk: self).all
  }

  /// EST, on the devices listener.
  package var deviceRoutes: [DeviceRoute] { ESTRoutes(desk: self).all }
}
