import Registry
import Serving

/// Which steps of a device's story its page shows: a page stays light, however long a device's life was.
struct StoryPart: Sendable {
  /// On the page of a device.
  static let few = 10
  /// On a page of the story.
  static let many = 100

  /// Only steps before the one of this number; nil for the latest.
  private let before: Int64?
  private let limit: Int

  /// From `story`: nothing for the latest few, `all` for the latest hundred, a number for the hundred before it.
  ///
  /// - Throws: `request.query`.
  init(_ call: Call) throws(ServingError) {
    switch try call.query("story") {
    case nil: (before, limit) = (nil, Self.few)
    case "all": (before, limit) = (nil, Self.many)
    case let text?:
      guard let number = Int64(text), number > 0 else {
        throw ServingError(.query, "'story' is 'all', or the number of the step before which the story is shown.")
      }
      (before, limit) = (number, Self.many)
    }
  }

  func steps(of story: [DeviceDossier.Step]) -> ArraySlice<DeviceDossier.Step> {
    guard let before else { return story.suffix(limit) }
    return story.prefix { $0.entry.sequence < before }.suffix(limit)
  }

  /// What leads to the steps before those shown; nil where there are none.
  func more(
    than shown: ArraySlice<DeviceDossier.Step>, of story: [DeviceDossier.Step], at path: String
  ) -> (address: String, words: String)? {
    guard let first = shown.first, shown.startIndex > story.startIndex else { return nil }
    if limit == Self.few { return ("\(path)?story=all#story", "The whole story") }
    return ("\(path)?story=\(first.entry.sequence)#story", "What came before")
  }
}
