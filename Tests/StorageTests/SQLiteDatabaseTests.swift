import Foundation
import Storage
import StorageSQLite
import Testing

@Suite("The embedded engine")
struct SQLiteDatabaseTests {
  private func open(_ place: Place) throws -> SQLiteDatabase {
    try SQLiteDatabase(path: place.file, migrations: sampleMigrations)
  }

  @Test("Every commit is durable: FULL and WAL on the writing connection, after opening again too")
  func durability() async throws {
    let place = try Place()
    for _ in 0..<3 {
      let database = try open(place)
      // Several at once, so that a second writing connection would show itself if there were one.
      let settings = try await withThrowingTaskGroup(of: [String].self) { group in
        for index in 0..<8 {
          group.addTask {
            try await database.write { transaction in
              try transaction.run(
                "INSERT INTO sample_thing (district_id, id) VALUES ('d', \("\(index)")) ON CONFLICT DO NOTHING")
              let synchronous = try transaction.row("PRAGMA synchronous")?.get("synchronous", as: Int.self)
              let mode = try transaction.row("PRAGMA journal_mode")?.get("journal_mode", as: String.self)
              let keys = try transaction.row("PRAGMA foreign_keys")?.get("foreign_keys", as: Int.self)
              return ["\(synchronous ?? -1)", mode ?? "", "\(keys ?? -1)"]
            }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(settings == Array(repeating: ["2", "wal", "1"], count: 8))
      try database.close()
    }
  }

  @Test("Every reading connection refuses to write")
  func readers() async throws {
    let place = try Place()
    let database = try open(place)
    let kinds = try await withThrowingTaskGroup(of: StorageError.Kind.self) { group in
      for _ in 0..<16 {
        group.addTask { try await storageFault { try await database.read { try $0.insert("a") } } }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(kinds == Array(repeating: .failed, count: 16))
    try database.close()
  }

  @Test("The file and its log are readable by their owner alone")
  func permissions() async throws {
    let place = try Place()
    let database = try open(place)
    try await database.write { try $0.insert("a") }
    for name in [place.file, place.file + "-wal", place.file + "-shm"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: name)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
    try database.close()
  }

  @Test("A full disk is storage.full, nothing of the change is kept, and later ones succeed")
  func full() async throws {
    let place = try Place()
    let database = try open(place)
    try await database.write { try $0.insert("before") }
    try await database.write { _ = try $0.run("PRAGMA max_page_count = 40") }
    let large = [UInt8](repeating: 1, count: 16 << 10)
    let kind = try await storageFault {
      try await database.write { transaction in
        for index in 0..<100 {
          try transaction.run("INSERT INTO sample_thing (district_id, id, data) VALUES ('d', \("\(index)"), \(large))")
        }
      }
    }
    #expect(kind == .full)
    #expect(try await database.ids() == ["before"])
    try await database.write { _ = try $0.run("PRAGMA max_page_count = 100000") }
    try await database.write { try $0.insert("after") }
    #expect(try await database.ids() == ["after", "before"])
    try database.close()
    #expect(try SQLiteBackup.integrityFaults(of: place.file) == [])
  }

  @Test("A group that meets a full disk in a savepoint cannot half commit")
  func fullInGroup() async throws {
    let place = try Place()
    let database = try open(place)
    try await database.write { _ = try $0.run("PRAGMA max_page_count = 40") }
    let large = [UInt8](repeating: 1, count: 16 << 10)
    // Whether SQLite gives up the savepoint or the whole transaction, what was told as done is kept, or the write throws.
    let told = try? await database.write { transaction in
      (0..<100).filter { index in
        do {
          try transaction.savepoint {
            _ = try transaction.run(
              "INSERT INTO sample_thing (district_id, id, data) VALUES ('d', \("\(index)"), \(large))")
          }
          return true
        } catch { return false }
      }
    }
    #expect(try await database.ids().sorted() == (told ?? []).map { "\($0)" }.sorted())
    try database.close()
  }

  @Test("A file that is no database, or a damaged one, is storage.corrupt")
  func corrupt() async throws {
    let garbage = try Place()
    try Data(repeating: 0x5a, count: 64 << 10).write(to: URL(filePath: garbage.file))
    #expect(try storageFaultNow { _ = try open(garbage) } == .corrupt)

    let damaged = try Place()
    let database = try open(damaged)
    try await database.write { transaction in
      for index in 0..<2000 { try transaction.insert("thing-\(index)", number: index) }
    }
    try database.close()
    let file = try FileHandle(forUpdating: URL(filePath: damaged.file))
    for page in 2..<20 {
      try file.seek(toOffset: UInt64(page * 4096))
      try file.write(contentsOf: Data(repeating: 0xff, count: 4096))
    }
    try file.close()
    let kind = try await storageFault {
      let database = try open(damaged)
      _ = try await database.ids()
    }
    #expect(kind == .corrupt)
  }

  @Test("A folder that is not there is storage.unavailable")
  func missing() throws {
    #expect(
      try storageFaultNow { _ = try SQLiteDatabase(path: "/nonexistent/x.sqlite", migrations: []) } == .unavailable)
  }

  @Test("A backup taken while writers go on is consistent, private and whole")
  func backup() async throws {
    let place = try Place()
    let database = try open(place)
    let pair: @Sendable (Int) async throws -> Void = { index in
      try await database.write { transaction in
        try transaction.insert("\(index)-a")
        try transaction.insert("\(index)-b")
      }
    }
    for index in 0..<50 { try await pair(index) }
    let writer = Task {
      var index = 50
      while !Task.isCancelled {
        try? await pair(index)
        index += 1
      }
    }
    let target = place.folder + "/backup.sqlite"
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { done.resume(with: Result { try SQLiteBackup.copy(from: place.file, to: target) }) }
    }
    writer.cancel()
    await writer.value
    #expect(try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int == 0o600)
    #expect(try storageFaultNow { try SQLiteBackup.copy(from: place.file, to: target) } == .failed)
    try database.close()

    let copy = try SQLiteDatabase(path: target, migrations: sampleMigrations)
    let ids = try await copy.ids()
    #expect(ids.count >= 100)
    #expect(ids.count(where: { $0.hasSuffix("-a") }) == ids.count(where: { $0.hasSuffix("-b") }))
    try copy.close()
    #expect(try SQLiteBackup.integrityFaults(of: target) == [])
  }
}
