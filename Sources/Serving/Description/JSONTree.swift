/// JSON whose members keep their order, for documents that people read.
indirect enum JSONTree: Sendable {
  case text(String)
  case number(Int)
  case boolean(Bool)
  case array([JSONTree])
  case object([(String, JSONTree)])

  var bytes: [UInt8] {
    var out: [UInt8] = []
    write(into: &out)
    return out
  }

  private func write(into out: inout [UInt8]) {
    switch self {
    case .text(let text): Self.quote(text, into: &out)
    case .number(let number): out += Array(String(number).utf8)
    case .boolean(let value): out += Array((value ? "true" : "false").utf8)
    case .array(let elements):
      out.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        element.write(into: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        Self.quote(member.0, into: &out)
        out.append(UInt8(ascii: ":"))
        member.1.write(into: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  private static func quote(_ text: String, into out: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
      case 0..<0x20: out += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}

extension Schema {
  /// JSON Schema 2020-12.
  var json: JSONTree {
    func typed(_ type: String, _ summary: String, _ more: [(String, JSONTree)] = []) -> JSONTree {
      .object([("type", .text(type)), ("description", .text(summary))] + more)
    }
    return switch self {
    case .string(let summary): typed("string", summary)
    case .dateTime(let summary): typed("string", summary, [("format", .text("date-time"))])
    case .integer(let summary): typed("integer", summary)
    case .boolean(let summary): typed("boolean", summary)
    case .number(let summary): typed("number", summary)
    case .oneOf(let values, let summary): typed("string", summary, [("enum", .array(values.map { .text($0) }))])
    case .array(let element): .object([("type", .text("array")), ("items", element.json)])
    case .object(let properties, let required):
      .object([
        ("type", .text("object")), ("properties", .object(properties.map { ($0.name, $0.schema.json) })),
        ("required", .array(required.map { .text($0) })),
      ])
    case .any(let summary): .object([("description", .text(summary))])
    }
  }

  /// As a body's: it takes no other members.
  var ofBody: JSONTree {
    guard case .object = self, case .object(let members) = json else { return json }
    return .object(members + [("additionalProperties", .boolean(false))])
  }
}
