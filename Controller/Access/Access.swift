package import Storage
package import Vocabulary

/// What the controller's commands need of this feature, apart from its routes.
package enum Access {
  package static let migrations = AccessSchema.migrations
  /// The longest life of an API token, in days; the first administrator's has it.
  package static let longestLife = 365

  /// Makes the first state administrator with an API token, and returns its secret, which is nowhere else.
  ///
  /// - Throws: `access.bootstrapped` where there is a state administrator already.
  package static func bootstrap(in transaction: any Transaction, now: Instant) throws -> String {
    guard try AccessStore.stateAdministrators(in: transaction).isEmpty else {
      throw AccessError(.bootstrapped, "There is a state administrator already; use an API token of theirs.")
    }
    let changes = AccessChanges(actor: .controller, now: now, transaction: transaction)
    let principal = Principal(id: .random(), kind: .service, name: "First administrator", createdAt: now)
    let secret = APISecret.random()
    let token = APIToken(
      id: .random(), principal: principal.id, name: "Made at init", createdAt: now,
      expiresAt: now.advanced(by: .seconds(longestLife * 86_400)), revokedAt: nil, lastUsedAt: nil)
    try changes.create(principal)
    _ = try changes.add(Grant(.stateAdmin, at: .state), to: principal.id, tenants: NoTenants())
    try changes.create(token, secretHash: secret.hash)
    return secret.printed
  }
}

/// Before there is any district.
private struct NoTenants: TenantDirectory {
  func exists(_ district: DistrictID, school: SchoolID?, in transaction: any Transaction) -> Bool { false }
}
