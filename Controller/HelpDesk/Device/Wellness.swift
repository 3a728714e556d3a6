import Registry
import Vocabulary

/// Decides, purely, what is said first of a device: whether it is well and ready, in words that a parent understands, and
/// if not, why, since when, and what to do.
struct Wellness: Sendable, Hashable {
  enum Mood: String, Sendable, Hashable, CaseIterable {
    /// Nothing to do.
    case good
    /// It works; something is to be looked after.
    case attention
    /// It cannot be used, or not for long.
    case bad
    /// Nobody knows.
    case unknown
  }

  struct Reason: Sendable, Hashable {
    /// Stable, for who looks for it: `battery.failing`, `contact.silent`.
    let code: String
    let mood: Mood
    let words: String
    /// What to do about it.
    let advice: String
    /// nil where nobody knows.
    var since: Instant?
    /// As it was measured; nil where nothing was.
    var measured: String?
  }

  let mood: Mood
  let headline: String
  /// The gravest first.
  let reasons: [Reason]

  /// What is known, each by itself.
  struct Known: Sendable {
    var stage: Stage?
    /// Who has it, as far as the ledger says.
    var holder: Holder?
    var repair: RepairCategory?
    var keys: [KeyState] = []
    var contact: ListedDevice.Contact?
    var told: MachineTold?
    /// Since when an item of the health has the verdict that it has.
    var since: [String: Instant] = [:]
    /// Since when the stage is what it is.
    var stageSince: Instant?
  }

  /// Days without a word after which somebody should look.
  static let silentDays: Int64 = 14

  static func decide(_ known: Known, now: Instant) -> Wellness {
    let place = StageReason.of(known)
    if let place, place.isAll {
      return Wellness(mood: place.reason.mood, headline: place.headline, reasons: [place.reason])
    }
    var reasons = [place?.reason, keyReason(known.keys), contactReason(known, now)].compactMap(\.self)
    reasons += HealthReasons.of(known)
    let order: [Mood] = [.bad, .attention, .unknown, .good]
    let sorted = order.flatMap { mood in reasons.filter { $0.mood == mood } }
    let mood = sorted.first?.mood ?? .good
    return Wellness(mood: mood, headline: place?.headline ?? headline(mood, known), reasons: sorted)
  }

  private static func headline(_ mood: Mood, _ known: Known) -> String {
    switch mood {
    case .good: "It is well and ready"
    case .attention: "It works, and needs looking after"
    case .bad: "It is not well"
    case .unknown: known.contact == nil ? "It has not reported yet" : "Nobody can tell how it is"
    }
  }

  private static func keyReason(_ keys: [KeyState]) -> Reason? {
    if keys.contains(.quarantined) {
      return Reason(
        code: "key.quarantined", mood: .bad, words: "Another machine says that it is this one, so it gets nothing.",
        advice: "District IT looks at both, and keeps the right one.")
    }
    if keys.contains(.pending) {
      return Reason(
        code: "key.pending", mood: .attention, words: "It waits for somebody to approve it.",
        advice: "District IT approves it, or refuses it.")
    }
    if keys.contains(.active) { return nil }
    if keys.contains(.restricted) {
      return Reason(
        code: "key.restricted", mood: .bad, words: "It receives nothing but a notice.",
        advice: "District IT says why, and makes it trusted again.")
    }
    guard keys.contains(.revoked) else { return nil }
    return Reason(
      code: "key.revoked", mood: .bad, words: "It is not trusted any more: its key was revoked.",
      advice: "District IT enrols it anew, where it is still needed.")
  }

  private static func contactReason(_ known: Known, _ now: Instant) -> Reason? {
    guard let contact = known.contact else {
      return Reason(
        code: "contact.never", mood: .unknown, words: "It has never reported, so nothing is known of how it is.",
        advice: "Start it, and connect it to the internet.")
    }
    let silence = now.since(contact.last).components.seconds
    guard silence >= silentDays * 86_400, contact.next < now else { return nil }
    let length = TimeWords.length(silence.magnitude) ?? ""
    return Reason(
      code: "contact.silent", mood: .attention, words: "Nothing was heard of it for \(length).",
      advice: "Start it, and leave it connected to the internet for an hour.", since: contact.last)
  }
}

/// What the ledger alone says, before anything that was measured.
private struct StageReason {
  let reason: Wellness.Reason
  let headline: String
  /// Whether nothing else matters.
  let isAll: Bool

  static func of(_ known: Wellness.Known) -> StageReason? {
    func made(
      _ code: String, _ mood: Wellness.Mood, _ headline: String, _ words: String, _ advice: String, isAll: Bool = true
    ) -> StageReason {
      StageReason(
        reason: Wellness.Reason(code: code, mood: mood, words: words, advice: advice, since: known.stageSince),
        headline: headline, isAll: isAll)
    }
    switch known.stage {
    case .lost:
      return made(
        "stage.lost", .bad, "It is reported lost", "It still checks in, and receives nothing but a notice.",
        "Whoever has it hands it in at any school; then report it found.")
    case .stolen:
      return made(
        "stage.stolen", .bad, "It is reported stolen", "It still checks in, and receives nothing but a notice.",
        "Tell the police where it turns up; then report it found.")
    case .ordered where known.contact == nil:
      return made(
        "stage.ordered", .unknown, "It is ordered, and not here yet", "A list says that it will come.",
        "Nothing is to be done before it comes.")
    case .retired:
      if case .otherDistrict(let id)? = known.holder {
        return made(
          "stage.moved", .unknown, "It was moved to the district '\(id)'",
          "It is theirs now, and is looked after there.",
          "Ask there, where something is the matter with it.")
      }
      return made(
        "stage.retired", .unknown, "It is out of use", "It was taken out of use, for good.", "Nothing is to be done.")
    case .inRepair:
      let what = known.repair.map { ": \(CustodyWords.category($0))" } ?? ""
      return made(
        "stage.in-repair", .attention, "It is being repaired", "It was sent to be repaired\(what).",
        "Loan another one for the time, where it is missed.", isAll: false)
    default: return nil
    }
  }
}
