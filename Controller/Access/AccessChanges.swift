import Audit
import Serving
package import Storage
package import Vocabulary

/// The tenants that there are; Registry answers.
package protocol TenantDirectory: Sendable {
  /// Whether the district exists and, where `school` is given, has that school.
  func exists(_ district: DistrictID, school: SchoolID?, in transaction: any Transaction) throws -> Bool
}

/// Changes of who may do what, each with its entry in the journal, in the caller's transaction.
struct AccessChanges {
  let actor: JournalEntry.Actor
  let now: Instant
  let transaction: any Transaction

  func create(_ principal: Principal) throws {
    try AccessStore.insert(principal, in: transaction)
    try record("principal.create", ("principal", principal.id.rawValue), PrincipalBody(kind: principal.kind.rawValue))
  }

  /// Whether the grant is new.
  ///
  /// - Throws: `access.own-grant`, `access.unknown-tenant`, `request.not-found`.
  func add(_ grant: Grant, to principal: PrincipalID, tenants: any TenantDirectory) throws -> Bool {
    try refuseOwn(principal)
    guard try AccessStore.principal(principal, in: transaction) != nil else {
      throw ServingError.missing("principal", principal)
    }
    if let district = grant.district, try !tenants.exists(district, school: grant.school, in: transaction) {
      let place = grant.school.map { "school '\($0)' in the district '\(district)'" } ?? "district '\(district)'"
      throw AccessError(.tenant, "There is no \(place). Create it first, or correct its code.")
    }
    guard try AccessStore.add(grant, to: principal, now: now, in: transaction) else { return false }
    try record("grant.add", ("principal", principal.rawValue), GrantBody(grant), district: grant.district)
    return true
  }

  /// - Throws: `access.own-grant`, `access.last-administrator`, `request.not-found`.
  func remove(_ grant: Grant, from principal: PrincipalID) throws {
    try refuseOwn(principal)
    if grant.role == .stateAdmin, try isLastAdministrator(principal) {
      throw AccessError(
        .lastAdministrator, "This is the last state administrator. Grant state-admin to somebody else first.")
    }
    guard try AccessStore.remove(grant, from: principal, in: transaction) else {
      throw ServingError(.notFound, "Principal '\(principal)' holds no such grant.")
    }
    try record("grant.remove", ("principal", principal.rawValue), GrantBody(grant), district: grant.district)
  }

  /// - Throws: `request.not-found`.
  func create(_ token: APIToken, secretHash: [UInt8]) throws {
    guard try AccessStore.principal(token.principal, in: transaction) != nil else {
      throw ServingError.missing("principal", token.principal)
    }
    try AccessStore.insert(token, secretHash: secretHash, in: transaction)
    try record(
      "api-token.create", ("api-token", token.id.rawValue),
      TokenBody(principal: token.principal, expiresAt: token.expiresAt.rfc3339))
  }

  /// Revoking it again changes nothing. The last token of a state administrator stays where none can sign in with a
  /// password either: nobody could make another one.
  ///
  /// - Throws: `access.last-administrator`, `request.not-found`.
  func revoke(_ token: APITokenID, of principal: PrincipalID) throws {
    guard try AccessStore.hasToken(token, of: principal, in: transaction) else {
      throw ServingError(.notFound, "Principal '\(principal)' has no API token '\(token)'.")
    }
    if try AccessStore.stateAdministrators(in: transaction).contains(principal),
      try !AccessStore.hasAdministratorToken(but: token, now: now, in: transaction),
      try !AccountStore.hasAdministrator(notOf: nil, in: transaction)
    {
      throw AccessError(
        .lastAdministrator, "This is the last valid token of a state administrator. Make another one first.")
    }
    guard try AccessStore.revoke(token, now: now, in: transaction) else { return }
    try record("api-token.revoke", ("api-token", token.rawValue), TokenBody(principal: principal, expiresAt: nil))
  }

  /// Whether without this principal nobody could administer the state: no other does, or none who can sign in.
  private func isLastAdministrator(_ principal: PrincipalID) throws -> Bool {
    let administrators = try AccessStore.stateAdministrators(in: transaction)
    guard administrators.contains(principal) else { return false }
    return try administrators.count == 1 || !canAdminister(notOf: principal)
  }

  /// Whether a state administrator, `principal` left out, has a token in date or a password.
  func canAdminister(notOf principal: PrincipalID?) throws -> Bool {
    try AccessStore.hasAdministratorToken(notOf: principal, now: now, in: transaction)
      || AccountStore.hasAdministrator(notOf: principal, in: transaction)
  }

  private func refuseOwn(_ principal: PrincipalID) throws(AccessError) {
    guard actor != .principal(principal) else {
      throw AccessError(.ownGrant, "Nobody changes their own grants. Ask another state administrator.")
    }
  }

  func record(
    _ action: String, _ object: (kind: String, id: String), _ body: some JournalBody, district: DistrictID? = nil
  ) throws {
    try Journal.record(
      JournalEntry(at: now, actor: actor, action: action, object: object, district: district, body: body),
      in: transaction)
  }
}

private struct PrincipalBody: JournalBody {
  let kind: String
}

private struct GrantBody: JournalBody {
  let role: Role
  let district: DistrictID?
  let school: SchoolID?

  init(_ grant: Grant) { (role, district, school) = (grant.role, grant.district, grant.school) }
}

private struct TokenBody: JournalBody {
  let principal: PrincipalID
  let expiresAt: String?
}
