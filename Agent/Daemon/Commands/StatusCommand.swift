import AgentTransport
import Vocabulary

/// `status`: what the state folder says, in plain words.
enum StatusCommand {
  static let command = Command(
    name: "status", summary: "says whether this device is enrolled and when it last reported",
    options: Command.configuration,
    examples: [("rollcall-agent status", "reads the state folder; asks nobody")],
    run: { arguments in
      let agent = Agent(try Configuration(arguments), log: Log())
      Program.output(try report(agent, at: .now))
      return .done
    })

  static func report(_ agent: Agent, at reading: ClockReading) throws -> String {
    let state = try agent.file.peek()
    let now = (state ?? AgentState()).clock(at: reading).now(at: reading)
    var lines = try identity(agent, state, at: now)
    lines.append(("Controller", (try? agent.address()) ?? "none named"))
    guard let state else { return table(lines + [("Last contact", "none yet")]) }
    lines.append(("Last contact", state.lastContact.map { "\($0), \(Words.ago($0, at: now))" } ?? "none yet"))
    if state.failures > 0 {
      lines.append(("Since then", "\(state.failures) failed: \(state.lastFailure ?? "no reason stored")"))
    } else if let next = state.nextContact {
      lines.append(("Next contact", "\(next), \(Words.ahead(next, at: now))"))
    }
    // What people compare with the controller's lists.
    let key = [try agent.store.keyDigest(.current)?.short, state.standing.map(Words.standing)].compactMap(\.self)
    if !key.isEmpty { lines.append(("Key", key.joined(separator: ", "))) }
    if let notice = state.notice { lines.append(("Notice", notice)) }
    let waiting = state.pending.map { "check-in \($0.sequence), \($0.mayHaveArrived ? "unanswered" : "not sent")" }
    lines.append(("In the spool", waiting ?? "nothing"))
    return table(lines)
  }

  private static func identity(_ agent: Agent, _ state: AgentState?, at now: Instant) throws -> [(String, String)] {
    guard let identity = try agent.store.identity(.current) else {
      let waits = try agent.store.files.read(agent.configuration.stateFolder.token, limit: 4096) != nil
      return [("Enrolled", waits ? "not yet: \(waiting(state))" : "no")]
    }
    let end =
      identity.notAfter < now
      ? "expired at \(identity.notAfter); it renews at the next contact" : "until \(identity.notAfter)"
    return [
      ("Enrolled", "as \(identity.device?.rawValue ?? "an unnamed device")"),
      ("Certificate", "\(end); renewed from \(identity.renewalDue)"),
    ]
  }

  /// How an enrolment stands whose token is stored.
  private static func waiting(_ state: AgentState?) -> String {
    if state?.lastFailureCode == Agent.pendingCode { return "it waits for a person's approval" }
    let reason = state?.lastFailure.map { " (the last try: \($0))" } ?? ""
    return "each contact tries again with the stored token\(reason)"
  }

  private static func table(_ lines: [(String, String)]) -> String {
    let width = lines.map(\.0.count).max() ?? 0
    return lines.map { "\($0.0)\(String(repeating: " ", count: width - $0.0.count))  \($0.1)\n" }.joined()
  }
}
