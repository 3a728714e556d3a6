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
    case ("key", _): return key(change)
    default: return part(change)
    }
  }

  /// A key's standing as the registry's history tells it: `revoked: Another key took its place.`
  ///
  /// No help desk reads a digest: of which of its keys it is said, only `device show` tells.
  private static func key(_ change: FactChange) -> String {
    func standing(_ text: String?) -> (word: String, reason: String?) {
      let parts = (text ?? "").split(separator: ":", maxSplits: 1).map { String($0.drop { $0 == " " }) }
      let word =
        switch parts.first.flatMap(KeyState.init(rawValue:)) {
        case .active: "trusted"
        case .pending: "waiting for a person to let it in"
        case .quarantined: "set aside until a person decides"
        case .restricted: "restricted to a notice"
        case .revoked: "refused"
        case nil: "not known"
        }
      return (word, parts.count > 1 ? parts[1] : nil)
    }
    let now = standing(change.new)
    let reason = now.reason.map { " \(ShownText.inSentence($0))" } ?? ""
    guard let old = change.old else { return "It has a new key, which is \(now.word).\(reason)" }
    return "Its key is now \(now.word); it was \(standing(old).word).\(reason)"
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
