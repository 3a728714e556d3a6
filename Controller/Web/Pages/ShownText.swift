/// Text of strangers as pages show it: bounded, on one line, and without marks that turn the direction of what stands
/// around it.
package enum ShownText {
  /// Characters that a line of a page has room for.
  package static let limit = 120

  /// Marks of direction are shown as U+FFFD: who looks sees that something is there.
  package static func of(_ text: String, limit: Int = limit) -> String {
    var out = String.UnicodeScalarView()
    // A single character may have any number of marks upon it: scalars are counted too.
    for scalar in text.unicodeScalars.prefix(limit * 4) {
      switch scalar.value {
      case 0x202a...0x202e, 0x2066...0x2069, 0x200e, 0x200f, 0x061c: out.append("\u{fffd}")
      case 0x0a, 0x0d, 0x09, 0x2028, 0x2029: out.append(" ")
      default: out.append(scalar)
      }
    }
    let shown = String(out)
    let isCut = shown.count > limit || text.unicodeScalars.count > limit * 4
    return isCut ? shown.prefix(limit) + "…" : shown
  }

  /// Within a sentence, in the direction of its own letters (Unicode UAX #9: FSI, PDI).
  package static func inSentence(_ text: String) -> String { "\u{2068}\(of(text, limit: 80))\u{2069}" }
}
