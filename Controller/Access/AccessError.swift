package import HTTPTypes
import Serving
package import Vocabulary

/// Why a change of who may do what is refused.
package struct AccessError: StatusError {
  package enum Kind: String, CaseIterable, Sendable {
    /// The last grant of state administration stays.
    case lastAdministrator = "access.last-administrator"
    /// Nobody grants to or revokes from themselves.
    case ownGrant = "access.own-grant"
    /// Role and reach do not go together.
    case grant = "access.grant"
    /// There is no such district or school.
    case tenant = "access.unknown-tenant"
    /// A name or duration outside its bounds.
    case value = "access.value"
    /// There is a state administrator already.
    case bootstrapped = "access.bootstrapped"
    /// There is no state administrator yet.
    case noAdministrator = "access.no-administrator"
    /// Name and password are not those of an account that may sign in.
    case signIn = "access.sign-in"
    /// Too many sign-ins failed, of this name or from this address.
    case tooManyAttempts = "access.too-many-attempts"
    /// The one-time link was used, has expired, or was never made.
    case link = "access.link"
    /// The password is not one that is taken.
    case password = "access.password"
    /// Another account has this login name, or the principal has an account.
    case accountExists = "access.account-exists"
    /// Services have no accounts.
    case notPerson = "access.not-a-person"
    /// Somebody who works elsewhere too is no district's to shut out or to let in.
    case widerReach = "access.wider-reach"
    /// Nobody disables or resets their own account.
    case ownAccount = "access.own-account"
  }

  package let kind: Kind
  package let message: String
  package let headers: HTTPFields
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String, headers: HTTPFields = [:]) {
    self.kind = kind
    self.message = message
    self.headers = headers
  }

  package var status: HTTPResponse.Status {
    switch kind {
    case .lastAdministrator, .bootstrapped, .noAdministrator, .accountExists: .conflict
    case .ownGrant, .ownAccount, .widerReach: .forbidden
    case .grant, .tenant, .value, .password, .notPerson: .unprocessableContent
    case .signIn: .unauthorized
    case .tooManyAttempts: .tooManyRequests
    case .link: .notFound
    }
  }
}
