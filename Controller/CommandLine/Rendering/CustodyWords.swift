/// What a ledger's event, or where a device stands, is called for people.
enum CustodyWords {
  /// What an event says besides who and why: `screen`, `until 2026-12-03, in place of dev_…`, `with charger`.
  static func details(_ event: JSONValue) -> String {
    let accessories = event["accessories"].items.map(\.text).joined(separator: " and ")
    return [
      event["category"].string, event["policeReport"].string.map { "police report \($0)" },
      event["due"].string.map { "until \($0)" }, event["loanFor"].string.map { "in place of \($0)" },
      accessories.isEmpty ? nil : "with \(accessories)",
    ].compactMap(\.self).joined(separator: ", ")
  }

  /// `person:per_… since 2026-11-20, on loan until 2026-12-03 (overdue)`; nil where nobody is known to have it.
  static func holder(_ standing: JSONValue) -> String? {
    guard let holder = standing["holder"].string else { return nil }
    let since = standing["since"].string.map { " since \($0.prefix(10))" } ?? ""
    let loan = standing["loan"]
    let until = loan["due"].string.map { " until \($0)" } ?? ""
    let late = loan["isOverdue"].bool == true ? " (overdue)" : ""
    let instead = loan["for"].string.map { ", in place of \($0)" } ?? ""
    let parts = [
      holder + since, loan == .null ? nil : "on loan" + until + late + instead,
      standing["category"].string.map { "in repair: \($0)" },
      standing["policeReport"].string.map { "police report \($0)" },
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }

  /// The word by which ``holder(_:)`` is coloured.
  static func verdict(_ standing: JSONValue) -> String? {
    standing["loan"]["isOverdue"].bool == true ? "attention" : nil
  }

  /// `charger by person:per_…`; nil where nothing is out.
  static func owed(_ standing: JSONValue) -> String? {
    let debts = standing["owed"].items.map { debt in
      "\(debt["accessories"].items.map(\.text).joined(separator: " and ")) by \(debt["holder"].text)"
    }
    return debts.isEmpty ? nil : debts.joined(separator: "; ")
  }

  /// A move that was made: what happened, and where the device is now.
  static func moved(_ name: String, _ answer: JSONValue) -> String {
    let (event, standing) = (answer["event"], answer["standing"])
    let stage = standing["stage"].string.map { "It is \($0) now" } ?? "It is in no stage"
    let holder = holder(standing).map { ", with \($0)" } ?? ""
    let owed = owed(standing).map { " Owed: \($0)." } ?? ""
    return "\(name): \(event["kind"].text) (event \(event["sequence"].text)). \(stage)\(holder).\(owed)"
  }
}
