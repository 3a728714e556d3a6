package import Registry
package import Wire

/// Judges, purely, a device's health from its facts, an item at a time, each with its reason in plain words.
///
/// What was not reported or could not be read is `unknown`, never `well`. An item that a machine cannot have, such as
/// the battery of a desktop, is left out. The whole is the worst of the items that are known; it is `unknown` only where
/// nothing is wrong and a core item is not known, for then too little is known to call the machine well.
package enum HealthRules {
  package static func assess(_ facts: Facts, thresholds: HealthThresholds = HealthThresholds()) -> Health {
    let items = [
      battery(facts, thresholds), disk(facts, thresholds), memory(facts, thresholds), space(facts, thresholds),
      temperature(facts, thresholds), clock(facts, thresholds), updates(facts, thresholds),
    ].compactMap { $0 }
    return Health(verdict: overall(items), items: items)
  }

  /// What a machine has to tell to be called well: it runs on them, and an agent can nearly always read them.
  private static let core: Set<String> = ["battery", "memory", "space"]

  static func overall(_ items: [Health.Item]) -> Health.Verdict {
    let known = items.map(\.verdict).filter { $0 != .unknown }
    guard let worst = known.max(by: { $0.rank < $1.rank }) else { return .unknown }
    let isCoreUnknown = items.contains { $0.verdict == .unknown && core.contains($0.item) }
    return worst == .well && isCoreUnknown ? .unknown : worst
  }

  // MARK: - The items

  static func memory(_ facts: Facts, _ thresholds: HealthThresholds) -> Health.Item? {
    guard let free = facts.vitals?.memoryAvailableBytes, let total = facts.vitals?.memoryTotalBytes,
      let percent = Reading.percent(free, of: total)
    else { return unknown("memory", "How much memory is free", facts, "memory") }
    guard percent < thresholds.memoryFreePercent else {
      return Health.Item(item: "memory", verdict: .well, reason: "\(Reading.whole(percent)) % of the memory is free.")
    }
    return Health.Item(
      item: "memory", verdict: .attention,
      reason: "Only \(Reading.whole(percent)) % of the memory is free. Too much is open, or the machine has too little."
    )
  }

  static func clock(_ facts: Facts, _ thresholds: HealthThresholds) -> Health.Item? {
    guard let offset = facts.vitals?.clockOffsetMilliseconds else {
      return unknown("clock", "How far the clock is off", facts, "clock")
    }
    let seconds = abs(Double(offset)) / 1000
    let verdict = Reading.verdict(seconds, thresholds.clockSeconds)
    let off = "The clock is \(Reading.whole(seconds)) s \(offset < 0 ? "slow" : "fast")."
    return Health.Item(
      item: "clock", verdict: verdict,
      reason: verdict == .well
        ? "The clock is right."
        : off + (verdict == .failing ? " Signing in will fail." : " Check its time service or its battery."))
  }

  static func updates(_ facts: Facts, _ thresholds: HealthThresholds) -> Health.Item? {
    guard let count = facts.vitals?.updatesAvailable else {
      if facts.system?.rebootPending == true { return restart }
      return unknown("updates", "Which updates wait", facts, "updates")
    }
    let verdict = Reading.verdict(Double(count), thresholds.updates)
    if verdict == .well, facts.system?.rebootPending == true { return restart }
    return Health.Item(
      item: "updates", verdict: verdict,
      reason: count <= 0 ? "No update waits." : "\(count) \(count == 1 ? "update waits" : "updates wait").")
  }

  private static let restart = Health.Item(
    item: "updates", verdict: .attention, reason: "Updates are installed and wait for a restart.")

  static func temperature(_ facts: Facts, _ thresholds: HealthThresholds) -> Health.Item? {
    let machine = (facts.vitals?.thermals ?? []).map { ($0.zone, $0.millicelsius, thresholds.machineCelsius) }
    let disks = (facts.vitals?.disks ?? []).compactMap { disk in
      disk.temperatureMillicelsius.map { ("disk \(disk.name)", $0, thresholds.diskCelsius) }
    }
    // A sensor under -50 or over 200 °C is broken, or is not one.
    let found = (machine + disks).filter { (-50_000...200_000).contains($0.1) }
    let judged = found.map {
      (name: $0.0, celsius: Double($0.1) / 1000, verdict: Reading.verdict(Double($0.1) / 1000, $0.2))
    }
    let hottest = judged.max { ($0.verdict.rank, $0.celsius) < ($1.verdict.rank, $1.celsius) }
    guard let hottest else { return unknown("temperature", "How hot the machine is", facts, "thermal") }
    let reading = "\(hottest.name) is at \(Reading.whole(hottest.celsius)) °C"
    return Health.Item(
      item: "temperature", verdict: hottest.verdict,
      reason: hottest.verdict == .well ? "The hottest part, \(reading)." : "\(reading). Check its fan and vents.")
  }

  // MARK: - What could not be read

  /// `unknown`, with the agent's own reason where it gave one for a field that begins like `field`.
  static func unknown(_ item: String, _ what: String, _ facts: Facts, _ field: String) -> Health.Item {
    let reasons = (facts.vitals?.unreadable ?? []) + (facts.hardware?.unreadable ?? [])
    let reason = reasons.first { $0.field.hasPrefix(field) }?.reason
    return Health.Item(
      item: item, verdict: .unknown,
      reason: reason.map { "\(what) could not be read: \(sentence($0))" } ?? "\(what) was not reported.")
  }

  /// An agent's words with one full stop.
  private static func sentence(_ words: String) -> String { words.hasSuffix(".") ? words : words + "." }
}

