import AgentTransport
import CurlClient

/// What the agent's exit status says.
///
/// Source: sysexits.h, for the numbers from 64 on
enum ExitCode: Int32, CaseIterable {
  case done = 0
  /// `doctor` found something, or the agent failed in a way that has no number of its own.
  case failed = 1
  /// `doctor` found nothing wrong, and something that somebody has to look at or decide.
  case attention = 2
  case usage = 64
  case unreachable = 69
  case files = 74
  case waiting = 75
  case refused = 77
  case configuration = 78

  var meaning: String {
    switch self {
    case .done: "all went well"
    case .failed: "doctor found something wrong, or another failure"
    case .attention: "doctor found nothing wrong, but something needs a look or a person's decision"
    case .usage: "the command line is wrong"
    case .unreachable: "the controller could not be reached or is not the right one"
    case .files: "the state folder cannot be read or written"
    case .waiting: "the controller asks to come back later; enrolment waits for a person"
    case .refused: "the controller refused this device"
    case .configuration: "the configuration is wrong or the device is not enrolled"
    }
  }

  /// The status for an error that ended a command.
  init(of error: any Error) {
    switch error {
    case is UsageError: self = .usage
    case is ConfigurationError: self = .configuration
    case let error as TransferError:
      self = [.keyUnusable, .certificateUnusable].contains(error.kind) ? .files : .unreachable
    case let error as Refusal: self = error.isTemporary ? .waiting : .refused
    case let error as AgentError: self = ExitCode(of: error.kind)
    default: self = .failed
    }
  }

  private init(of kind: AgentError.Kind) {
    switch kind {
    case .tokenMalformed, .notEnrolled, .otherController: self = .configuration
    case .rootMismatch, .otherListener, .certificateUnusable, .replyUnusable: self = .unreachable
    case .identityDamaged, .fileUnreadable, .fileUnwritable: self = .files
    case .refused: self = .refused
    case .busy: self = .waiting
    case .requestUnusable: self = .failed
    }
  }
}
