import Serving
package import Storage
package import Vocabulary

/// Who there is and what they may do, for the pages of administration: what the API's routes do, in the same transactions.
package struct PeopleDesk: Sendable {
  let database: any Database
  let tenants: any TenantDirectory
  let directory: AccessDirectory

  package init(database: any Database, tenants: any TenantDirectory, directory: AccessDirectory) {
    self.database = database
    self.tenants = tenants
    self.directory = directory
  }

  /// A person or service with what they may do and how they sign in.
  package struct Known: Sendable {
    package let principal: Principal
    package var grants: [Grant]
    /// Whether some grants are none that the district that looks can give: the account is not for it to change.
    package var reachesFurther = false
    /// nil where there is no password to sign in with.
    package let account: Account?

    fileprivate func seen(from district: DistrictID) -> Known {
      var seen = self
      seen.grants = grants.filter { $0.district == district }
      seen.reachesFurther = !grants.allSatisfy { AccessChanges.isOwn($0, of: district) }
      return seen
    }
  }

  /// By id, at most `limit` after `after`; `next` where there are more.
  package func people(after: String?, limit: Int) async throws -> (known: [Known], next: String?) {
    try await database.read(in: .state) { transaction in
      let found = try AccessStore.principals(PageRequest(after: after, limit: limit), in: transaction)
      let shown = Array(found.prefix(limit))
      let next = found.count > limit ? shown.last?.id.rawValue : nil
      return (try Self.known(shown, in: transaction), next)
    }
  }

  /// - Throws: `request.not-found`.
  package func known(_ id: PrincipalID) async throws -> Known {
    try await database.read(in: .state) { transaction in
      guard let principal = try AccessStore.principal(id, in: transaction),
        let known = try Self.known([principal], in: transaction).first
      else { throw ServingError.missing("principal", id) }
      return known
    }
  }

  /// As ``people(after:limit:)``, those who work in the district, with their roles there alone.
  package func people(
    of district: DistrictID, after: String?, limit: Int
  ) async throws -> (known: [Known], next: String?) {
    try await database.read(in: .state) { transaction in
      let found = try AccessStore.principals(of: district, PageRequest(after: after, limit: limit), in: transaction)
      let shown = Array(found.prefix(limit))
      let next = found.count > limit ? shown.last?.id.rawValue : nil
      return (try Self.known(shown, in: transaction).map { $0.seen(from: district) }, next)
    }
  }

  /// Somebody who works in the district, as it sees them.
  ///
  /// - Throws: `request.not-found`.
  package func known(_ id: PrincipalID, of district: DistrictID) async throws -> Known {
    let known = try await known(id).seen(from: district)
    guard !known.grants.isEmpty else { throw ServingError.missing("person", id, in: district) }
    return known
  }

  private static func known(_ principals: [Principal], in transaction: any Transaction) throws -> [Known] {
    let ids = principals.map(\.id)
    let grants = try AccessStore.grants(of: ids, in: transaction)
    let accounts = try AccountStore.accounts(of: ids, in: transaction)
    return principals.map { principal in
      Known(
        principal: principal,
        grants: (grants[principal.id] ?? []).sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) },
        account: accounts[principal.id])
    }
  }

  /// Those that were not revoked and are in date.
  package func tokens(of principal: PrincipalID, now: Instant) async throws -> [APIToken] {
    try await database.read(in: .state) { transaction in
      try AccessStore.tokens(of: principal, PageRequest(after: nil, limit: PageRequest.maximum), in: transaction)
        .filter { $0.revokedAt == nil && $0.expiresAt > now }
    }
  }

  // MARK: - Changes

  /// - Throws: `access.account-exists`, `access.not-a-person`, `request.not-found`.
  package func createAccount(_ wish: AccountWish, by actor: PrincipalID, now: Instant) async throws -> OneTimeLink {
    try await change(by: actor, now) { try $0.createAccount(wish) }
  }

  /// - Throws: `access.own-account`, `access.last-administrator`, `request.not-found`.
  package func resetAccount(_ id: PrincipalID, by actor: PrincipalID, now: Instant) async throws -> OneTimeLink {
    try await change(by: actor, now) { try $0.resetAccount(id) }
  }

  /// - Throws: `access.own-account`, `access.last-administrator`, `request.not-found`.
  package func disableAccount(_ id: PrincipalID, by actor: PrincipalID, now: Instant) async throws {
    try await change(by: actor, now) { try $0.disableAccount(id) }
  }

  /// - Throws: `access.grant`, `access.own-grant`, `access.unknown-tenant`, `request.not-found`.
  package func add(
    _ role: Role, district: DistrictID?, school: SchoolID?, to id: PrincipalID, by actor: PrincipalID, now: Instant
  ) async throws {
    let grant = try Grant(role: role, district: district, school: school)
    _ = try await change(by: actor, now) { [tenants] in try $0.add(grant, to: id, tenants: tenants) }
  }

  /// - Throws: `access.grant`, `access.own-grant`, `access.last-administrator`, `request.not-found`.
  package func remove(
    _ role: Role, district: DistrictID?, school: SchoolID?, from id: PrincipalID, by actor: PrincipalID, now: Instant
  ) async throws {
    let grant = try Grant(role: role, district: district, school: school)
    try await change(by: actor, now) { try $0.remove(grant, from: id) }
  }

  /// - Returns: the secret, which is nowhere else.
  /// - Throws: `access.value`, `request.not-found`.
  package func issueToken(
    _ name: String, days: Int, to id: PrincipalID, by actor: PrincipalID, now: Instant
  ) async throws -> String {
    guard (1...Access.longestLife).contains(days) else {
      throw AccessError(.value, "A token's life is from 1 to \(Access.longestLife) days.")
    }
    let token = APIToken(
      id: .random(), principal: id, name: try AccessRoutes.named(name), createdAt: now,
      expiresAt: now.advanced(by: .seconds(days * 86_400)), revokedAt: nil, lastUsedAt: nil)
    let secret = AccessSecret.random(.token)
    try await change(by: actor, now) { try $0.create(token, secretHash: secret.hash) }
    return secret.printed
  }

  /// - Throws: `access.last-administrator`, `request.not-found`.
  package func revokeToken(_ token: APITokenID, of id: PrincipalID, by actor: PrincipalID, now: Instant) async throws {
    try await change(by: actor, now) { try $0.revoke(token, of: id) }
  }

  func change<T: Sendable>(
    by actor: PrincipalID, _ now: Instant, _ body: @escaping @Sendable (AccessChanges) throws -> T
  ) async throws -> T {
    defer { directory.forgetAll() }
    return try await database.write(in: .state) { transaction in
      try body(AccessChanges(actor: .principal(actor), now: now, transaction: transaction))
    }
  }
}

extension Grant {
  /// By reach, then role: the same grants always read the same.
  fileprivate var sortKey: [String] { [district?.rawValue ?? "", school?.rawValue ?? "", role.rawValue] }
}
