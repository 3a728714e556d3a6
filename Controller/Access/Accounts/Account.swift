package import Vocabulary

/// What a person signs in with at a browser.
package struct Account: Sendable, Equatable {
  package enum State: String, CaseIterable, Sendable {
    /// Nobody has set a password yet: the one-time link waits.
    case invited
    case active
    case disabled
  }

  package let principal: PrincipalID
  package let login: String
  package let state: State
  package let createdAt: Instant
  /// When the password was last set; nil where there is none.
  package let passwordAt: Instant?
  package let signedInAt: Instant?
}

/// A one-time link's secret, and until when it holds; the secret is nowhere else.
package struct OneTimeLink: Sendable {
  /// For a link that an administrator hands to somebody.
  package static let life = Duration.seconds(72 * 3600)
  /// For the first administrator's, on the controller's own machine.
  package static let firstLife = Duration.seconds(24 * 3600)

  package let principal: PrincipalID
  package let login: String
  let secret: AccessSecret
  package let expiresAt: Instant
  /// The district that made it, for its own people alone; nil where the state did.
  let district: DistrictID?

  /// The page that it opens, without the controller's address.
  package var path: String { "/set-password?link=\(secret.printed)" }

  /// The link whole, where it is known by which address people reach the controller.
  package func address(_ authority: String?) -> String { (authority.map { "https://\($0)" } ?? "") + path }
}
