package import Vocabulary

/// Who may use a route of the people listener, and in which tenant. Every route has one; there is no default.
package enum AccessRule: Sendable, Hashable {
  /// Anybody, without proof: health, the API's description.
  case open
  /// Anybody with a valid token or session.
  case signedIn
  /// One of the roles, held for the state.
  case state(Set<Role>)
  /// One of the roles, held for the district in `{district}` of the path or for the state; others see 404.
  case district(Set<Role>)
  /// One of the roles anywhere; the handler sees only the districts where it is held.
  case scoped(Set<Role>)
  /// As ``district(_:)``, and also one of the roles at a school of that district; the handler then shows only what
  /// belongs to those schools, see ``OperatorContext/schools``.
  case school(Set<Role>)
  /// As ``scoped(_:)``, and also the districts of schools where one of the roles is held, limited to these schools.
  case scopedSchools(Set<Role>)

  /// Everyone who may look at devices.
  package static let anyReader: Set<Role> = Set(Role.allCases)
  /// Those who may change a district's devices.
  package static let deviceManagers: Set<Role> = [.stateAdmin, .districtAdmin, .districtIT]
  /// Those who may know which student has which device.
  package static let studentReaders: Set<Role> = [
    .stateAdmin, .auditor, .districtAdmin, .districtIT, .helpDesk, .schoolStaff,
  ]
  /// Those who see what is ordered, enrolled and waits.
  package static let batchReaders: Set<Role> = [
    .stateAdmin, .auditor, .districtAdmin, .districtIT, .warehouse, .readOnly,
  ]
  /// Those who see who did what.
  package static let journalReaders: Set<Role> = [.stateAdmin, .auditor, .districtAdmin, .districtIT, .readOnly]
}

/// Decides, purely, whether a caller may use a route, and which districts it reaches there.
package enum Authorization {
  /// - Returns: the scope for the handler; the state's for `open` and `signedIn` routes, which must not use it on tenants' rows.
  /// - Throws: `access.unauthenticated`, `access.forbidden`, `request.not-found`.
  package static func authorize(
    _ caller: Caller?, _ rule: AccessRule, district: String?
  ) throws(ServingError) -> TenantScope {
    if case .open = rule { return .districts([]) }
    guard let caller else {
      throw ServingError(
        .unauthenticated,
        "This needs a valid API token (send 'Authorization: Bearer …') or a session. It may be missing, expired or revoked.",
        headers: [.wwwAuthenticate: "Bearer realm=\"rollcall\""])
    }
    switch rule {
    case .open, .signedIn: return .districts([])
    case .state(let roles):
      guard caller.scope(of: roles) == .state else { throw forbidden(roles, "the whole state") }
      return .state
    case .scoped(let roles):
      guard let scope = caller.scope(of: roles) else { throw forbidden(roles, "a whole district") }
      return scope
    case .district(let roles):
      guard let id = district.flatMap(DistrictID.init(rawValue:)), caller.knows(id) else { throw ServingError.notFound }
      guard let scope = caller.scope(of: roles), scope.contains(id) else {
        throw forbidden(roles, "the whole district '\(id)'")
      }
      return .district(id)
    case .scopedSchools(let roles):
      guard let scope = caller.scopeWithSchools(of: roles) else { throw forbidden(roles, "a district or a school") }
      return scope
    case .school(let roles):
      guard let id = district.flatMap(DistrictID.init(rawValue:)), caller.knows(id) else { throw ServingError.notFound }
      guard let scope = caller.scopeWithSchools(of: roles), scope.contains(id) else {
        throw forbidden(roles, "the district '\(id)' or a school of it")
      }
      return .district(id)
    }
  }

  /// The schools to which the caller is limited under the rule, by district; a district that is not among them is
  /// limited by the scope alone. nil where nothing is.
  package static func schools(_ caller: Caller?, _ rule: AccessRule) -> [DistrictID: Set<SchoolID>]? {
    switch rule {
    case .open, .signedIn, .state, .district, .scoped: return nil
    case .school(let roles), .scopedSchools(let roles):
      guard let schools = caller?.schools(of: roles), !schools.isEmpty else { return nil }
      return schools
    }
  }

  private static func forbidden(_ roles: Set<Role>, _ place: String) -> ServingError {
    let names = roles.map(\.rawValue).sorted().joined(separator: " or ")
    return ServingError(
      .forbidden,
      "Your roles do not allow this; it takes \(names) for \(place). Ask a state administrator for the grant.")
  }
}
