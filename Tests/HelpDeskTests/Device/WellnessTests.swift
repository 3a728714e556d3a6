import Testing
import Vocabulary
import Web

@testable import HelpDesk
@testable import Registry

/// What is said first of a device.
@Suite("Whether a device is well, in words")
struct WellnessTests {
  private static let now = DeviceBench.now

  private func known(
    _ items: [(String, Health.Verdict)] = [], stage: Stage? = .assigned, silent days: Int64 = 0,
    keys: [KeyState] = [.active], _ told: (inout MachineTold) -> Void = { _ in }
  ) -> Wellness.Known {
    var machine = MachineTold()
    told(&machine)
    let order: [Health.Verdict] = [.failing, .attention, .well, .unknown]
    let worst = order.first { verdict in items.contains { $0.1 == verdict } } ?? .well
    let last = Self.now.advanced(by: .seconds(-days * 86_400))
    let contact = ListedDevice.Contact(
      last: last, next: last.advanced(by: .seconds(3600)), agentVersion: "1", clockOffset: 0,
      health: Health(
        verdict: worst, items: items.map { Health.Item(item: $0.0, verdict: $0.1, reason: "As measured.") }),
      network: nil)
    return Wellness.Known(stage: stage, keys: keys, contact: contact, told: machine)
  }

  @Test("A device of which nothing is wrong is well and ready, and says nothing more")
  func good() {
    let wellness = Wellness.decide(known([("battery", .well), ("clock", .unknown)]), now: Self.now)
    #expect(wellness == Wellness(mood: .good, headline: "It is well and ready", reasons: []))
  }

  @Test("A worn battery is told as what it still holds, with what to do")
  func battery() {
    let wellness = Wellness.decide(
      known([("battery", .failing)]) { $0.batteryPercent = 33 }, now: Self.now)
    #expect(wellness.mood == .bad && wellness.headline == "It is not well")
    let reason = wellness.reasons[0]
    #expect(reason.code == "battery.failing")
    #expect(reason.words == "The battery holds a third of what it did when it was new.")
    #expect(reason.advice == "Ask for a new one; until then, keep it at its charger.")
    #expect(reason.measured == "As measured.")
  }

  @Test(
    "Each item is told in words of its own",
    arguments: [
      ("disk", Health.Verdict.failing, "disk.failing", "The disk is wearing out."),
      ("disk", .attention, "disk.attention", "The disk is wearing out."),
      ("memory", .attention, "memory.attention", "Too little memory is free."),
      ("space", .failing, "space.failing", "Its disk is full."),
      ("space", .attention, "space.attention", "Its disk is nearly full."),
      ("temperature", .attention, "temperature.attention", "It runs too hot."),
      ("clock", .failing, "clock.failing", "Its clock is wrong, so signing in fails."),
      ("updates", .attention, "updates.attention", "Many updates wait."),
      ("battery", .attention, "battery.attention", "The battery is getting old."),
    ])
  func items(_ item: String, _ verdict: Health.Verdict, _ code: String, _ words: String) {
    let reasons = Wellness.decide(known([(item, verdict)]), now: Self.now).reasons
    #expect(reasons.map(\.code) == [code] && reasons.map(\.words) == [words])
    #expect(reasons.allSatisfy { !$0.advice.isEmpty })
  }

  @Test("The gravest stands first, whatever was looked at first")
  func order() {
    let wellness = Wellness.decide(
      known([("battery", .attention), ("updates", .attention), ("space", .failing)]), now: Self.now)
    #expect(wellness.reasons.map(\.code) == ["space.failing", "battery.attention", "updates.attention"])
    #expect(wellness.mood == .bad)
  }

  @Test(
    "Lost, stolen and retired stand above everything that was measured",
    arguments: [
      (Stage.lost, "stage.lost", "It is reported lost"), (.stolen, "stage.stolen", "It is reported stolen"),
      (.retired, "stage.retired", "It is out of use"),
    ])
  func out(_ stage: Stage, _ code: String, _ headline: String) {
    let wellness = Wellness.decide(known([("battery", .failing)], stage: stage, keys: [.restricted]), now: Self.now)
    #expect(wellness.headline == headline && wellness.reasons.map(\.code) == [code])
  }

