import Vocabulary

/// How one field of an item is shown in a list.
struct Column: Sendable {
  /// Over a table.
  let title: String
  /// Over a CSV file: stable, for programs.
  let key: String
  let value: @Sendable (JSONValue) -> String
  /// Whether the values are quantities.
  let isNumber: Bool
  /// Whether the words are coloured by what they mean.
  let isVerdict: Bool
  /// Whether people see the value to the minute.
  let isTime: Bool
  /// Whether people see the value's first digits.
  let isDigest: Bool

  init(
    _ title: String, _ key: String, number: Bool = false, verdict: Bool = false, time: Bool = false,
    digest: Bool = false, _ value: @escaping @Sendable (JSONValue) -> String
  ) {
    self.title = title
    self.key = key
    self.value = value
    isNumber = number
    isVerdict = verdict
    isTime = time
    isDigest = digest
  }

  /// As a terminal shows it; files get the exact value.
  func shown(_ item: JSONValue) -> String {
    let text = value(item)
    if isDigest, let digest = Digest(hex: text) { return digest.short }
    return isTime && !text.isEmpty ? TimeText.minute(text) : text
  }

  /// The field named `key`.
  init(
    _ title: String, _ key: String, number: Bool = false, verdict: Bool = false, time: Bool = false,
    digest: Bool = false
  ) {
    self.init(title, key, number: number, verdict: verdict, time: time, digest: digest) { $0[key].text }
  }
}

/// Colours on a terminal, where they are wanted.
struct Palette {
  let enabled: Bool

  func bold(_ text: String) -> String { code("1", text) }
  func dim(_ text: String) -> String { code("2", text) }

  /// Green, yellow or red by the product's own words; others stay as they are.
  func verdict(_ text: String, word: String? = nil) -> String {
    switch word ?? text {
    case "well", "active", "enrolled", "strong": code("32", text)
    case "attention", "pending", "weak", "restricted", "unexpected": code("33", text)
    case "failing", "revoked", "quarantined", "lost", "stolen": code("31", text)
    default: text
    }
  }

  private func code(_ number: String, _ text: String) -> String { enabled ? "\u{1b}[\(number)m\(text)\u{1b}[0m" : text }
}
