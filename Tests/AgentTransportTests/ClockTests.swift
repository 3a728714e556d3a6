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

  @Test("What a verified controller says is the time, whatever the machine's clock says")
  func learns() {
    var clock = ClockEstimate(at: reading(Instant(seconds: 0), 0))
    let time = release.advanced(by: .seconds(5000))
    let believed = clock.learn(time, at: reading(Instant(seconds: 1), 1))
    #expect(believed)
    #expect(clock.now(at: reading(Instant(seconds: 11), 11)) == time.advanced(by: .seconds(10)))
    #expect(clock.now(at: reading(decade, 12)) == time.advanced(by: .seconds(11)))
    #expect(clock.lead(at: reading(decade, 12)) > .seconds(3000 * day))
  }

  private let day: Int64 = 86_400
  private var decade: Instant { release.advanced(by: .seconds(3650 * day)) }

  @Test("A time at which the controller's own certificate does not hold, or before the release, is not believed")
  func contradictory() {
    let life = release.advanced(by: .seconds(-day))...release.advanced(by: .seconds(90 * day))
    let system = release.advanced(by: .seconds(day))
    var clock = ClockEstimate(at: reading(system, 0))
    let believed = [
      clock.learn(decade, serverHolds: life, at: reading(system, 0)),
      clock.learn(release.advanced(by: .seconds(-1)), serverHolds: life, at: reading(system, 0)),
      clock.correct(to: decade, serverHolds: life, at: reading(system, 0)),
    ]
    #expect(believed == [false, false, false])
    #expect(clock == ClockEstimate(at: reading(system, 0)))
    let atItsEnd = clock.learn(life.upperBound, serverHolds: life, at: reading(system, 0))
    #expect(atItsEnd)
  }

  @Test("The machine's clock never moves the floor that is stored")
  func unpoisoned() {
    let kept = release.advanced(by: .seconds(day))
    let clock = ClockEstimate(kept: kept, at: reading(decade, 0))
    #expect(clock.now(at: reading(decade, 0)) == decade)
    #expect(clock.proven(at: reading(decade, 7)) == kept.advanced(by: .seconds(7)))
  }

  @Test("A floor from a controller that was ahead goes back when it is verified and says so")
  func floorGoesBack() {
    let wrong = release.advanced(by: .seconds(80 * day))
    let right = release.advanced(by: .seconds(day))
    var clock = ClockEstimate(kept: wrong, at: reading(right, 0))
    #expect(clock.now(at: reading(right, 0)) == wrong)
    let believed = clock.learn(right, at: reading(right, 0))
    #expect(believed)
    #expect(clock.proven(at: reading(right, 5)) == right.advanced(by: .seconds(5)))
  }

  @Test("A controller whose certificate's dates do not fit cannot take the time back before the floor")
  func expiredKey() {
    let kept = release.advanced(by: .seconds(50 * day))
    var clock = ClockEstimate(kept: kept, at: reading(decade, 0))
    let believed = [
      clock.correct(to: kept.advanced(by: .seconds(-day)), at: reading(decade, 0)),
      clock.correct(to: kept.advanced(by: .seconds(-60)), at: reading(decade, 0)),
      clock.correct(to: kept.advanced(by: .seconds(day)), at: reading(decade, 0)),
    ]
    #expect(believed == [false, true, true])
  }

  @Test("A clock that was ahead at the last contact is corrected by as much, until it was set right")
  func offset() {
    let kept = release.advanced(by: .seconds(day))
    let wrong = reading(decade, 0)
    let ahead = decade.since(kept).components.seconds * 1000
    #expect(ClockEstimate(kept: kept, offset: ahead, at: wrong).now(at: wrong) == kept)
    let later = reading(decade.advanced(by: .seconds(day)), 0)
    #expect(
      ClockEstimate(kept: kept, offset: ahead, at: later).now(at: later) == kept.advanced(by: .seconds(day)))
    let right = reading(kept.advanced(by: .seconds(2 * day)), 0)
    #expect(ClockEstimate(kept: kept, offset: ahead, at: right).now(at: right) == right.system)
    let small = ClockEstimate(kept: kept, offset: 200_000, at: right)
    #expect(small.now(at: right) == right.system)
  }

  @Test("Renewal falls between 70 and 90 % of a life, the same each time, and not on one day for all")
  func renewal() throws {
    let end = release.advanced(by: .seconds(90 * 86_400))
    let dues = try (0..<200).map { try RenewalSchedule.due(notBefore: release, notAfter: end, device: "dev_\($0)") }
    for due in dues {
      #expect(due >= release.advanced(by: .seconds(63 * 86_400)))
      #expect(due <= release.advanced(by: .seconds(81 * 86_400)))
    }
    #expect(Set(dues).count > 100)
    #expect(try RenewalSchedule.due(notBefore: release, notAfter: end, device: "dev_7") == dues[7])
  }

  @Test("A certificate that ends before it begins is due at once")
  func reversed() throws {
    #expect(try RenewalSchedule.due(notBefore: release, notAfter: Instant(seconds: 0), device: "x") == release)
  }
}
