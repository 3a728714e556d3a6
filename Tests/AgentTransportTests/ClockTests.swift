import Testing
import Vocabulary

@testable import AgentTransport

@Suite struct ClockTests {
  let release = ClockEstimate.release

  private func reading(_ system: Instant, _ seconds: Int) -> ClockReading {
    ClockReading(system: system, sinceBoot: .seconds(seconds))
  }

  @Test("A machine in 1970 is believed to be at the agent's release, and moves on from there")
  func fresh() {
    let clock = ClockEstimate(at: reading(Instant(seconds: 0), 10))
    #expect(clock.now(at: reading(Instant(seconds: 0), 10)) == release)
    #expect(clock.now(at: reading(Instant(seconds: 60), 70)) == release.advanced(by: .seconds(60)))
  }

  @Test("What was stored last is the floor after a restart")
  func kept() {
    let stored = release.advanced(by: .seconds(86_400))
    let clock = ClockEstimate(kept: stored, at: reading(Instant(seconds: 0), 0))
    #expect(clock.now(at: reading(Instant(seconds: 0), 0)) == stored)
    #expect(clock.lag(at: reading(stored.advanced(by: .seconds(-90)), 0)) == .seconds(90))
  }

  @Test("A machine whose clock is later than all that is known goes by its clock")
  func right() {
    let system = release.advanced(by: .seconds(1000))
    let clock = ClockEstimate(at: reading(system, 5))
    #expect(clock.now(at: reading(system, 5)) == system)
    #expect(clock.lag(at: reading(system, 5)) == .zero)
  }

  @Test("The controller's time moves the estimate forward and never back")
  func learns() {
    var clock = ClockEstimate(at: reading(Instant(seconds: 0), 0))
    let time = release.advanced(by: .seconds(5000))
    clock.learn(time, at: reading(Instant(seconds: 1), 1))
    clock.learn(release, at: reading(Instant(seconds: 2), 2))
    #expect(clock.now(at: reading(Instant(seconds: 11), 11)) == time.advanced(by: .seconds(10)))
  }

  @Test("Renewal falls between 70 and 90 % of a life, the same each time, and not on one day for all")
  func renewal() {
    let end = release.advanced(by: .seconds(90 * 86_400))
    let dues = (0..<200).map { RenewalSchedule.due(notBefore: release, notAfter: end, device: "dev_\($0)") }
    for due in dues {
      #expect(due >= release.advanced(by: .seconds(63 * 86_400)))
      #expect(due <= release.advanced(by: .seconds(81 * 86_400)))
    }
    #expect(Set(dues).count > 100)
    #expect(RenewalSchedule.due(notBefore: release, notAfter: end, device: "dev_7") == dues[7])
  }

  @Test("A certificate that ends before it begins is due at once")
  func reversed() {
    #expect(RenewalSchedule.due(notBefore: release, notAfter: Instant(seconds: 0), device: "x") == release)
  }
}
