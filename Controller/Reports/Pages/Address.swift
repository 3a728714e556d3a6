import Vocabulary

/// An address of this site with its query.
struct Address: Sendable, CustomStringConvertible {
  let path: String
  private(set) var pairs: [(name: String, value: String)]

  init(_ path: String, _ pairs: [(name: String, value: String)] = []) { (self.path, self.pairs) = (path, pairs) }

  /// The same with one more pair; nothing is added where there is no value.
  func with(_ name: String, _ value: String?) -> Address {
    guard let value, !value.isEmpty else { return self }
    return Address(path, pairs.filter { $0.name != name } + [(name, value)])
  }

  var query: String {
    pairs.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
  }

  var description: String { pairs.isEmpty ? path : "\(path)?\(query)" }
}

/// A number that leads to the list of what it counts.
struct Counted: Sendable {
  let count: String
  let href: String
  let isNone: Bool

  init(_ count: Int, _ address: Address) {
    (self.count, href, isNone) = (Words.number(count), address.description, count == 0)
  }
}

/// Numbers and times as pages show them.
enum Words {
  /// `12,345`.
  static func number(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    var place = digits.count - 3
    while place > 0 {
      digits.insert(",", at: place)
      place -= 3
    }
    return (number < 0 ? "-" : "") + String(digits)
  }

  /// `13 %`; `< 1 %` for what is more than nothing, and `> 99 %` for what is less than all.
  static func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0, part > 0 else { return "0 %" }
    let percent = Int((Double(part) / Double(whole) * 100).rounded())
    if percent == 100, part < whole { return "> 99 %" }
    return percent == 0 ? "< 1 %" : "\(percent) %"
  }

  /// `2026-11-21 20:41 UTC`.
  static func moment(_ instant: Instant) -> String { "\(CellText.moment(instant).prefix(16)) UTC" }

  static let reasons = [
    "battery": "Battery", "disk": "Disk", "memory": "Memory", "space": "Free space", "temperature": "Temperature",
    "clock": "Clock", "updates": "Updates",
  ]
}

/// One of several to choose from.
struct Choice: Sendable {
  let value: String
  let label: String
  let isChosen: Bool

  init(_ value: String, _ label: String, chosen: String?) {
    (self.value, self.label, isChosen) = (value, label, value == chosen)
  }
}
