import Vocabulary

/// A setting that cannot be used, with its place.
struct ConfigurationError: CodedError, CustomStringConvertible {
  enum Kind: String, CaseIterable, Sendable {
    case unknownKey = "config.unknown-key"
    case badValue = "config.bad-value"
    case unreadable = "config.unreadable"
    case state = "config.state"
    case sealKey = "config.seal-key"
    case shared = "config.shared"
    case contactKey = "config.contact-key"
  }

  let kind: Kind
  let message: String
  var code: ErrorCode { ErrorCode(kind.rawValue) }
  var description: String { "\(message) [\(code)]" }

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
