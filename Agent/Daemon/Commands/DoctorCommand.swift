import AgentTransport
import Vocabulary

/// `doctor`: what is wrong, what it means and what to do.
enum DoctorCommand {
  static let command = Command(
    name: "doctor", summary: "looks for what keeps this device from reporting, and says what to do",
    options: Command.configuration,
    examples: [
      (
        "rollcall-agent doctor",
        "exit status 0: nothing needs attention; 1: something is wrong; 2: nothing is wrong, but something needs a look or a person's decision"
      )
    ],
    run: { arguments in
      let agent = Agent(try Configuration(arguments), log: Log())
      let findings = Examination(agent: agent, reading: .now).findings()
      Program.output(findings.map(\.text).joined())
      let (words, code) = conclusion(of: findings)
      Program.output("\n\(words)\n")
      return code
    })

  /// The last line and the exit status: 0 only where nothing needs attention.
  static func conclusion(of findings: [Finding]) -> (words: String, code: ExitCode) {
    let wrong = findings.count { $0.verdict == .wrong }
    if wrong > 0 { return ("\(wrong) thing\(wrong == 1 ? " is" : "s are") wrong.", .failed) }
    if findings.contains(where: \.isForPerson) {
      return ("Nothing on this machine is wrong; a person at the controller has to decide.", .attention)
    }
    guard findings.allSatisfy({ $0.verdict == .well }) else {
      return ("Nothing is wrong, but have a look at the lines that do not begin with 'ok'.", .attention)
    }
    return ("Nothing is wrong.", .done)
  }
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
  /// Whether only a person at the controller can change it.
  var isForPerson = false

  var text: String {
    let head = "\(verdict.rawValue)\(String(repeating: " ", count: 6 - verdict.rawValue.count))\(subject): \(state)\n"
    return advice.isEmpty ? head : head + "      → \(advice)\n"
  }
}
