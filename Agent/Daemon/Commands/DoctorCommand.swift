import AgentTransport
import Vocabulary

/// `doctor`: what is wrong, what it means and what to do.
enum DoctorCommand {
  static let command = Command(
    name: "doctor", summary: "looks for what keeps this device from reporting, and says what to do",
    options: Command.configuration,
    examples: [("rollcall-agent doctor", "exit status 1 if something is wrong")],
    run: { arguments in
      let agent = Agent(try Configuration(arguments), log: Log())
      let findings = Examination(agent: agent, reading: .now).findings()
      Program.output(findings.map(\.text).joined())
      let wrong = findings.count { $0.verdict == .wrong }
      Program.output(wrong == 0 ? "\nNothing is wrong.\n" : "\n\(wrong) thing\(wrong == 1 ? " is" : "s are") wrong.\n")
      return wrong == 0 ? .done : .failed
    })
}

/// One thing that was looked at.
struct Finding: Equatable {
  enum Verdict: String {
    case well = "ok"
    /// Works, but look at it.
    case attention = "look"
    case wrong = "WRONG"
    /// Something before it is wrong.
    case unknown = "?"
  }

  let verdict: Verdict
  let subject: String
  /// What it is and what it means.
  let state: String
  /// What to do; empty where nothing needs doing.
  var advice = ""

  var text: String {
    let head = "\(verdict.rawValue)\(String(repeating: " ", count: 6 - verdict.rawValue.count))\(subject): \(state)\n"
    return advice.isEmpty ? head : head + "      → \(advice)\n"
  }
}
