import AgentTransport
import CurlClient
import Vocabulary
import Wire

/// `run`: contact, wait as the controller says, and again, until SIGTERM.
struct RunLoop {
  let agent: Agent
  let notifier: ServiceNotifier

  func run() throws -> ExitCode {
    var state = try agent.loadState()
    agent.log.info("agent started", ["version": Release.version, "state": agent.configuration.stateFolder.path])
    notifier.ready()
    while true {
      notifier.alive()
      let delay = contact(&state)
      if Signals.isTerminating { break }
      let seconds = delay.components.seconds
      notifier.status(
        state.failures == 0 ? "Next contact in \(seconds) s" : "\(state.failures) contacts failed; next in \(seconds) s"
      )
      if wait(delay) == .terminate { break }
    }
    notifier.stopping()
    agent.log.info("agent stopped")
    return .done
  }

  /// One contact; returns how long to wait.
  private func contact(_ state: inout AgentState) -> Duration {
    do {
      let reply = try agent.round(&state)
      return Backoff.steered(seconds: reply.nextCheckInSeconds)
    } catch let error as TransferError where error.kind == .stopped {
      return .zero
    } catch {
      let failure = Failure(error)
      state.count(failure)
      let delay = Backoff.delay(
        failures: state.failures, asked: Self.asked(by: error), random: .random(in: 0..<1))
      agent.log.warning(
        "contact failed",
        [
          "code": failure.code, "reason": failure.message, "failures": "\(state.failures)",
          "next": "\(delay.components.seconds)s",
        ])
      agent.keep(state)
      return delay
    }
  }

  /// How long the controller asks to wait. A throttle that answers a token which is no good says when one more try is
  /// looked at; trying at that pace for ever helps nobody, so the wait doubles as after any other failure.
  static func asked(by error: any Error) -> Duration? {
    guard let refusal = error as? Refusal, refusal.code != "enroll.too-many-failures" else { return nil }
    return refusal.retryAfter
  }

  /// Short waits, because a machine that was asleep has not counted them: it is the time since boot that matters.
  private func wait(_ delay: Duration) -> Signals.Event {
    let end = ClockReading.now.sinceBoot + delay
    let most = min(notifier.watchdog.map { $0 / 2 } ?? .seconds(60), .seconds(60))
    while true {
      let rest = end - ClockReading.now.sinceBoot
      if rest <= .zero { return .elapsed }
      let event = Signals.wait(min(rest, most))
      if event != .elapsed { return event }
      notifier.alive()
    }
  }
}
