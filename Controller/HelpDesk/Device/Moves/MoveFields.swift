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

  /// What the move itself asks, and what proves it.
  var all: [MoveField] { own + [evidence] }

  private var own: [MoveField] {
    switch kind {
    case .assign:
      [
        student("Who gets it"), school("Or a school, or the district", none: "—", others: [Self.toDistrict]),
        .text("vendor", "Or a vendor", hint: "The name of a maker or a repair shop."), accessories("Goes along"),
      ]
    case .loan:
      [
        student("Who gets it"), school("Or a school", none: "—"),
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
          others: [("warehouse", "The warehouse"), Self.toDistrict]),
        accessories("Came back with it", chosen: owed),
        reason("condition", "In which condition", "Such as: scratched lid."),
      ]
    case .repair:
      [
        .choice(
          "category", "What is the matter", RepairCategory.allCases.map { ($0.rawValue, CustodyWords.category($0)) }),
        .text("vendor", "Who repairs it", hint: "A name; empty where the district does."),
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
      [school("Where it is", none: "The warehouse", others: [Self.toDistrict])]
    case .deliver: [school("To whom", none: "Its school, or the district", others: [Self.toDistrict])]
    case .transfer:
      [school("To which school", none: "—")]
        + (reachesOthers ? [.text("district", "Or to which other district", hint: "Its code.")] : [])
    case .retire: [.text("reason", "Why", hint: "It stands in its history. " + Self.noNames, required: true)]
    case .giveAccessories: [accessories("Which are given out")]
    case .returnAccessories: [accessories("Which came back", chosen: owed)]
    }
  }

  private static let noNames = "Never a student’s name."
  private static let toDistrict = ("district", "The district")

  /// Of every move: it stands in the device's story.
  private var evidence: MoveField {
    switch kind {
    case .repair: .text("evidence", "Ticket", hint: "Its number, where there is one.")
    case .receive, .deliver: .text("evidence", "What proves it", hint: "Such as the number of a delivery note.")
    case .lost: .text("evidence", "What proves it", hint: "Such as the number of a report or a ticket.")
    case .retire: .text("evidence", "What proves it", hint: "Such as the number of a certificate of disposal.")
    case .assign, .giveBack, .loan, .repaired, .stolen, .found, .transfer, .giveAccessories, .returnAccessories:
      .text("evidence", "What proves it", hint: "Such as the number of a ticket or of a signed form.")
    }
  }

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
    let (school, district) = (told("school"), told("district"))
    switch kind {
    case .assign:
      let vendor = vendor(told, &faults)
      let all = [person(told), school, vendor].compactMap(\.self)
      if all.isEmpty { faults["student"] = "Say who gets it." }
      if all.count > 1 {
        faults[vendor == nil ? "school" : "vendor"] =
          "Say one of these: a person, a school or the district, or a vendor."
      }
      return all.count == 1 ? all[0] : nil
    case .loan:
      let all = [person(told), school].compactMap(\.self)
      if all.isEmpty { faults["student"] = "Say who gets it." }
      if all.count > 1 { faults["school"] = "Say one of the two: a person, or a school." }
      return all.count == 1 ? all[0] : nil
    case .transfer:
      switch (school, district) {
      case (let school?, nil): return school
      case (nil, let district?): return "district:\(district)"
      case (nil, nil): faults["school"] = "Say where it goes."
      case (_?, _?): faults["district"] = "Say one of the two: a school, or a district."
      }
      return nil
    case .repair: return vendor(told, &faults)
    case .receive, .deliver, .giveBack: return school
    case .repaired, .lost, .stolen, .found, .retire, .giveAccessories, .returnAccessories: return nil
    }
  }

  private func person(_ told: (String) -> String?) -> String? {
    told("student").map { PersonID(rawValue: $0) == nil ? "student:\($0)" : "person:\($0)" }
  }

  private func vendor(_ told: (String) -> String?, _ faults: inout [String: String]) -> String? {
    guard let name = told("vendor") else { return nil }
    if Holder("vendor:\(name)") == nil { faults["vendor"] = "A name has 1 to 100 characters on one line." }
    return "vendor:\(name)"
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
