/// Makes text that came from devices and files harmless to a terminal: no control character, no escape sequence, no
/// character that turns the direction of what follows.
enum TerminalText {
  /// Such characters in a visible form: `\x1b`, `\u{202e}`.
  static func neutralised(_ text: String, keepingLines: Bool = false) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if !isUnsafe(scalar) || keepingLines && scalar == "\n" {
        result.unicodeScalars.append(scalar)
      } else if scalar.value <= 0xff {
        result += "\\x" + hex(scalar.value, 2)
      } else {
        result += "\\u{" + hex(scalar.value, 4) + "}"
      }
    }
    return result
  }

  /// JSON whose strings hold such characters only as `\uXXXX`. Line ends between values stay.
  static func jsonEscaped(_ document: String) -> String {
    guard document.unicodeScalars.contains(where: { isUnsafe($0) && $0 != "\n" }) else { return document }
    var result = ""
    for scalar in document.unicodeScalars {
      if isUnsafe(scalar), scalar != "\n" {
        result += "\\u" + hex(scalar.value, 4)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// C0, DEL, C1, line and paragraph separators, and the controls of direction. Source: Unicode, UAX #9, table 4
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7f...0x9f, 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x2069, 0xfeff, 0xfff9...0xfffb: true
    default: false
    }
  }

  /// Columns that the text takes: none for a combining mark, two for wide East Asian characters and pictographs.
  static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

  static func width(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
      0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
      return 2
    default: return 1
    }
  }

  /// At most `columns` wide, ended by '…' where something was cut.
  static func fitted(_ text: String, columns: Int) -> String {
    guard width(text) > columns else { return text }
    var result = ""
    var used = 1
    for character in text {
      used += width(character)
      if used > columns { break }
      result.append(character)
    }
    return result + "…"
  }

  private static func hex(_ value: UInt32, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
