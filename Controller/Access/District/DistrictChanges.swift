import Serving
import Storage
import Vocabulary

/// What a district's administrators may change of who works there.
///
/// They give and take the district's own roles in it, and nothing else: no role of the state, none in another district.
/// Whoever can set somebody's password can be that person; so they reset and disable those alone who work nowhere else and
/// hold the district's own roles alone, and a link that they made ends where its person comes to hold more.
extension AccessChanges {
  /// The roles that a district gives.
  static let rolesOfDistricts: [Role] = [.districtAdmin, .districtIT, .helpDesk, .schoolStaff, .warehouse, .readOnly]

  /// A new person with an account and a first role.
  ///
  /// - Throws: `access.account-exists`, `access.grant`, `access.unknown-tenant`.
  func addPerson(_ wish: AccountWish, _ grant: Grant, tenants: any TenantDirectory) throws -> OneTimeLink {
    try requireOfDistrict(grant.role)
    let link = try createAccount(wish, for: grant.district)
    _ = try add(grant, to: wish.principal, tenants: tenants)
    return link
  }

  /// Whether the grant is new.
  ///
  /// - Throws: `access.grant`, `access.own-grant`, `access.unknown-tenant`, `request.not-found`.
  func add(
    _ grant: Grant, of district: DistrictID, to principal: PrincipalID, tenants: any TenantDirectory
  ) throws -> Bool {
    try requireOfDistrict(grant.role)
    _ = try requireMember(principal, of: district)
    return try add(grant, to: principal, tenants: tenants)
  }

  /// - Throws: `access.grant`, `access.own-grant`, `request.not-found`.
  func remove(_ grant: Grant, of district: DistrictID, from principal: PrincipalID) throws {
    _ = try requireMember(principal, of: district)
    try requireOfDistrict(grant.role)
    try remove(grant, from: principal)
  }

  /// - Throws: `access.own-account`, `access.wider-reach`, `request.not-found`.
  func resetAccount(_ principal: PrincipalID, of district: DistrictID) throws -> OneTimeLink {
    try requireNowhereElse(principal, than: district)
    return try resetAccount(principal, for: district)
  }

  /// - Throws: `access.own-account`, `access.wider-reach`, `request.not-found`.
  func disableAccount(_ principal: PrincipalID, of district: DistrictID) throws {
    try requireNowhereElse(principal, than: district)
    try disableAccount(principal, for: district)
  }

  private func requireOfDistrict(_ role: Role) throws(AccessError) {
    guard Self.rolesOfDistricts.contains(role) else {
      let names = Self.rolesOfDistricts.map(\.rawValue).joined(separator: ", ")
      throw AccessError(
        .grant, "A district gives and takes \(names). For '\(role.rawValue)' ask a state administrator.")
    }
  }

  /// The principal's grants, of which one at least is in the district; others do not exist for it.
  private func requireMember(_ principal: PrincipalID, of district: DistrictID) throws -> Set<Grant> {
    let grants = try AccessStore.grants(of: [principal], in: transaction)[principal] ?? []
    guard grants.contains(where: { $0.district == district }) else {
      throw ServingError.missing("person", principal, in: district)
    }
    return grants
  }

  private func requireNowhereElse(_ principal: PrincipalID, than district: DistrictID) throws {
    guard try requireMember(principal, of: district).allSatisfy({ Self.isOwn($0, of: district) }) else {
      throw AccessError(
        .widerReach,
        "This person works for another district or the state too, or in a role that no district gives. Ask a state administrator to do this."
      )
    }
  }

  /// Whether the grant is one that the district gives.
  static func isOwn(_ grant: Grant, of district: DistrictID) -> Bool {
    grant.district == district && rolesOfDistricts.contains(grant.role)
  }
}
