import Vocabulary

/// Why a state cannot be copied into another database.
struct MigrationError: CodedError {
  enum Kind: String, CaseIterable, Sendable {
    case schema = "migrate.schema"
    case value = "migrate.value"
    case differs = "migrate.differs"
  }

  let kind: Kind
  let message: String
  var code: ErrorCode { ErrorCode(kind.rawValue) }

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
