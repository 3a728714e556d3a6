import Vocabulary

/// Fetches the journal's leaves and writes them as a ``JournalFile``.
struct JournalExport {
  /// What of the journal is wanted.
  struct Selection {
    var district: String?
    var entry: String?
    var first: Int64 = 0
  }

  private static let page = 500

  let client: APIClient
  let selection: Selection

  /// - Parameter old: a checkpoint's size, from which the file is to tell that the journal goes on.
  /// - Returns: the checkpoint that the file is verified against, its scope and how many entries it has.
  /// - Throws: ``CommandError``, after which the file is to be abandoned.
  func write(
    since old: Int64?, to put: ([UInt8]) throws(CommandError) -> Void
  ) throws -> (checkpoint: JSONValue, scope: JournalFile.Scope, entries: Int64) {
    let checkpoint = try client.get(Target("journal", "checkpoint"))
    guard let size = checkpoint["size"].integer else {
      throw CommandError(.failure, "The answer is no checkpoint. Is this address a Rollcall controller?")
    }
    guard selection.first <= size else {
      throw CommandError(.notFound, "The journal has \(size) entries; there is none from \(selection.first) on.")
    }
    let consistency = try old.map { old in
      guard old <= size else { throw Self.wentBack(from: old, to: size) }
      return try client.get(Target("journal", "consistency", query: [("from", "\(old)"), ("to", "\(size)")]))
    }
    let scope = try scope(size)
    try put(
      JournalFile.line(JournalFile.header(checkpoint, scope: scope, first: selection.first, consistency: consistency)))
    let entries = try leaves(size, hasProofs: scope != .whole, put)
    guard entries > 0 || selection.entry == nil else {
      throw CommandError(.notFound, "The journal's tree has no such entry for you, or not yet.")
    }
    try put(JournalFile.line(JournalFile.footer(entries)))
    return (checkpoint, scope, entries)
  }

  /// Who sees districts alone is told so by a first page of one leaf.
  private func scope(_ size: Int64) throws -> JournalFile.Scope {
    let page = try client.get(target(size, hasProofs: false).adding("limit", "1"))
    guard page["whole"].bool == true else { return .part }
    return selection.first == 0 ? .whole : .range
  }

  private func target(_ size: Int64, hasProofs: Bool) -> Target {
    Target(
      "journal", "leaves",
      query: [
        ("district", selection.district), ("entry", selection.entry), ("first", "\(selection.first)"),
        ("size", "\(size)"),
        ("proofs", hasProofs ? "true" : nil),
      ])
  }

  private func leaves(
    _ size: Int64, hasProofs: Bool, _ put: ([UInt8]) throws(CommandError) -> Void
  ) throws -> Int64 {
    var (entries, after): (Int64, String?) = (0, nil)
    repeat {
      let page = try client.get(
        target(size, hasProofs: hasProofs).adding("limit", "\(Self.page)").adding("after", after))
      for item in page["items"].items { try put(JournalFile.line(JournalFile.entry(item))) }
      entries += Int64(page["items"].items.count)
      let next = page["next"].string
      guard next == nil || next != after else {
        throw CommandError(.failure, "The controller answers the same page again and again.")
      }
      after = next
    } while after != nil
    return entries
  }

  private static func wentBack(from old: Int64, to size: Int64) -> CommandError {
    CommandError(
      .disproved,
      "The journal has \(size) entries, and the checkpoint that you kept has \(old): it went back, as when an older backup is restored, or was forked.",
      code: "transparency.consistency")
  }
}
