import Registry
import Vocabulary
import Web

/// What changed on a device, in plain words.
enum ChangeWords {
  static func sentence(_ change: FactChange) -> String {
    func told(_ text: String?) -> String { text.map { ShownText.inSentence($0) } ?? "nothing" }
    switch (change.section, change.field) {
    case ("health", let item):
      let now = change.new.flatMap(Health.Verdict.init(rawValue:)).map(verdict) ?? "not looked at any more"
      let before = change.old.flatMap(Health.Verdict.init(rawValue:)).map { " (was \(verdict($0)))" } ?? ""
      return "\(HealthReasons.name(of: item)): \(now)\(before)."
    case ("software", "packages"): return "Software: \(told(change.new))."
    case ("software", let name):
      switch (change.old, change.new) {
      case (nil, let new?): return "Software came: \(ShownText.inSentence(name)) \(told(new))."
      case (let old?, nil): return "Software went: \(ShownText.inSentence(name)) \(told(old))."
      case (let old, let new):
        return "Software changed: \(ShownText.inSentence(name)), \(told(old)) became \(told(new))."
      }
    case ("system", "hostname"): return "It is called \(told(change.new)) now; it was \(told(change.old))."
    case ("system", "kernel"): return "Its kernel is \(told(change.new)) now; it was \(told(change.old))."
    case ("system", "osName"), ("system", "osVersion"):
      return "Its system is \(told(change.new)) now; it was \(told(change.old))."
    case ("hardware", "memoryBytes"):
      return "Its memory is \(memory(change.new)) now; it was \(memory(change.old))."
    case ("identity", "serial"): return "It says that its serial is \(told(change.new)); it said \(told(change.old))."
    default: return part(change)
    }
  }

  static func verdict(_ verdict: Health.Verdict) -> String {
    switch verdict {
    case .well: "well"
    case .attention: "needs looking after"
    case .failing: "failing"
    case .unknown: "not known"
    }
  }

  private static func memory(_ bytes: String?) -> String {
    guard let bytes, let number = Int64(bytes), number > 0 else { return "not known" }
    // A machine says a little less than what is built in.
    return "\(max(1, (number >> 29) / 2 + (number >> 29) % 2)) GiB"
  }

  private static func part(_ change: FactChange) -> String {
    let field = ShownText.inSentence(change.field)
    let section = ShownText.of(change.section, limit: 40)
    switch (change.old, change.new) {
    case (nil, let new): return "New in its \(section): \(field) \(new.map { ShownText.inSentence($0) } ?? "")."
    case (let old?, nil): return "Gone from its \(section): \(field) \(ShownText.inSentence(old))."
    case (let old?, let new?):
      return "In its \(section), \(field) is \(ShownText.inSentence(new)) now; it was \(ShownText.inSentence(old))."
    }
  }
}
