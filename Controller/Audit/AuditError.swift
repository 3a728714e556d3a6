package import HTTPTypes
import Serving
package import Vocabulary

/// What is wrong with an entry of the journal, or with a question to it.
package struct AuditError: StatusError {
  package enum Kind: String, CaseIterable, Sendable {
    /// An entry breaks the rules of its encoding; the code that records it is at fault.
    case entry = "audit.entry"
    /// Nothing of the journal was sequenced yet.
    case noCheckpoint = "audit.no-checkpoint"
    /// The journal's checkpoints are signed by another key than this controller's.
    case otherKey = "audit.other-key"
    /// Who looks at what is linked to students has to say why first.
    case purposeRequired = "audit.purpose-required"
    /// The stored tree is not the one that was signed.
    case damaged = "audit.damaged"
  }

  package let kind: Kind
  package let message: String
  package var code: ErrorCode { ErrorCode(kind.rawValue) }
  package var status: HTTPResponse.Status {
    switch kind {
    case .noCheckpoint: .notFound
    case .purposeRequired: .forbidden
    case .entry, .otherKey, .damaged: .internalServerError
    }
  }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