extension Health.Verdict {
  /// The worst of several parts stands for their item. Unknown is worse than well, for it may hide anything.
  var rank: Int {
    switch self {
    case .well: 0
    case .unknown: 1
    case .attention: 2
    case .failing: 3
    }
  }
}

/// Arithmetic that hostile numbers cannot break.
enum Reading {
  /// nil where the whole is no size.
  static func percent(_ part: Int64, of whole: Int64) -> Double? {
    guard whole > 0, part >= 0 else { return nil }
    return Double(part) / Double(whole) * 100
  }

  /// What the battery that holds least still holds of its design, percent.
  static func battery(_ facts: Facts) -> Int64? {
    let states = facts.vitals?.batteries ?? []
    return (facts.hardware?.batteries ?? []).compactMap { battery -> Int64? in
      guard let design = battery.designMicrowattHours,
        let full = states.first(where: { $0.name == battery.name })?.fullMicrowattHours
      else { return nil }
      return percent(full, of: design).map(whole)
    }.min()
  }

  /// Free on the fullest file system that can be written to, percent.
  static func space(_ facts: Facts) -> Int64? {
    (facts.vitals?.fileSystems ?? []).filter { !$0.readOnly }
      .compactMap { percent($0.availableBytes, of: $0.totalBytes).map(whole) }.min()
  }

  static func memory(_ facts: Facts) -> Int64? {
    guard let free = facts.vitals?.memoryAvailableBytes, let total = facts.vitals?.memoryTotalBytes else { return nil }
    return percent(free, of: total).map(whole)
  }

  /// The hottest part, °C. A sensor under -50 or over 200 °C is broken, or is not one.
  static func celsius(_ facts: Facts) -> Int64? {
    let parts = (facts.vitals?.thermals ?? []).map(\.millicelsius)
    let disks = (facts.vitals?.disks ?? []).compactMap(\.temperatureMillicelsius)
    return (parts + disks).filter { (-50_000...200_000).contains($0) }.max().map { Int64($0 / 1000) }
  }

  /// A reading where more is worse.
  static func verdict(_ value: Double, _ borders: HealthThresholds.Borders) -> Health.Verdict {
    value >= borders.failing ? .failing : value >= borders.attention ? .attention : .well
  }

  /// A reading where less is worse.
  static func verdict(under value: Double, _ borders: HealthThresholds.Borders) -> Health.Verdict {
    value < borders.failing ? .failing : value < borders.attention ? .attention : .well
  }

  static func whole(_ value: Double) -> Int64 { Int64(exactly: value.rounded(.down)) ?? (value < 0 ? .min : .max) }
}
