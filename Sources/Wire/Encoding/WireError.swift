package import Vocabulary

/// A message that cannot be understood or is over a limit.
package struct WireError: CodedError {
  package enum Kind: String, CaseIterable, Sendable {
    case malformed = "wire.malformed"
    case unsupportedVersion = "wire.unsupported-version"
    case tooLarge = "wire.too-large"
    case softwareMalformed = "wire.software-malformed"
    case hashMismatch = "wire.hash-mismatch"
  }

  package let kind: Kind
  package let message: String
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