  @Test("A device that went to another district is told as moved, not as scrapped")
  func moved() {
    var known = known([("battery", .failing)], stage: .retired, keys: [.revoked])
    known.holder = .otherDistrict(DeviceBench.oak)
    let wellness = Wellness.decide(known, now: Self.now)
    #expect(
      wellness.headline == "It was moved to the district 'oak'" && wellness.reasons.map(\.code) == ["stage.moved"])
    known.holder = .district
    #expect(Wellness.decide(known, now: Self.now).reasons.map(\.code) == ["stage.retired"])
  }

  @Test("A device in repair says so, and what else is wrong")
  func repair() {
    var known = known([("battery", .failing)], stage: .inRepair)
    known.repair = .battery
    let wellness = Wellness.decide(known, now: Self.now)
    #expect(wellness.headline == "It is being repaired")
    #expect(wellness.reasons.map(\.code) == ["battery.failing", "stage.in-repair"])
  }

  @Test("Silence counts from two weeks on, and only once the device is overdue")
  func silence() {
    #expect(Wellness.decide(known(silent: 13), now: Self.now).mood == .good)
    let silent = Wellness.decide(known(silent: 20), now: Self.now)
    #expect(silent.mood == .attention && silent.reasons.map(\.code) == ["contact.silent"])
    #expect(silent.reasons[0].words == "Nothing was heard of it for 20 days.")
  }

  @Test("What never reported, or did not tell enough, is unknown and not well")
  func unknown() {
    let never = Wellness.decide(Wellness.Known(stage: .received), now: Self.now)
    #expect(never.mood == .unknown && never.headline == "It has not reported yet")
    // What is only expected is not asked to be started.
    let expected = Wellness.decide(Wellness.Known(stage: .ordered), now: Self.now)
    #expect(expected.mood == .unknown && expected.headline == "It is ordered, and not here yet")
    #expect(expected.reasons.map(\.code) == ["stage.ordered"])
    let silent = Wellness.decide(known([("battery", .unknown)]), now: Self.now)
    #expect(silent.mood == .unknown && silent.reasons.map(\.code) == ["health.unknown"])
    #expect(silent.reasons[0].words == "It did not tell about: battery.")
  }

  @Test(
    "A key that is not trusted is told before anything that was measured",
    arguments: [
      ([KeyState.quarantined, .active], "key.quarantined"), ([.pending], "key.pending"),
      ([.restricted], "key.restricted"),
      ([.revoked], "key.revoked"),
    ])
  func keys(_ keys: [KeyState], _ code: String) {
    #expect(Wellness.decide(known(keys: keys), now: Self.now).reasons.map(\.code) == [code])
  }

  @Test("Lengths of time are said as people say them")
  func times() {
    func words(_ seconds: Int64) -> String { TimeWords.from(Self.now, to: Self.now.advanced(by: .seconds(seconds))) }
    #expect([0, -59].map(words) == ["now", "now"])
    #expect([-60, -120, 5399].map(words) == ["1 minute ago", "2 minutes ago", "in 89 minutes"])
    #expect([-7200, -172_800].map(words) == ["2 hours ago", "2 days ago"])
    #expect([-5_184_000, -63_072_000].map(words) == ["2 months ago", "2 years ago"])
    #expect(!TimeWords.from(Instant(milliseconds: .min), to: Instant(milliseconds: .max)).isEmpty)
  }
}

@Suite("How the health went")
struct HealthTrendTests {
  private static let now = DeviceBench.now
  private static func ago(_ days: Int64) -> Instant { now.advanced(by: .seconds(-days * 86_400)) }

  private func change(_ item: String, _ old: Health.Verdict?, _ new: Health.Verdict?, _ days: Int64) -> FactChange {
    FactChange(section: "health", field: item, old: old?.rawValue, new: new?.rawValue)
  }

