import Serving
import Vocabulary

/// An asset tag that a file's row gives a device.
struct ToldTag: Sendable, Hashable {
  let line: Int
  /// As written.
  let tag: String
  let serial: Serial
}

/// A device that has an asset tag.
struct TagHolder: Sendable, Hashable {
  /// Folded; nil for a device without one.
  let serial: String?
  /// As people would look for it: its serial, host name or id.
  let name: String
}

/// Keeps an asset tag with one device of the district, purely.
enum TagDecision {
  /// The tags that another device has and keeps: a row of the same file that gives that one another tag makes it free.
  ///
  /// - Parameters:
  ///   - told: the tags of a file, each once.
  ///   - holders: the district's devices by their folded tags; several where the tag was given twice before.
  static func faults(_ told: [ToldTag], holders: [String: [TagHolder]]) -> [Fault] {
    let leaving = Set(told.map(\.serial.folded))
    return told.compactMap { told in
      let holders = holders[Folded.assetTag(told.tag) ?? told.tag] ?? []
      guard !holders.contains(where: { $0.serial == told.serial.folded }),
        let holder = holders.first(where: { $0.serial.map { !leaving.contains($0) } ?? true })
      else { return nil }
      return Fault(
        line: told.line, field: "assetTag", value: told.tag, code: "import.tag-taken",
        message:
          "The device '\(holder.name)' of this district has this asset tag; give that one another in the same file first."
      )
    }
  }
}
