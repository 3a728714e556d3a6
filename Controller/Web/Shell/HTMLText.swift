import Mustache

/// Text as it stands in HTML, in an element or in a quoted attribute.
///
/// The engine's own escaping goes by whole characters: `"` with a combining mark behind it is another character there and
/// stays as it is, which ends an attribute. This goes by scalars. Control characters, which HTML has no place for, are
/// shown as U+FFFD.
struct HTMLText: MustacheContentType {
  static let name = "ROLLCALL"

  func escapeText(_ text: String) -> String {
    var out = ""
    out.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
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
