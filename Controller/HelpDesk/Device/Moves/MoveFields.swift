import Registry
import Serving
import Vocabulary
import Web

/// What each move asks for, and nothing more: the fields of its form, and what they say together.
struct MoveFields: Sendable {
  let kind: CustodyMove.Kind
  /// The district's schools, to choose from.
  let schools: [School]
  /// What is out with the device.
  let owed: Accessories
  /// Whether another district may get it from this caller.
  let reachesOthers: Bool

  var all: [MoveField] {
    switch kind {
    case .assign: [student("Who gets it"), school("Or a school", none: "—")] + [accessories("Goes along")]
    case .loan:
      [
        student("Who gets it"),
        .number("days", "For how many school days", hint: "1 to 200; or say the last day below."),
        .day("due", "Or until this day"),
        .text(
          "for", "In place of", hint: "The serial of the device in repair, lost or stolen; empty where there is none."),
        accessories("Goes along"),
      ]
    case .giveBack:
      [
        school(
          "Where it is now", none: "Its school, or the district",
          others: [("warehouse", "The warehouse"), ("district", "The district")]),
        accessories("Came back with it", chosen: owed),
        reason("condition", "In which condition", "Such as: scratched lid."),
      ]
    case .repair:
      [
        .choice(
          "category", "What is the matter", RepairCategory.allCases.map { ($0.rawValue, CustodyWords.category($0)) }),
        .text("vendor", "Who repairs it", hint: "A name; empty where the district does."),
        .text("evidence", "Ticket", hint: "Its number, where there is one."),
      ]
    case .repaired: [reason("reason", "What was done", "Such as: new screen.")]
    case .lost: [.day("day", "When it was seen last"), reason("reason", "Where, and who says so", Self.noNames)]
    case .stolen:
      [
        .text(
          "policeReport", "Number of the police report", hint: "It may come later: then report it stolen once more."),
        .day("day", "When it was stolen"), reason("reason", "Where", Self.noNames),
      ]
    case .found: [reason("reason", "Where it was found", Self.noNames)]
    case .receive:
      [school("Where it is", none: "The warehouse", others: [("district", "The district")])]
    case .deliver: [school("To whom", none: "Its school, or the district", others: [("district", "The district")])]
    case .transfer:
      [school("To which school", none: "—")]
        + (reachesOthers ? [.text("district", "Or to which other district", hint: "Its code.")] : [])
    case .retire: [.text("reason", "Why", hint: "It stands in its history. " + Self.noNames, required: true)]
    case .giveAccessories: [accessories("Which are given out")]
    case .returnAccessories: [accessories("Which came back", chosen: owed)]
    }
  }

  private static let noNames = "Never a student’s name."

  private func student(_ label: String) -> MoveField {
    .text("student", label, hint: "The student’s number, or the id of a person of the roster (per_…).", looksUp: true)
  }

  private func reason(_ name: String, _ label: String, _ hint: String) -> MoveField { .text(name, label, hint: hint) }

  private func school(_ label: String, none: String, others: [(String, String)] = []) -> MoveField {
    .choice(
      "school", label, [("", none)] + others + schools.map { ("school:\($0.id)", ShownText.of($0.name, limit: 60)) })
  }

  private func accessories(_ label: String, chosen: Accessories = []) -> MoveField {
    let field = MoveField.ticks(
      "accessories", label, Accessory.allCases.map { ($0.rawValue, $0 == .charger ? "Charger" : "Case") })
    return chosen.isEmpty ? field : field.filled(chosen.names)
  }

  // MARK: - What was filled in

  /// What the form says, and what is wrong with it before anybody is asked.
  func read(_ form: FormBody) -> (move: MoveForm, faults: [String: String]) {
    var move = MoveForm()
    var faults: [String: String] = [:]
    func told(_ name: String) -> String? { form[name].map(Self.trimmed).flatMap(\.nonEmpty) }
    move.to = recipient(told, &faults)
    let names = form.all("accessories")
    if all.contains(where: \.isTicks) { move.accessories = names.isEmpty ? nil : names }
    move.category = told("category")
    move.policeReport = told("policeReport")
    move.for = told("for")
    move.evidence = told("evidence")
    move.due = told("due")
    if let days = told("days") {
      if let number = Int(days) { move.days = number } else { faults["days"] = "Type a number, such as 10." }
    }
    move.reason = reason(told)
    move.expected = told("expected").flatMap { Int64($0) }
    if kind == .loan, move.days == nil, move.due == nil, faults["days"] == nil {
      faults["days"] = "Say for how many school days, or until which day."
    }
    if kind == .loan, move.days != nil, move.due != nil { faults["due"] = "Say one of the two: days, or the last day." }
    if kind == .retire, move.reason == nil { faults["reason"] = "Say why: it stands in its history." }
    if [.giveAccessories, .returnAccessories].contains(kind), names.isEmpty {
      faults["accessories"] = "Tick at least one."
    }
    return (move, faults)
  }

  private func recipient(_ told: (String) -> String?, _ faults: inout [String: String]) -> String? {
    let (student, school, district) = (told("student"), told("school"), told("district"))
    switch kind {
    case .assign, .loan:
      switch (student, school) {
      case (let number?, nil): return PersonID(rawValue: number) == nil ? "student:\(number)" : "person:\(number)"
      case (nil, let school?): return school
      case (nil, nil): faults["student"] = "Say who gets it."
      case (_?, _?): faults["school"] = "Say one of the two: a person, or a school."
      }
      return nil
    case .transfer:
      switch (school, district) {
      case (let school?, nil): return school
      case (nil, let district?): return "district:\(district)"
      case (nil, nil): faults["school"] = "Say where it goes."
      case (_?, _?): faults["district"] = "Say one of the two: a school, or a district."
      }
      return nil
    case .repair: return told("vendor").map { "vendor:\($0)" }
    case .receive, .deliver, .giveBack: return school
    case .repaired, .lost, .stolen, .found, .retire, .giveAccessories, .returnAccessories: return nil
    }
  }

  /// One text of the ledger, from the fields that tell of it.
  private func reason(_ told: (String) -> String?) -> String? {
    let parts = [told("day"), told("reason"), told("condition")].compactMap(\.self)
    return parts.isEmpty ? nil : parts.joined(separator: ": ")
  }

  static func trimmed(_ text: String) -> String {
    let start = text.drop(while: \.isWhitespace)
    return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
  }

  /// The field that a refusal is about; nil where it is about the device.
  func place(of fault: Fault) -> String? { fault.field.flatMap(place) }

  func place(of kind: RegistryError.Kind) -> String? {
    switch kind {
    case .custodyPerson, .custodyNoRoster: place("student")
    case .custodySchool: place("school")
    case .custodyLoan: place("for")
    default: nil
    }
  }

  private func place(_ name: String) -> String? {
    let names = all.map(\.name)
    if names.contains(name) { return name }
    if name == "to" { return ["student", "school", "vendor", "district"].first(where: names.contains) }
    if name == "reason" { return ["reason", "condition"].first(where: names.contains) }
    return nil
  }
}
