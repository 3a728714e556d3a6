package import Vocabulary

/// Who asks on the people listener: a principal that proved itself, with its grants.
package struct Caller: Sendable, Hashable {
  package let principal: PrincipalID
  /// For logs and the answer of `GET /api/v1/me`; a service's or token's name, never a student's.
  package let name: String
  package let grants: Set<Grant>

  package init(principal: PrincipalID, name: String, grants: Set<Grant>) {
    self.principal = principal
    self.name = name
    self.grants = grants
  }

  /// The districts in which this caller holds one of `roles` for the whole district; nil where nowhere.
  package func scope(of roles: Set<Role>) -> TenantScope? {
    var districts: Set<DistrictID> = []
    for grant in grants where roles.contains(grant.role) {
      switch grant.reach {
      case .state: return .state
      case .district(let id): districts.insert(id)
      case .school: break
      }
    }
    return districts.isEmpty ? nil : .districts(districts)
  }

  /// The schools in which this caller holds one of `roles`, by district, in districts where it holds none for the whole.
  package func schools(of roles: Set<Role>) -> [DistrictID: Set<SchoolID>] {
    let whole = scope(of: roles)
    var schools: [DistrictID: Set<SchoolID>] = [:]
    for grant in grants where roles.contains(grant.role) {
      guard case .school(let district, let school) = grant.reach, whole?.contains(district) != true else { continue }
      schools[district, default: []].insert(school)
    }
    return schools
  }

  /// The districts in which this caller holds one of `roles` for the whole or at a school; nil where nowhere.
  package func scopeWithSchools(of roles: Set<Role>) -> TenantScope? {
    let limited = Set(schools(of: roles).keys)
    switch scope(of: roles) {
    case .state: return .state
    case .districts(let whole): return .districts(whole.union(limited))
    case nil: return limited.isEmpty ? nil : .districts(limited)
    }
  }

  /// Whether one of `roles` is held for the district, or at that school of it.
  package func holds(_ roles: Set<Role>, in district: DistrictID, at school: SchoolID? = nil) -> Bool {
    if scope(of: roles)?.contains(district) == true { return true }
    return school.map { schools(of: roles)[district]?.contains($0) == true } ?? false
  }

  /// Whether any grant at all touches `district`: otherwise the district does not exist for this caller.
  package func knows(_ district: DistrictID) -> Bool {
    grants.contains { grant in
      switch grant.reach {
      case .state: true
      case .district(let id), .school(let id, _): id == district
      }
    }
  }
}

/// Finds the caller of a bearer token or of a session's cookie; Access answers.
package protocol Authenticator: Sendable {
  /// nil where the token is unknown, expired or revoked.
  func caller(bearer: String, now: Instant) async throws -> Caller?

  /// nil where the session is unknown, over or ended.
  func signedIn(cookie: String, now: Instant) async throws -> SignedIn?

  /// As ``signedIn(cookie:now:)``, but asking is no use of the session: it ends by idleness as if nobody had asked.
  func stillSignedIn(cookie: String, now: Instant) async throws -> SignedIn?
}

extension Authenticator {
  /// Where there are no sessions.
  package func signedIn(cookie: String, now: Instant) async throws -> SignedIn? { nil }

  package func stillSignedIn(cookie: String, now: Instant) async throws -> SignedIn? {
    try await signedIn(cookie: cookie, now: now)
  }
}
