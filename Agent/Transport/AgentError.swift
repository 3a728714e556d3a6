package import Vocabulary

/// Why the agent cannot go on, in words for the person in front of the machine.
package struct AgentError: CodedError {
  package enum Kind: String, CaseIterable, Sendable {
    case tokenMalformed = "agent.token-malformed"
    case rootMismatch = "agent.root-mismatch"
    case otherController = "agent.other-controller"
    case otherListener = "agent.other-listener"
    case certificateUnusable = "agent.certificate-unusable"
    case requestUnusable = "agent.request-unusable"
    case notEnrolled = "agent.not-enrolled"
    case identityDamaged = "agent.identity-damaged"
    case replyUnusable = "agent.reply-unusable"
    case refused = "agent.refused"
    case busy = "agent.busy"
    case fileUnreadable = "agent.file-unreadable"
    case fileUnwritable = "agent.file-unwritable"
  }

  package let kind: Kind
  package let message: String
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// Something answers 404 where a controller's devices listener would not.
  package static func notDevicesListener(at address: String) -> AgentError {
    AgentError(
      .otherListener,
      "\(address) answers, but not as the devices listener; is it the people port? The devices port is 8444 by default."
    )
  }
}
