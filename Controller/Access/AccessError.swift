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
  }

  package let kind: Kind
  package let message: String
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package var status: HTTPResponse.Status {
    switch kind {
    case .lastAdministrator, .bootstrapped, .noAdministrator: .conflict
    case .ownGrant: .forbidden
    case .grant, .tenant, .value: .unprocessableContent
    }
  }
}
