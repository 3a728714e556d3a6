import Registry
import Vocabulary
import Web

/// What was measured, as reasons in plain words.
enum HealthReasons {
  static func of(_ known: Wellness.Known) -> [Wellness.Reason] {
    guard let health = known.contact?.health else { return [] }
    let told = known.told ?? MachineTold()
    var reasons = health.items.compactMap { item -> Wellness.Reason? in
      guard var reason = reason(item, told) else { return nil }
      reason.since = known.since[item.item]
      reason.measured = ShownText.of(item.reason, limit: 300)
      return reason
    }
    if health.verdict == .unknown, reasons.isEmpty {
      let missing = health.items.filter { $0.verdict == .unknown }.map { name(of: $0.item).lowercased() }
      let what = missing.isEmpty ? "how it is" : "about: \(missing.joined(separator: ", "))"
      reasons.append(
        Wellness.Reason(
          code: "health.unknown", mood: .unknown, words: "It did not tell \(what).",
          advice: "Restart it; where that does not help, district IT looks at its agent."))
    }
    return reasons
  }

  static func name(of item: String) -> String {
    switch item {
    case "battery": "Battery"
    case "disk": "Disk"
    case "memory": "Memory"
    case "space": "Space"
    case "temperature": "Temperature"
    case "clock": "Clock"
    case "updates": "Updates"
    default: ShownText.of(item, limit: 40)
    }
  }

  /// `half` of 47: as one says it at the telephone.
  static func share(_ percent: Int) -> String {
    switch percent {
    case ..<8: "next to nothing"
    case ..<18: "an eighth"
    case ..<29: "a quarter"
    case ..<42: "a third"
    case ..<59: "half"
    case ..<71: "two thirds"
    case ..<88: "three quarters"
    default: "nearly all"
    }
  }

  private static func reason(_ item: Health.Item, _ told: MachineTold) -> Wellness.Reason? {
    let isFailing = item.verdict == .failing
    guard isFailing || item.verdict == .attention else { return nil }
    let (words, advice) = words(item, told, isFailing)
    return Wellness.Reason(
      code: "\(ShownText.of(item.item, limit: 40)).\(item.verdict.rawValue)", mood: isFailing ? .bad : .attention,
      words: words, advice: advice)
  }

  private static func words(
    _ item: Health.Item, _ told: MachineTold, _ isFailing: Bool
  ) -> (words: String, advice: String) {
    switch item.item {
    case "battery": return battery(told, isFailing)
    case "disk":
      return told.isDiskFailing
        ? ("The disk says that it is failing.", "Save what matters now, and bring it to be repaired.")
        : ("The disk is wearing out.", isFailing ? "Save what matters, and ask for a new disk." : "Plan a new disk.")
    case "memory": return ("Too little memory is free.", "Close programs and tabs, or restart it.")
    case "space":
      return told.isReadOnly
        ? ("Nothing can be written to its disk.", "Restart it once; if that does not help, bring it to be repaired.")
        : ("Its disk is \(isFailing ? "full" : "nearly full").", "Remove what is not needed, and empty the bin.")
    case "temperature": return ("It runs too hot.", "Put it on a table, keep its vents free, and let it cool down.")
    case "clock":
      return (
        isFailing ? "Its clock is wrong, so signing in fails." : "Its clock is somewhat wrong.",
        "Connect it to the internet, and restart it."
      )
    case "updates":
      return told.isRestartPending
        ? ("Updates wait for a restart.", "Save your work, and restart it.")
        : ("Many updates wait.", "Leave it switched on and connected for an evening.")
    default: return (ShownText.of(item.reason), "Ask district IT.")
    }
  }

  private static func battery(_ told: MachineTold, _ isFailing: Bool) -> (words: String, advice: String) {
    guard let percent = told.batteryPercent else {
      return isFailing
        ? ("No battery is found in it.", "Keep it at its charger, and ask for a new battery.")
        : ("The battery is getting old.", "Keep the charger at hand.")
    }
    let words = "The battery holds \(share(percent)) of what it did when it was new."
    if isFailing { return (words, "Ask for a new one; until then, keep it at its charger.") }
    let isWorn = percent < 60
    return isWorn
      ? (words, "Plan a new one; until then, keep the charger at hand.")
      : ("The battery was charged very often.", "Plan a new one.")
  }
}
