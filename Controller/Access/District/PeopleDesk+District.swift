package import Vocabulary

/// What a district's administrators change at its pages.
extension PeopleDesk {
  /// The roles that a district gives.
  package static var rolesOfDistricts: [Role] { AccessChanges.rolesOfDistricts }

  /// Those where somebody works, by their codes, a thousand at most.
  package func districts() async throws -> [DistrictID] {
    try await database.read(in: .state) { try AccessStore.districts(in: $0) }
  }

  /// - Throws: `access.account-exists`, `access.grant`, `access.unknown-tenant`.
  package func addPerson(
    _ wish: AccountWish, _ role: Role, district: DistrictID, school: SchoolID?, by actor: PrincipalID, now: Instant
  ) async throws -> OneTimeLink {
    let grant = try Grant(role: role, district: district, school: school)
    return try await change(by: actor, now) { [tenants] in try $0.addPerson(wish, grant, tenants: tenants) }
  }

  /// - Throws: `access.grant`, `access.own-grant`, `access.unknown-tenant`, `request.not-found`.
  package func add(
    _ role: Role, of district: DistrictID, school: SchoolID?, to id: PrincipalID, by actor: PrincipalID, now: Instant
  ) async throws {
    let grant = try Grant(role: role, district: district, school: school)
    _ = try await change(by: actor, now) { [tenants] in try $0.add(grant, of: district, to: id, tenants: tenants) }
  }

  /// - Throws: `access.grant`, `access.own-grant`, `request.not-found`.
  package func remove(
    _ role: Role, of district: DistrictID, school: SchoolID?, from id: PrincipalID, by actor: PrincipalID, now: Instant
  ) async throws {
    let grant = try Grant(role: role, district: district, school: school)
    try await change(by: actor, now) { try $0.remove(grant, of: district, from: id) }
  }

  /// - Throws: `access.own-account`, `access.wider-reach`, `request.not-found`.
  package func resetAccount(
    _ id: PrincipalID, of district: DistrictID, by actor: PrincipalID, now: Instant
  ) async throws -> OneTimeLink {
    try await change(by: actor, now) { try $0.resetAccount(id, of: district) }
  }

  /// - Throws: `access.own-account`, `access.wider-reach`, `request.not-found`.
  package func disableAccount(
    _ id: PrincipalID, of district: DistrictID, by actor: PrincipalID, now: Instant
  ) async throws {
    try await change(by: actor, now) { try $0.disableAccount(id, of: district) }
  }
}
