/// How long a text may be that somebody looks for, the same for whoever refuses it and for whoever is asked.
///
/// Counted as people count: a letter with its marks is one character, in whatever script.
package enum SearchedText {
  /// In characters.
  package static let longest = 200
  /// A character may have any number of marks upon it; letters of no script take more bytes than these on average.
  private static let mostBytes = longest * 8

  package static func isTooLong(_ text: String) -> Bool { text.utf8.count > mostBytes || text.count > longest }
}
