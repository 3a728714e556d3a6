import Registry
import Vocabulary
import Web

/// The custody ledger as sentences.
struct StoryWords: Sendable {
  /// Names of holders, for sentences.
  let name: @Sendable (Holder) -> String

  func sentence(_ step: DeviceDossier.Step) -> String {
    let event = step.entry.event
    let to = step.to.map { " to \(name($0))" } ?? ""
    let from = step.from.map(name) ?? "Whoever had it"
    let with = event.accessories.isEmpty ? "" : " with \(CustodyWords.accessories(event.accessories))"
    switch event.kind {
    case .expected: return "A list said that it will come."
    case .enrolled: return "It was enrolled: it has a key that is trusted."
    case .withdrawn: return "The list that expected it does so no longer."
    case .received: return "It came\(to.isEmpty ? " in" : to)."
    case .delivered: return "It was handed over\(to)."
    case .assigned: return "It was given\(to)\(with)."
    case .returned: return "\(from) gave it back\(to)\(with)."
    case .loaned:
      let until = event.dueDay.map { " until \(CivilDate.words(of: $0))" } ?? ""
      return "It was loaned\(to)\(until)\(event.loanFor == nil ? "" : " in place of another")\(with)."
    case .loanReturned: return "\(from) gave the loan back\(to)\(with)."
    case .sentToRepair:
      let why = event.category.map { " (\(CustodyWords.category($0)))" } ?? ""
      return "It went to be repaired\(why)\(to.replacing(" to ", with: ", by ", maxReplacements: 1))."
    case .repaired: return "It came back repaired\(to)."
    case .lost: return "It was reported lost."
    case .stolen:
      return "It was reported stolen\(event.policeReport.map { ", police report \(ShownText.inSentence($0))" } ?? "")."
    case .found: return "It was found\(step.to == nil ? "" : ", and is back\(to)")."
    case .transferred: return "It was moved\(to)."
    case .retired: return "It was taken out of use."
    case .accessoriesGiven:
      return "\(step.to.map(name) ?? "Who has it") got \(CustodyWords.accessories(event.accessories))."
    case .accessoriesReturned: return "\(from) gave back \(CustodyWords.accessories(event.accessories))."
    }
  }
}

extension CivilDate {
  /// `2026-12-03`, of a day since 1970-01-01.
  static func words(of day: Int64) -> String { CivilDate(daysSinceEpoch: day).description }
}
