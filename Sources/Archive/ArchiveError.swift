package import Vocabulary

/// An archive that cannot be read, or would become too much.
package struct ArchiveError: CodedError {
  package enum Kind: String, CaseIterable, Sendable {
    /// Not a ZIP archive, or damaged.
    case malformed = "archive.malformed"
    /// More entries, or more bytes in them, than the reader allows.
    case tooLarge = "archive.too-large"
    /// An entry is encrypted, or packed in a way that is not read.
    case unsupported = "archive.unsupported"
    /// libzip could not work: no memory.
    case unavailable = "archive.unavailable"
  }

  package let kind: Kind
  package let message: String
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
