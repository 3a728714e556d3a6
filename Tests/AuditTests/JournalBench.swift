import Audit
import Foundation
import Logging
import Serving
import Storage
import StoragePostgres
import StorageSQLite
import TestSupport
import Testing
import Transparency
import Vocabulary

/// A journal of which one or two controllers write and sequence.
final class JournalBench: Sendable {
  static let now = Instant(milliseconds: 1_790_000_000_123)
  static let cedar = DistrictID(rawValue: "cedar")!
  static let birch = DistrictID(rawValue: "birch")!
  static let signer = try! NoteSigner(
    secret: "PRIVATE+KEY+rollcall.example/journal-test+2af88bef+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f")

  private let file = NSTemporaryDirectory() + "rollcall-tree-\(UUID().uuidString).sqlite"
  private let schema: String

  init() throws { schema = TestDatabase.isPostgres ? try PostgresServer.shared.get().freshSchema() : "" }

  deinit { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + suffix) } }

  /// Of the same journal each time it is called.
  func open(_ migrations: [Migration] = Journal.migrations) async throws -> any Database {
    let base: any Database =
      TestDatabase.isPostgres
      ? try await PostgresServer.shared.get().open(schema: schema, migrations: migrations)
      : try SQLiteDatabase(path: file, migrations: migrations)
    return Opened(base: base, bench: self)
  }

  /// Keeps the files for as long as the database is used.
  private struct Opened: Database {
    let base: any Database
    let bench: JournalBench

    func read<T: Sendable>(
      in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
    ) async throws -> T { try await base.read(in: scope, body) }

    func write<T: Sendable>(
      in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
    ) async throws -> T { try await base.write(in: scope, body) }

    func close() async throws { try await base.close() }
  }

  /// The databases of two controllers: SQLite has one, which both share.
  func two() async throws -> [any Database] {
    let first = try await open()
    return [first, TestDatabase.isPostgres ? try await open() : first]
  }

  struct Body: JournalBody { let number: Int }

  static func entry(_ object: String, in district: DistrictID? = nil) -> JournalEntry {
    JournalEntry(
      at: now, actor: .controller, action: "thing.change", object: ("thing", object), district: district,
      body: Body(number: 7))
  }

  static func sequencer(_ database: any Database, _ signer: NoteSigner = JournalBench.signer) -> JournalSequencer {
    JournalSequencer(
      database: database, signer: signer, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      clock: { JournalBench.now })
  }

  /// The tree as it is stored is the one that its leaves make, and the one that was signed; its objects in order.
  @discardableResult
  static func checked(_ database: any Database, size: Int) async throws -> [String] {
    let (rows, signed) = try await database.read(in: .state) { transaction in
      (
        try transaction.rows(
          "SELECT leaf_index, leaf_hash, object FROM audit_entry WHERE leaf_index IS NOT NULL ORDER BY leaf_index"),
        try #require(try transaction.row("SELECT tree_size, root, note, verifier FROM audit_checkpoint"))
      )
    }
    #expect(try rows.map { try $0.get("leaf_index", as: Int.self) } == Array(0..<size))
    var tree = GrowingTree()
    for row in rows { tree.append(try row.get("leaf_hash")) }
    let checkpoint = try Checkpoint(verifying: Array(signed.get("note", as: String.self).utf8), by: signer.verifier)
    #expect(checkpoint == Checkpoint(origin: "rollcall.example/journal-test", size: Int64(size), root: tree.root))
    #expect(try signed.get("tree_size") == checkpoint.size && signed.get("root") == checkpoint.root)
    return try rows.map { try $0.get("object") }
  }
}

extension Database {
  func record(_ entries: [JournalEntry]) async throws {
    try await write(in: .state) { transaction in
      for entry in entries { try Journal.record(entry, in: transaction) }
    }
  }
}

/// As if every district were there.
struct AnyDistrict: JournalTenants {
  func requireDistrict(of scope: TenantScope, in transaction: any Transaction) throws {}
}
