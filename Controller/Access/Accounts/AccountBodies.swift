import Serving
import Vocabulary

// What the routes of accounts and sessions read and write as JSON.

struct NewAccount: Decodable {
  let login: String
  let name: String?
  let principal: PrincipalID?

  static let schema = Schema.object(
    [
      ("login", .string("What the person signs in by: 3 to 64 of a–z, 0–9 and . _ @ + -")),
      ("name", .string("The person's name, 1 to 100 characters; makes a new principal")),
      ("principal", .string("A person's id, in place of the name")),
    ], required: ["login"])
}

struct AccountItem: Encodable, Sendable {
  let id: PrincipalID
  let login: String
  let state: String
  let createdAt: String
  let passwordAt: String?
  let signedInAt: String?

  init(_ account: Account) {
    (id, login, state) = (account.principal, account.login, account.state.rawValue)
    createdAt = account.createdAt.rfc3339
    (passwordAt, signedInAt) = (account.passwordAt?.rfc3339, account.signedInAt?.rfc3339)
  }

  static let schema = Schema.object(
    [
      ("id", .string("The principal's id")), ("login", .string("What the person signs in by")),
      (
        "state",
        .oneOf(
          Account.State.allCases.map(\.rawValue), "invited: no password is set yet; disabled: nobody signs in by it")
      ),
      ("createdAt", .dateTime("When it was made")),
      ("passwordAt", .dateTime("When the password was last set; absent where there is none")),
      ("signedInAt", .dateTime("When somebody last signed in by it; absent if never")),
    ], required: ["id", "login", "state", "createdAt"])
}

/// A one-time link, which sets a password.
struct IssuedLink: Codable, Sendable {
  let id: PrincipalID
  let login: String
  /// nil in the answer to a repeated request, for the secret is not kept.
  let link: String?
  let expiresAt: String

  static let schema = Schema.object(
    [
      ("id", .string("The principal's id")), ("login", .string("What the person signs in by")),
      ("link", .string("Opens the page that sets the password, once; absent where the request repeats an earlier one")),
      ("expiresAt", .dateTime("Until when the link holds")),
    ], required: ["id", "login", "expiresAt"])
}

struct SessionItem: Encodable, Sendable {
  let id: SessionID
  let principal: PrincipalID
  let browser: String
  let createdAt: String
  let usedAt: String
  let endsAt: String

  init(_ session: Session) {
    (id, principal, browser) = (session.id, session.principal, session.browser)
    (createdAt, usedAt) = (session.createdAt.rfc3339, session.usedAt.rfc3339)
    endsAt = session.endsAt.rfc3339
  }

  static let schema = Schema.object(
    [
      ("id", .string("The session's id")), ("principal", .string("Whose it is")),
      ("browser", .string("Such as 'Firefox on Linux'")), ("createdAt", .dateTime("When it began")),
      ("usedAt", .dateTime("When it was last used, to the minute")),
      ("endsAt", .dateTime("When it ends, however much it is used")),
    ], required: ["id", "principal", "browser", "createdAt", "usedAt", "endsAt"])
}
