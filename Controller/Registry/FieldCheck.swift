import Serving
import Vocabulary

/// Collects what is wrong with the fields of a request, so that all of it is told at once.
struct FieldCheck {
  /// Faults that are told, of however many there are.
  private static let most = 100

  private(set) var faults: [Fault] = []
  private var count = 0

  /// The text without the space around it, if it has 1 to `limit` characters and no control character.
  mutating func text(_ value: String, _ field: String, limit: Int = 200) -> String {
    let start = value.drop(while: \.isWhitespace)
    let text = start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    let isPlain = !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    if !(1...limit).contains(text.count) || text.utf8.count > 4 * limit || !isPlain {
      add(field, text, "'\(field)' has 1 to \(limit) characters, none of them a control character.")
    }
    return text
  }

  /// The identifier that people chose.
  mutating func slug<ID: Identifier>(_ value: String, _ field: String, as type: ID.Type = ID.self) -> ID? {
    let id = ID(rawValue: value)
    if id == nil {
      add(
        field, value,
        "'\(field)' has 1 to 40 of a–z, 0–9 and '-', and begins with a letter or digit, such as 'cedar-falls'.")
    }
    return id
  }

  /// The case of that name.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ value: String, _ field: String, as type: Choice.Type = Choice.self
  ) -> Choice? {
    let found = Choice(rawValue: value)
    if found == nil {
      add(field, value, "'\(field)' is one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    return found
  }

  /// Where a device goes that comes back.
  mutating func place(_ text: String?) -> Holder? {
    guard let text else { return nil }
    guard case .holder(let holder)? = Recipient(text), CustodyMove.Kind.giveBack.takes(.holder(holder)) else {
      add("to", text, "'to' is \(CustodyMove.Kind.giveBack.recipients).")
      return nil
    }
    return holder
  }

  /// What comes along with a device, each once.
  mutating func accessories(_ values: [String]?) -> Accessories {
    let values = values ?? []
    guard values.count <= Accessory.allCases.count else {
      add("accessories", "", "'accessories' names each of them once.")
      return []
    }
    return Accessories(values.compactMap { choice($0, "accessories") })
  }

  /// Days that records are kept, or 0 for no choice of one's own.
  mutating func days(_ choice: [KeptRecord: Int]) {
    for kept in KeptRecord.allCases {
      guard let days = choice[kept], days != 0, !KeptRecord.allowed.contains(days) else { continue }
      let (least, most) = (KeptRecord.allowed.lowerBound, KeptRecord.allowed.upperBound)
      add(
        kept.field, String(days), "'\(kept.field)' is a number of days from \(least) to \(most), or 0 for the state's.")
    }
  }

  mutating func add(_ field: String, _ value: String, _ message: String) {
    count += 1
    guard faults.count < Self.most else { return }
    faults.append(
      Fault(field: field, value: String(value.prefix(100)), code: RegistryError.Kind.invalid.rawValue, message: message)
    )
  }

  /// - Throws: `registry.invalid` with every fault.
  func throwFaults() throws(RegistryError) {
    guard let first = faults.first else { return }
    throw RegistryError(
      .invalid, count == 1 ? first.message : "\(count) fields break their rules.", faults: faults)
  }
}
