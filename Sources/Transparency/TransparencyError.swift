package import Vocabulary

/// Why something is not proven: a note, a checkpoint, a leaf or a proof that does not hold.
package struct TransparencyError: CodedError {
  package enum Kind: String, CaseIterable, Sendable {
    /// The bytes are no signed note.
    case note = "transparency.note"
    /// The text is no key of signed notes.
    case key = "transparency.key"
    /// The note is not signed by the key that is trusted.
    case signature = "transparency.signature"
    /// The note is signed, and is no checkpoint of the log.
    case checkpoint = "transparency.checkpoint"
    /// An entry cannot be encoded as a leaf, or is not the one that its hash says.
    case leaf = "transparency.leaf"
    /// An entry is not in the tree of the checkpoint.
    case inclusion = "transparency.inclusion"
    /// A tree does not go on from an older one.
    case consistency = "transparency.consistency"
    /// A part of the tree is missing.
    case tree = "transparency.tree"
  }

  package let kind: Kind
  package let message: String
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