  @Test("Spans come from what is now and from each change before, without gaps")
  func spans() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("TREND1")
    try await bench.change(device, [change("battery", .well, .attention, 40)], at: Self.ago(40))
    try await bench.change(
      device, [change("battery", .attention, .failing, 10), change("disk", .unknown, .well, 10)], at: Self.ago(10))
    let known = try await bench.database.read(in: .state) { [registry = bench.registry] in
      try registry.dossier(of: device, in: .state, changes: 5, $0)
    }
    let dossier = try #require(known)
    #expect(dossier.healthChanges.count == 3)
    let health = Health(
      verdict: .failing,
      items: [("battery", Health.Verdict.failing), ("disk", .well), ("memory", .well)].map {
        Health.Item(item: $0.0, verdict: $0.1, reason: "")
      })
    let trend = HealthTrend(health, dossier.healthChanges, knownSince: Self.ago(60), now: Self.now)
    #expect(trend.lines.map(\.item) == ["battery", "disk", "memory"])
    let battery = trend.lines[0]
    #expect(battery.spans.map(\.verdict) == [nil, .well, .attention, .failing])
    #expect(battery.since == Self.ago(10) && battery.before == .attention)
    #expect(trend.lines[2].spans.map(\.verdict) == [nil, .well] && trend.lines[2].since == nil)
    for line in trend.lines {
      #expect(line.spans.first?.from == trend.begin && line.spans.last?.to == trend.end)
      #expect(zip(line.spans, line.spans.dropFirst()).allSatisfy { $0.to == $1.from })
      let bars = line.spans.compactMap { TrendBar($0, in: trend) }
      #expect(
        bars.allSatisfy { $0.x >= 0 && $0.x + $0.width <= TrendBar.width + 1 && $0.y + $0.height == TrendBar.height })
    }
  }
}

@Suite("Text of strangers")
struct ShownTextTests {
  @Test("Marks of direction are shown as marks that something is there; long texts are cut")
  func plain() {
    #expect(ShownText.of("a\u{202e}gnp.exe") == "a\u{fffd}gnp.exe")
    #expect(ShownText.of("a\u{2066}b\u{2069}\nc") == "a\u{fffd}b\u{fffd} c")
    #expect(ShownText.of(String(repeating: "x", count: 10_000)).count == 121)
    #expect(ShownText.of("e" + String(repeating: "\u{301}", count: 10_000)).unicodeScalars.count <= 481)
    #expect(ShownText.inSentence("Ada") == "\u{2068}Ada\u{2069}")
  }
}

@Suite("What changed, in words")
struct ChangeWordsTests {
  private func words(_ section: String, _ field: String, _ old: String?, _ new: String?) -> String {
    ChangeWords.sentence(FactChange(section: section, field: field, old: old, new: new))
      .replacing("\u{2068}", with: "").replacing("\u{2069}", with: "")
  }

  @Test("Each kind of change has its sentence, and numbers that no machine has break nothing")
  func sentences() {
    #expect(words("health", "battery", "well", "attention") == "Battery: needs looking after (was well).")
    #expect(words("hardware", "memoryBytes", "8165296384", "16330592768") == "Its memory is 15 GiB now; it was 8 GiB.")
    #expect(
      words("hardware", "memoryBytes", "-1", "9223372036854775807")
        == "Its memory is 8589934592 GiB now; it was not known.")
    #expect(words("software", "bash", nil, "5.2") == "Software came: bash 5.2.")
    #expect(words("software", "bash", "5.1", nil) == "Software went: bash 5.1.")
    #expect(words("software", "bash", "5.1", "5.2") == "Software changed: bash, 5.1 became 5.2.")
    #expect(
      words("software", "packages", nil, "1 added, 0 removed, 2 changed") == "Software: 1 added, 0 removed, 2 changed.")
    #expect(words("system", "hostname", "a", "b") == "It is called b now; it was a.")
    #expect(words("key", "9f2c", nil, "active") == "It has a new key, which is trusted.")
    #expect(
      words("key", "9f2c", "active", "quarantined: Two machines show one serial.")
        == "Its key is now set aside until a person decides; it was trusted. Two machines show one serial.")
    #expect(words("key", "9f2c", "later", nil) == "Its key is now not known; it was not known.")
    #expect(words("hardware", "disks[S1]", "SSD S1", nil) == "Gone from its hardware: disks[S1] SSD S1.")
  }
}
