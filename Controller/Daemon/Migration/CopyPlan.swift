import Storage

/// What a copy has to do: each table that both databases have, those that others refer to first, and the sequences that go
/// on behind the rows.
struct CopyPlan: Sendable {
  let tables: [TableCopy]
  let numbered: [NumberedColumn]

  /// - Parameters:
  ///   - sequences: every one of the target, with the column that owns it.
  ///   - numbered: columns whose sequence belongs to no column in the schema.
  /// - Throws: `migrate.schema` where a table, a column or a sequence is on one side only.
  init(
    source: [StoredTable], target: [StoredTable], sequences: [NumberedColumn], numbered: [NumberedColumn]
  ) throws(MigrationError) {
    let there = Dictionary(uniqueKeysWithValues: target.map { ($0.name, $0) })
    let (here, known) = (Set(source.map(\.name)), Set(there.keys))
    if let missing = here.subtracting(known).sorted().first {
      throw MigrationError(.schema, "The table '\(missing)' is in the source, and not in the target. \(Self.nothing)")
    }
    if let missing = known.subtracting(here).sorted().first {
      throw MigrationError(.schema, "The table '\(missing)' is in the target, and not in the source. \(Self.nothing)")
    }
    var copies: [TableCopy] = []
    for table in source {
      guard let other = there[table.name] else { continue }
      copies.append(try TableCopy(source: table, target: other))
    }
    tables = try Self.ordered(copies)
    var found: [NumberedColumn] = []
    for sequence in sequences {
      let declared = numbered.first { $0.sequence == sequence.sequence }
      guard let column = declared ?? (sequence.table.isEmpty ? nil : sequence) else {
        throw MigrationError(.schema, "Nothing says what the sequence '\(sequence.sequence)' numbers. \(Self.nothing)")
      }
      found.append(column)
    }
    self.numbered = found
  }

  private static let nothing = "Nothing was copied: this is a fault of the program."

  /// A table after all that it refers to; by name otherwise.
  private static func ordered(_ tables: [TableCopy]) throws(MigrationError) -> [TableCopy] {
    var waiting = tables.sorted { $0.name < $1.name }
    var ordered: [TableCopy] = []
    var done: Set<String> = []
    while !waiting.isEmpty {
      guard let next = waiting.firstIndex(where: { $0.references.isSubset(of: done) }) else {
        throw MigrationError(.schema, "Tables refer to each other in a circle: \(waiting.map(\.name)). \(nothing)")
      }
      let table = waiting.remove(at: next)
      done.insert(table.name)
      ordered.append(table)
    }
    return ordered
  }

  /// What `body` gives for every table, so many of them at once, in whatever order they end.
  ///
  /// - Parameter afterReferences: whether a table begins only when all that it refers to have ended.
  func each<T: Sendable>(
    atOnce limit: Int, afterReferences: Bool, _ body: @escaping @Sendable (TableCopy) async throws -> T
  ) async throws -> [T] {
    try await withThrowingTaskGroup(of: (String, T).self) { group in
      var waiting = tables
      var ended: Set<String> = []
      var results: [T] = []
      while ended.count < tables.count {
        // One runs at least: what the first one that waits refers to stands before it.
        while ended.count + limit > tables.count - waiting.count,
          let next = waiting.firstIndex(where: { !afterReferences || $0.references.isSubset(of: ended) })
        {
          let table = waiting.remove(at: next)
          group.addTask { (table.name, try await body(table)) }
        }
        guard let (name, result) = try await group.next() else { break }
        ended.insert(name)
        results.append(result)
      }
      return results
    }
  }
}
