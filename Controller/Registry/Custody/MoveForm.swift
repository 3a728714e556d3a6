import Serving
import Vocabulary

/// The body of a move; which members a move takes, ``CustodyMove/Kind`` says (``MoveForm/schema(of:)``).
package struct MoveForm: Decodable, Sendable {
  package var to: String?
  package var accessories: [String]?
  package var category: String?
  package var policeReport: String?
  package var due: String?
  package var days: Int?
  package var `for`: String?
  package var reason: String?
  package var evidence: String?
  package var expected: Int64?

  package init() {}
}

/// Who is to get a device, as it was said.
enum Recipient: Sendable, Hashable {
  case holder(Holder)
  /// By the number that the school gave.
  case student(String)

  /// Of `student:` and a number, or as ``Holder`` is written.
  init?(_ text: String) {
    if text.hasPrefix("student:") {
      let number = String(text.dropFirst(8))
      guard Self.isNumber(number) else { return nil }
      self = .student(number)
    } else {
      guard let holder = Holder(text) else { return nil }
      self = .holder(holder)
    }
  }

  /// 1 to 64 characters on one line.
  static func isNumber(_ text: String) -> Bool {
    (1...64).contains(text.count) && text.utf8.count <= 256
      && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}

/// A move as it was asked for, its form checked; who and what it names is still to be found.
struct AskedMove: Sendable {
  var move: CustodyMove
  var recipient: Recipient?
  /// The length of a loan, in school days.
  var days: Int?
  /// The serial or id of the device that a loan stands for.
  var instead: String?
  /// The last event of the device that the caller has seen.
  var expected: Int64?

  var kind: CustodyMove.Kind { move.kind }

  /// The other district that gets the device.
  var otherDistrict: DistrictID? {
    if case .holder(.otherDistrict(let id))? = recipient { id } else { nil }
  }
}

extension MoveForm {
  /// - Throws: `registry.invalid` with every fault.
  func asked(_ kind: CustodyMove.Kind, today: Int64) throws(RegistryError) -> AskedMove {
    var check = FieldCheck()
    var asked = AskedMove(move: CustodyMove(kind))
    asked.recipient = recipient(of: kind, &check)
    asked.move.reason = reason.map { check.text($0, "reason", limit: 500) }
    asked.move.evidence = evidence.map { check.text($0, "evidence", limit: 200) }
    asked.move.policeReport = policeReport.map { check.text($0, "policeReport", limit: 64) }
    asked.move.category = category.flatMap { check.choice($0, "category") }
    asked.move.accessories = check.accessories(accessories)
    asked.instead = self.for.map { check.text($0, "for", limit: 64) }
    if let expected, expected < 0 { check.add("expected", "\(expected)", "'expected' is an event's number, or 0.") }
    asked.expected = expected
    checkNeeds(of: kind, asked, &check)
    if kind == .loan { checkTime(&asked, today, &check) }
    try check.throwFaults()
    return asked
  }

  private func recipient(of kind: CustodyMove.Kind, _ check: inout FieldCheck) -> Recipient? {
    guard let to else {
      if kind.needsRecipient { check.add("to", "", "Say in 'to' who gets it: \(kind.recipients).") }
      return nil
    }
    guard let recipient = Recipient(to), kind.takes(recipient) else {
      check.add("to", to, "'to' is \(kind.recipients).")
      return nil
    }
    return recipient
  }

  private func checkNeeds(of kind: CustodyMove.Kind, _ asked: AskedMove, _ check: inout FieldCheck) {
    if kind == .repair, category == nil {
      let names = RepairCategory.allCases.map(\.rawValue).joined(separator: ", ")
      check.add("category", "", "Say in 'category' what is the matter: one of \(names).")
    }
    if kind == .retire, reason == nil { check.add("reason", "", "Say in 'reason' why it is retired.") }
    if kind == .giveAccessories || kind == .returnAccessories, asked.move.accessories.isEmpty {
      check.add("accessories", "", "Name in 'accessories' at least one of charger, case.")
    }
  }

  private func checkTime(_ asked: inout AskedMove, _ today: Int64, _ check: inout FieldCheck) {
    switch (days, due) {
    case (let days?, nil):
      if !(1...SchoolCalendar.longestLoan).contains(days) {
        check.add("days", "\(days)", "'days' is a number of school days from 1 to \(SchoolCalendar.longestLoan).")
      }
      asked.days = days
    case (nil, let due?):
      asked.move.dueDay = CivilDate.day(of: due)
      guard let day = asked.move.dueDay, (today...today + 731).contains(day) else {
        return check.add("due", due, "'due' is a day from today on, two years at most, such as 2026-12-03.")
      }
    case (nil, nil), (_?, _?):
      check.add("days", "", "Say how long: either 'days', a number of school days, or 'due', the last day.")
    }
  }
}

extension CustodyMove.Kind {
  var needsRecipient: Bool { self == .assign || self == .loan || self == .transfer }

  func takes(_ recipient: Recipient) -> Bool {
    switch (self, recipient) {
    case (.assign, .student), (.loan, .student), (.loan, .holder(.person)), (.loan, .holder(.school)): true
    case (.assign, .holder(let holder)): holder != .warehouse && !holder.isOtherDistrict
    case (.receive, .holder(.warehouse)), (.receive, .holder(.district)), (.receive, .holder(.school)): true
    case (.giveBack, .holder(.warehouse)), (.giveBack, .holder(.district)), (.giveBack, .holder(.school)): true
    case (.deliver, .holder(.district)), (.deliver, .holder(.school)): true
    case (.repair, .holder(.district)), (.repair, .holder(.vendor)): true
    case (.transfer, .holder(.school)): true
    case (.transfer, .holder(let holder)): holder.isOtherDistrict
    default: false
    }
  }

  /// Who may get a device by this move, in words.
  var recipients: String {
    switch self {
    case .assign:
      "'student:' and a number, 'person:' and an id, 'school:' and a code, 'district', or 'vendor:' and a name"
    case .loan: "'student:' and a number, 'person:' and an id, or 'school:' and a code"
    case .receive, .giveBack: "'warehouse', 'district', or 'school:' and a code"
    case .deliver: "'district', or 'school:' and a code"
    case .repair: "'district', or 'vendor:' and a name"
    case .transfer: "'school:' and a code, or 'district:' and the code of another district"
    default: "not for this move"
    }
  }
}

extension Holder {
  var isOtherDistrict: Bool { if case .otherDistrict = self { true } else { false } }
}
