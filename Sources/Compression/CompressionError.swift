package import Vocabulary

/// Compressed bytes that cannot be read, or would become too many.
package struct CompressionError: CodedError {
  package enum Kind: String, CaseIterable, Sendable {
    /// The bytes end before the stream does.
    case truncated = "compression.truncated"
    /// Not gzip or zlib, or damaged.
    case malformed = "compression.malformed"
    /// Something follows the end of the stream.
    case trailingBytes = "compression.trailing-bytes"
    /// More would come out than the reader allows.
    case tooLarge = "compression.too-large"
    /// The stream asks for a dictionary that both sides would have to share.
    case dictionary = "compression.dictionary"
    /// zlib could not work: no memory, or a level that it does not know.
    case unavailable = "compression.unavailable"
  }

  package let kind: Kind
  package let message: String
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
