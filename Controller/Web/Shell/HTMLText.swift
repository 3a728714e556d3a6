import Mustache

/// Text as it stands in HTML, in an element or in a quoted attribute.
///
/// The engine's own escaping goes by whole characters: `"` with a combining mark behind it is another character there and
/// stays as it is, which ends an attribute. This goes by scalars. Control characters, which HTML has no place for, are
/// shown as U+FFFD. Marks that stand upon a letter are shown up to ``mostMarks``: hundreds upon one would be drawn over the whole page.
struct HTMLText: MustacheContentType {
  static let name = "ROLLCALL"

  /// No script in use needs more: Vietnamese has two, Hebrew and Tibetan up to four or five.
  static let mostMarks = 6

  func escapeText(_ text: String) -> String {
    var out = ""
    out.reserveCapacity(text.utf8.count)
    var marks = 0
    for scalar in text.unicodeScalars {
      if scalar.value >= 0x300, scalar.isMark {
        marks += 1
        if marks > Self.mostMarks { continue }
      } else {
        marks = 0
      }
      switch scalar {
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "&": out += "&amp;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      case "\t", "\n", "\r": out.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}": out += "\u{fffd}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}

extension Unicode.Scalar {
  fileprivate var isMark: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark: true
    default: false
    }
  }
}
