import Storage
import Testing

@Suite("Migrations")
struct MigrationTests {
  private let second = Migration("sample", 2, ["ALTER TABLE sample_thing ADD COLUMN note TEXT"])

  @Test("Steps are applied once, in order, and later ones join", arguments: engines)
  func steps(_ engine: any EngineUnderTest) async throws {
    let place = try Place()
    let first = try await engine.open(place, sampleMigrations)
    try await first.write { try $0.insert("a") }
    try await engine.close(first)
    let other = Migration("other", 1, ["CREATE TABLE other_thing (district_id TEXT NOT NULL PRIMARY KEY)"])
    for _ in 0..<2 {
      let database = try await engine.open(place, sampleMigrations + [second, other])
      let note = try await database.read { try $0.row("SELECT note FROM sample_thing")?.get("note", as: String?.self) }
      #expect(note == .some(nil))
      #expect(try await database.read { try $0.rows("SELECT district_id FROM other_thing").isEmpty })
      try await engine.close(database)
    }
  }

  @Test("A database of a newer Rollcall is refused and left alone", arguments: engines)
  func newer(_ engine: any EngineUnderTest) async throws {
    let place = try Place()
    try await engine.close(try await engine.open(place, sampleMigrations + [second]))
    #expect(try await storageFault { _ = try await engine.open(place, sampleMigrations) } == .newerSchema)
    #expect(try await storageFault { _ = try await engine.open(place, []) } == .newerSchema)
    let database = try await engine.open(place, sampleMigrations + [second])
    #expect(try await database.read { try $0.rows("SELECT note FROM sample_thing").isEmpty })
    try await engine.close(database)
  }

  @Test("A table moved into its key's tree keeps its rows, and what was made anew with it", arguments: engines)
  func rowsInKey(_ engine: any EngineUnderTest) async throws {
    let place = try Place()
    let first = Migration(
      "moved", 1,
      [
        "CREATE TABLE moved_row (district_id TEXT NOT NULL, id TEXT NOT NULL, note TEXT, PRIMARY KEY (district_id, id))",
        "CREATE INDEX moved_row_note ON moved_row (district_id, note)",
      ])
    let second = Migration(
      "moved", 2,
      [
        .rowsInKey(
          of: "moved_row", key: "district_id, id",
          columns: "district_id TEXT NOT NULL, id TEXT NOT NULL, note TEXT, PRIMARY KEY (district_id, id)",
          indexes: "CREATE UNIQUE INDEX moved_row_note ON moved_row (district_id, note);")
      ])
    let former = try await engine.open(place, sampleMigrations + [first])
    try await former.write { transaction in
      for number in 0..<300 {
        try transaction.run(
          "INSERT INTO moved_row (district_id, id, note) VALUES ('d', \("i\(number)"), \("n\(number)"))")
      }
    }
    try await engine.close(former)
    let database = try await engine.open(place, sampleMigrations + [first, second])
    let rows = try await database.read { transaction in
      try transaction.rows("SELECT id, note FROM moved_row ORDER BY district_id, id").map { row in
        try row.get("id", as: String.self) + (try row.get("note", as: String.self))
      }
    }
    #expect(rows == (0..<300).map { "i\($0)" }.sorted().map { $0 + "n" + $0.dropFirst() })
    let isSQLite = try await database.read { $0.engine } == .sqlite
    if isSQLite {
      let fault = try await storageFault {
        _ = try await database.write {
          try $0.run("INSERT INTO moved_row (district_id, id, note) VALUES ('d', 'x', 'n1')")
        }
      }
      #expect(fault == .constraint, "the index is there again, unique now")
      let trees = try await database.read {
        try $0.rows("SELECT name FROM sqlite_schema WHERE tbl_name = 'moved_row'").count
      }
      #expect(trees == 2, "no tree of the key's own beside the table's")
    }
    try await engine.close(database)
  }

  @Test("A failing step leaves nothing of any step", arguments: engines)
  func failing(_ engine: any EngineUnderTest) async throws {
    let place = try Place()
    let broken = Migration("broken", 1, ["CREATE TABLE broken_a (id TEXT)", "CREATE TABLE broken_a (id TEXT)"])
    #expect(try await storageFault { _ = try await engine.open(place, sampleMigrations + [broken]) } == .failed)
    let mended = Migration("broken", 1, ["CREATE TABLE broken_a (id TEXT)"])
    let database = try await engine.open(place, sampleMigrations + [mended])
    #expect(try await database.ids().isEmpty)
    #expect(try await database.read { try $0.rows("SELECT id FROM broken_a").isEmpty })
    try await engine.close(database)
  }

  @Test("Steps with a gap, out of order or twice are refused", arguments: engines)
  func gaps(_ engine: any EngineUnderTest) async throws {
    for numbers in [[2], [1, 3], [2, 1], [1, 1]] {
      let place = try Place()
      let migrations = numbers.map { Migration("gap", $0, []) }
      #expect(try await storageFault { _ = try await engine.open(place, migrations) } == .failed)
    }
  }
}
