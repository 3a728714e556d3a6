import Serving
import Vocabulary

// What the routes of this feature read and write as JSON.

struct NewPrincipal: Decodable {
  let kind: Principal.Kind
  let name: String

  static let schema = Schema.object(
    [
      ("kind", .oneOf(Principal.Kind.allCases.map(\.rawValue), "A person or a service")),
      ("name", .string("Name of a member of staff or of a program, 1 to 100 characters")),
    ], required: ["kind", "name"])
}

struct GrantForm: Codable, Sendable {
  let role: Role
  let district: DistrictID?
  let school: SchoolID?

  init(_ grant: Grant) { (role, district, school) = (grant.role, grant.district, grant.school) }

  /// From the query, in which DELETE names a grant.
  ///
  /// - Throws: `request.query`.
  init(query call: Call) throws(ServingError) {
    guard let text = try call.query("role"), let role = Role(rawValue: text) else {
      throw ServingError(.query, "'role' is one of \(Role.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    self.role = role
    district = try Self.identifier("district", call)
    school = try Self.identifier("school", call)
  }

  private static func identifier<ID: Identifier>(_ name: String, _ call: Call) throws(ServingError) -> ID? {
    guard let text = try call.query(name) else { return nil }
    guard let id = ID(rawValue: text) else { throw ServingError(.query, "'\(name)' is not a \(name)'s code.") }
    return id
  }

  static let schema = Schema.object(
    [
      ("role", .oneOf(Role.allCases.map(\.rawValue), "What the principal may do there")),
      ("district", .string("The district's code; absent for the state")),
      ("school", .string("The school's code; absent for the whole district")),
    ], required: ["role"])

  static let parameters: [Operation.Parameter] = [
    .init("role", "The grant's role"), .init("district", "Its district; absent for the state"),
    .init("school", "Its school; absent for the whole district"),
  ]
}

struct NewToken: Decodable {
  let name: String
  let expiresInDays: Int

  static let schema = Schema.object(
    [
      ("name", .string("What it is for, 1 to 100 characters")),
      ("expiresInDays", .integer("Its life in days, 1 to \(Access.longestLife)")),
    ], required: ["name", "expiresInDays"])
}

struct PrincipalItem: Encodable, Sendable {
  let id: PrincipalID
  let kind: Principal.Kind
  let name: String
  let createdAt: String
  let grants: [GrantForm]

  init(_ principal: Principal, grants: Set<Grant>) {
    (id, kind, name) = (principal.id, principal.kind, principal.name)
    createdAt = principal.createdAt.rfc3339
    self.grants = GrantForm.sorted(grants)
  }

  static let schema = Schema.object(
    [
      ("id", .string("The principal's id")),
      ("kind", .oneOf(Principal.Kind.allCases.map(\.rawValue), "A person or a service")),
      ("name", .string("Name of a member of staff or of a program")),
      ("createdAt", .dateTime("When it was made")), ("grants", .array(GrantForm.schema)),
    ], required: ["id", "kind", "name", "createdAt", "grants"])
}

/// Who the caller is, as `GET /api/v1/me` tells.
struct MeItem: Encodable, Sendable {
  let id: PrincipalID
  let name: String
  let grants: [GrantForm]

  init(_ caller: Caller) {
    (id, name) = (caller.principal, caller.name)
    grants = GrantForm.sorted(caller.grants)
  }

  static let schema = Schema.object(
    [
      ("id", .string("The principal's id")), ("name", .string("Its name")), ("grants", .array(GrantForm.schema)),
    ], required: ["id", "name", "grants"])
}

/// A new token with its secret.
struct IssuedToken: Encodable, Sendable {
  let id: APITokenID
  /// nil in the answer to a repeated request, for the secret is not kept.
  let token: String?
  let expiresAt: String

  static let schema = Schema.object(
    [
      ("id", .string("The token's id")),
      ("token", .string("The secret, shown this once; absent where the request repeats an earlier Idempotency-Key")),
      ("expiresAt", .dateTime("Until when it is valid")),
    ], required: ["id", "expiresAt"])
}

struct TokenItem: Encodable, Sendable {
  let id: APITokenID
  let name: String
  let createdAt: String
  let expiresAt: String
  let revokedAt: String?
  let lastUsedAt: String?

  init(_ token: APIToken) {
    (id, name) = (token.id, token.name)
    (createdAt, expiresAt) = (token.createdAt.rfc3339, token.expiresAt.rfc3339)
    (revokedAt, lastUsedAt) = (token.revokedAt?.rfc3339, token.lastUsedAt?.rfc3339)
  }

  static let schema = Schema.object(
    [
      ("id", .string("The token's id")), ("name", .string("What it is for")),
      ("createdAt", .dateTime("When it was made")), ("expiresAt", .dateTime("Until when it is valid")),
      ("revokedAt", .dateTime("When it was revoked; absent if it was not")),
      ("lastUsedAt", .dateTime("When it was last used, to the hour; absent if never")),
    ], required: ["id", "name", "createdAt", "expiresAt"])
}

extension GrantForm {
  /// By reach, then role: the same grants always read the same.
  static func sorted(_ grants: Set<Grant>) -> [GrantForm] {
    grants.map(GrantForm.init).sorted { left, right in
      let key: (GrantForm) -> [String] = { [$0.district?.rawValue ?? "", $0.school?.rawValue ?? "", $0.role.rawValue] }
      return key(left).lexicographicallyPrecedes(key(right))
    }
  }
}
