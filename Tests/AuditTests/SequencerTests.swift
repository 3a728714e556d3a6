import Audit
import Storage
import TestSupport
import Testing
import Transparency
import Vocabulary

@Suite("The sequencer")
struct SequencerTests {
  @Test("Entries get consecutive places in the order of their positions, and the checkpoint signs their tree")
  func placed() async throws {
    let database = try await JournalBench().open()
    let sequencer = JournalBench.sequencer(database)
    #expect(try await sequencer.sequence() == 0)
    try await database.record((0..<5).map { JournalBench.entry("\($0)", in: $0 % 2 == 0 ? JournalBench.cedar : nil) })
    #expect(try await sequencer.sequence() == 5)
    #expect(try await JournalBench.checked(database, size: 5) == ["0", "1", "2", "3", "4"])
    #expect(try await sequencer.sequence() == 0)
    try await database.record((5..<8).map { JournalBench.entry("\($0)") })
    #expect(try await sequencer.sequence() == 3)
    try await JournalBench.checked(database, size: 8)
    try await database.close()
  }

  @Test("More entries than one transaction takes are placed in several")
  func steps() async throws {
    let database = try await JournalBench().open()
    let count = JournalSequencer.step * 2 + 3
    try await database.record((0..<count).map { JournalBench.entry("\($0)") })
    #expect(try await JournalBench.sequencer(database).sequence() == count)
    try await JournalBench.checked(database, size: count)
    try await database.close()
  }

  @Test("The entries of a journal that was never sequenced are placed when the schema comes to know of it")
  func backfill() async throws {
    let bench = try JournalBench()
    let old = try await bench.open([Journal.migrations[0]])
    try await old.record((0..<300).map { JournalBench.entry("\($0)") })
    try await old.close()
    let database = try await bench.open()
    #expect(try await JournalBench.sequencer(database).sequence() == 300)
    let order = try await JournalBench.checked(database, size: 300)
    #expect(order == (0..<300).map(String.init))
    try await database.close()
  }

  @Test("Two controllers write and sequence at once: no leaf is lost, none stands twice")
  func two() async throws {
    let databases = try await JournalBench().two()
    let placed = try await withThrowingTaskGroup(of: Int.self) { group in
      for (number, database) in databases.enumerated() {
        for writer in 0..<3 {
          group.addTask {
            for entry in 0..<40 { try await database.record([JournalBench.entry("\(number)-\(writer)-\(entry)")]) }
            return 0
          }
        }
        group.addTask {
          var placed = 0
          while placed < 60 {
            placed += try await JournalBench.sequencer(database).sequence()
            let all = try await database.read(in: .state) { transaction in
              try transaction.row("SELECT COUNT(*) AS count FROM audit_entry WHERE leaf_index IS NOT NULL")?.get(
                "count", as: Int.self)
            }
            if all == 240 { break }
          }
          return placed
        }
      }
      return try await group.reduce(0, +)
    }
    let rest = try await JournalBench.sequencer(databases[1]).sequence()
    #expect(placed + rest == 240)
    #expect(Set(try await JournalBench.checked(databases[0], size: 240)).count == 240)
    for database in databases { try await database.close() }
  }

  @Test("A controller with another key places nothing, and says which key signs")
  func otherKey() async throws {
    let database = try await JournalBench().open()
    try await database.record([JournalBench.entry("a")])
    try await JournalBench.sequencer(database).sequence()
    try await database.record([JournalBench.entry("b")])
    let other = try NoteSigner(name: "rollcall.example/journal-test")
    let error = await #expect(throws: AuditError(.otherKey, "")) {
      try await JournalBench.sequencer(database, other).sequence()
    }
    #expect(error?.message.contains(JournalBench.signer.verifier.text) == true)
    try await JournalBench.checked(database, size: 1)
    #expect(try await JournalBench.sequencer(database).sequence() == 1)
    try await database.close()
  }

  @Test(
    "Upon a tree that is not the one that was signed nothing is built",
    arguments: [
      "UPDATE audit_tile SET hashes = (SELECT leaf_hash FROM audit_entry WHERE leaf_index = 1) WHERE tile = 0",
      "DELETE FROM audit_tile", "UPDATE audit_checkpoint SET tree_size = 1",
      "UPDATE audit_checkpoint SET tree_size = 300",
    ] as [SQL])
  func damaged(_ damage: SQL) async throws {
    let database = try await JournalBench().open()
    try await database.record([JournalBench.entry("a"), JournalBench.entry("b")])
    try await JournalBench.sequencer(database).sequence()
    _ = try await database.write(in: .state) { try $0.run(damage) }
    try await database.record([JournalBench.entry("c")])
    await #expect(throws: AuditError(.damaged, "")) { try await JournalBench.sequencer(database).sequence() }
    let waiting = try await database.read(in: .state) {
      try $0.rows("SELECT id FROM audit_entry WHERE leaf_index IS NULL")
    }
    #expect(waiting.count == 1)
    try await database.close()
  }

  @Test("A place is given once: the engine refuses another one")
  func once() async throws {
    let database = try await JournalBench().open()
    try await database.record([JournalBench.entry("a"), JournalBench.entry("b")])
    try await JournalBench.sequencer(database).sequence()
    for change in ["UPDATE audit_entry SET leaf_index = 7", "UPDATE audit_entry SET leaf_index = NULL"] as [SQL] {
      await #expect(throws: StorageError(.constraint, "")) {
        try await database.write(in: .state) { _ = try $0.run(change) }
      }
    }
    try await JournalBench.checked(database, size: 2)
    try await database.close()
  }
}
