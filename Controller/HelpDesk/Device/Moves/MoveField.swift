import Registry

/// A field of a move's form, as the template shows it.
struct MoveField: Sendable {
  struct Option: Sendable {
    let value: String
    let label: String
    let isChosen: Bool
  }

  let name: String
  let label: String
  let hint: String?
  /// One of these is true: what the field is.
  var isText = false
  var isDay = false
  var isNumber = false
  var isChoice = false
  var isTicks = false
  var isRequired = false
  /// Whether a button beside it looks up who has the number.
  var looksUp = false
  var value = ""
  var options: [Option] = []
  /// What is wrong with it, at the field.
  var fault: String?
  /// Who was found by it.
  var found: String?

  init(_ name: String, _ label: String, hint: String? = nil) {
    (self.name, self.label, self.hint) = (name, label, hint)
  }

  static func text(
    _ name: String, _ label: String, hint: String? = nil, required: Bool = false, looksUp: Bool = false
  ) -> MoveField {
    var field = MoveField(name, label, hint: hint)
    (field.isText, field.isRequired, field.looksUp) = (true, required, looksUp)
    return field
  }

  static func day(_ name: String, _ label: String, hint: String? = nil) -> MoveField {
    var field = MoveField(name, label, hint: hint)
    field.isDay = true
    return field
  }

  static func number(_ name: String, _ label: String, hint: String? = nil) -> MoveField {
    var field = MoveField(name, label, hint: hint)
    field.isNumber = true
    return field
  }

  static func choice(_ name: String, _ label: String, hint: String? = nil, _ options: [(String, String)]) -> MoveField {
    var field = MoveField(name, label, hint: hint)
    field.isChoice = true
    field.options = options.map { Option(value: $0.0, label: $0.1, isChosen: false) }
    return field
  }

  static func ticks(_ name: String, _ label: String, hint: String? = nil, _ options: [(String, String)]) -> MoveField {
    var field = MoveField(name, label, hint: hint)
    field.isTicks = true
    field.options = options.map { Option(value: $0.0, label: $0.1, isChosen: false) }
    return field
  }

  /// The field as it was filled in.
  func filled(_ values: [String]) -> MoveField {
    var field = self
    field.value = values.first ?? ""
    field.options = options.map { Option(value: $0.value, label: $0.label, isChosen: values.contains($0.value)) }
    return field
  }
}
