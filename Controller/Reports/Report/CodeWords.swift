import Registry
import Storage
import Vocabulary

/// What the codes of a column say, for people: on pages, in CSV and in workbooks. JSON keeps the codes, for programs.
enum CodeWords: Sendable {
  case stage, custody, holder
  /// Of a change: what of a device it is of.
  case section
  /// Of a change: which part of that.
  case changed
  /// Of a change: what it was, or is now.
  case told

  /// A row with words in the place of codes.
  static func worded(_ row: [SQLValue], _ columns: [Report.Column]) -> [SQLValue] {
    var row = row
    let section = columns.firstIndex { $0.codes == .section }.flatMap { text(row[$0]) } ?? ""
    let field = columns.firstIndex { $0.codes == .changed }.flatMap { text(row[$0]) } ?? ""
    for (index, column) in columns.enumerated() where index < row.count {
      guard let codes = column.codes, let code = text(row[index]) else { continue }
      row[index] = .text(codes.words(code, section, field))
    }
    return row
  }

  private static func text(_ value: SQLValue) -> String? { if case .text(let text) = value { text } else { nil } }

  private func words(_ code: String, _ section: String, _ field: String) -> String {
    switch self {
    case .stage: Self.ofStage(code)
    case .custody: Self.ofCustody(code)
    case .holder: Self.ofHolder(code)
    case .section: Self.ofSection(code)
    case .changed: Self.part(code, of: section)
    case .told: Self.told(code, field, of: section)
    }
  }

  // MARK: - Where devices are

  /// `in repair`.
  static func ofStage(_ code: String) -> String { code.replacing("-", with: " ") }

  private static func ofCustody(_ code: String) -> String {
    switch Custody(rawValue: code) {
    case .warehouse: "the warehouse"
    case .carrier: "on its way"
    case .district: "the district"
    case .school: "a school"
    case .person: someone
    case .vendor: "its maker or seller"
    case nil: code
    }
  }

  /// Nobody is named: who may see names finds them on the device's page.
  private static func ofHolder(_ code: String) -> String {
    switch Holder(code) {
    case .person: someone
    case .school(let id): "school \(id)"
    case .district: "the district"
    case .warehouse: "the warehouse"
    case .vendor(nil): "a repair shop"
    case .vendor(let name?): name
    case .otherDistrict(let id): "district \(id)"
    case nil: code == ShownHolder.person ? someone : code
    }
  }

  private static let someone = "a student or a member of staff"

  // MARK: - What changed

  static func ofSection(_ code: String) -> String {
    switch code {
    case "custody": "Who has it"
    case "key": "Whether it is trusted"
    default: code.prefix(1).uppercased() + code.dropFirst()
    }
  }

  private static func part(_ code: String, of section: String) -> String {
    switch (section, code) {
    case ("custody", _): code.replacing("-", with: " ")
    // Which of its keys, no list tells.
    case ("key", _): "its key"
    case ("health", _): Words.reasons[code]?.lowercased() ?? code
    case (_, "memoryBytes"): "memory"
    case (_, "hostname"): "host name"
    case (_, "osName"): "system"
    case (_, "osVersion"): "version of the system"
    default: code
    }
  }

  private static func told(_ code: String, _ field: String, of section: String) -> String {
    switch (section, field) {
    case ("custody", _): ofHolder(code)
    case ("key", _): key(code)
    case ("health", _): code == "attention" ? "needs attention" : code
    case ("hardware", "memoryBytes"): memory(code)
    default: code
    }
  }

  /// A key's standing as the registry's history tells it: `revoked: Another key took its place.`
  private static func key(_ code: String) -> String {
    let parts = code.split(separator: ":", maxSplits: 1).map { String($0.drop { $0 == " " }) }
    let word =
      switch parts.first.flatMap(KeyState.init(rawValue:)) {
      case .active: "trusted"
      case .pending: "waits for a person to let it in"
      case .quarantined: "set aside until a person decides"
      case .restricted: "restricted to a notice"
      case .revoked: "refused"
      case nil: "not known"
      }
    return parts.count > 1 ? "\(word): \(parts[1])" : word
  }

  private static func memory(_ bytes: String) -> String {
    guard let number = Int64(bytes), number > 0 else { return "not known" }
    // A machine says a little less than what is built in.
    return "\(max(1, (number >> 29) / 2 + (number >> 29) % 2)) GiB"
  }
}
