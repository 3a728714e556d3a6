package import Vocabulary

/// Whom a client believes to be the server.
package enum Trust: Hashable, Sendable {
  /// The certificates that this machine trusts.
  case system
  /// The certificates of a PEM file, and no others.
  case file(path: String)
  /// These certificates in PEM, and no others.
  case pem([UInt8])
  /// Anybody. Only to fetch what proves itself, such as CA certificates whose fingerprint is known; a request that
  /// carries a credential or a body is refused.
  case anybodyForPublicData
}

/// At which time certificates have to be valid.
package enum VerificationTime: Hashable, Sendable {
  /// The machine's clock.
  case system
  /// A better estimate than the machine's clock.
  case at(Instant)
  /// Signatures and the server's name are checked, dates are not: to learn the time, and nothing else.
  case ignoringDates
}

/// What a client proves itself with.
package struct ClientIdentity {
  /// The own certificate first, then those above it.
  package let certificates: [Certificate]
  package let key: PrivateKey

  package init(certificates: [Certificate], key: PrivateKey) {
    self.certificates = certificates
    self.key = key
  }
}
