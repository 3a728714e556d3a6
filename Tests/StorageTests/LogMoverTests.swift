import Storage
import Testing

@testable import StorageSQLite

@Suite("The log of the embedded engine")
struct LogMoverTests {
  @Test("It is moved into the file beside the commits, and no commit of an ordinary day moves it")
  func moves() async throws {
    let place = try Place()
    let database = try SQLiteDatabase(path: place.file, migrations: sampleMigrations)
    let limit = try await database.write(in: .state) {
      try $0.row("PRAGMA wal_autocheckpoint")?.get("wal_autocheckpoint", as: Int.self)
    }
    #expect(limit == 16_000)
    for number in 0..<20 {
      _ = try await database.write(in: .state) {
        try $0.run("INSERT INTO sample_thing (district_id, id) VALUES ('own', \("\(number)"))")
      }
    }
    let moved = try await database.log.move()
    #expect(moved.log > 0 && moved.moved == moved.log, "\(moved)")
    // What a reader still needs stays in the log, and is moved afterwards.
    _ = try await database.write(in: .state) {
      try $0.run("INSERT INTO sample_thing (district_id, id) VALUES ('own', 'more')")
    }
    #expect(try await database.log.move().log > 0)
    try database.close()
  }
}
