internal import Glibc

/// The packages of rpm's database, read through the machine's own SQLite library.
///
/// rpm itself needs libsqlite3 since its database is in SQLite's format (Fedora 33, RHEL 9), so where there is such a database
/// there is the library; the agent opens it then (dlopen) and is no larger for it elsewhere. A reader of our own would have to
/// follow SQLite's pages, overflow chains and write-ahead log.
/// Source: rpm lib/backend/sqlite.c: `Packages(hnum INTEGER PRIMARY KEY, blob BLOB)`, a header each
enum RPMDatabase {
  /// Where it stands: by distribution, then of systems that are images.
  static let files = ["var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "usr/share/rpm/rpmdb.sqlite"]
  /// Formats before SQLite's, which are not read.
  static let formerFiles = ["var/lib/rpm/Packages.db", "var/lib/rpm/Packages"]
  /// Of a header, what holds name, version and architecture of nearly every package; the lists of files stand behind.
  private static let firstBytes: Int32 = 8 << 10
  /// What is read of a header whose description is long.
  private static let headerBytes: Int32 = 64 << 10
  private static let mostBytes: Int64 = 2 << 30

  /// Calls `body` with the first bytes of each package's header: few, and where it says that they do not do, once more with
  /// all that are read.
  ///
  /// - Parameter path: of the file, as the kernel takes it.
  static func eachHeader(
    of path: String, bytes: Int64, isBeingChanged: Bool, limit: Int, _ body: (Bytes, _ isAll: Bool) -> Bool
  ) throws(ReadFault) {
    guard bytes <= mostBytes else { throw ReadFault("larger than \(mostBytes) bytes: \(path)") }
    let library = try SQLiteLibrary.opened()
    // Nothing may be written beside the file, not even locks. While rpm writes, its log beside the file is followed.
    let database = try library.open(path, parameters: isBeingChanged ? "mode=ro" : "mode=ro&immutable=1")
    defer { library.close(database) }
    let rows = try library.numbers(of: "SELECT hnum FROM Packages LIMIT \(limit)", in: database, path)
    try library.eachBlob(
      "Packages", "blob", rows: rows, first: firstBytes, atMost: headerBytes, in: database, path, body)
  }
}

/// The few calls of SQLite's library that reading takes; opened once, never closed.
///
/// Source: sqlite3.h; these have not changed since SQLite 3.7
struct SQLiteLibrary: Sendable {
  private typealias Open =
    @convention(c) (
      UnsafePointer<CChar>?, UnsafeMutablePointer<OpaquePointer?>?, Int32, UnsafePointer<CChar>?
    ) -> Int32
  private typealias Prepare =
    @convention(c) (
      OpaquePointer?, UnsafePointer<CChar>?, Int32, UnsafeMutablePointer<OpaquePointer?>?, UnsafeMutableRawPointer?
    ) -> Int32
  private typealias OpenBlob =
    @convention(c) (
      OpaquePointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, Int64, Int32,
      UnsafeMutablePointer<OpaquePointer?>?
    ) -> Int32
  private typealias OnHandle = @convention(c) (OpaquePointer?) -> Int32
  private typealias Number = @convention(c) (OpaquePointer?, Int32) -> Int64
  private typealias Move = @convention(c) (OpaquePointer?, Int64) -> Int32
  private typealias ReadBlob = @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, Int32) -> Int32

  /// A database that is open; ``close(_:)`` ends it.
  struct Database { fileprivate let handle: OpaquePointer? }

  private let openDatabase: Open
  private let closeDatabase: OnHandle
  private let prepare: Prepare
  private let step: OnHandle
  private let columnNumber: Number
  private let finalize: OnHandle
  private let openBlob: OpenBlob
  private let moveBlob: Move
  private let blobBytes: OnHandle
  private let readBlob: ReadBlob
  private let closeBlob: OnHandle

  private static let found: SQLiteLibrary? = SQLiteLibrary()
  private static let (row, done): (Int32, Int32) = (100, 101)

  /// - Throws: where the machine has no such library.
  static func opened() throws(ReadFault) -> SQLiteLibrary {
    guard let found else { throw ReadFault("rpm's database needs the library libsqlite3.so.0, which is not here") }
    return found
  }

  private init?() {
    guard let library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL) else { return nil }
    // Each is declared above as sqlite3.h declares it.
    func call<T>(_ name: String, _ type: T.Type) -> T? {
      dlsym(library, name).map { unsafeBitCast($0, to: type) }
    }
    guard let openDatabase = call("sqlite3_open_v2", Open.self),
      let closeDatabase = call("sqlite3_close_v2", OnHandle.self),
      let prepare = call("sqlite3_prepare_v2", Prepare.self), let step = call("sqlite3_step", OnHandle.self),
      let columnNumber = call("sqlite3_column_int64", Number.self),
      let finalize = call("sqlite3_finalize", OnHandle.self),
      let openBlob = call("sqlite3_blob_open", OpenBlob.self), let moveBlob = call("sqlite3_blob_reopen", Move.self),
      let blobBytes = call("sqlite3_blob_bytes", OnHandle.self),
      let readBlob = call("sqlite3_blob_read", ReadBlob.self), let closeBlob = call("sqlite3_blob_close", OnHandle.self)
    else { return nil }
    self.openDatabase = openDatabase
    self.closeDatabase = closeDatabase
    self.prepare = prepare
    self.step = step
    self.columnNumber = columnNumber
    self.finalize = finalize
    self.openBlob = openBlob
    self.moveBlob = moveBlob
    self.blobBytes = blobBytes
    self.readBlob = readBlob
    self.closeBlob = closeBlob
  }

  func open(_ path: String, parameters: String) throws(ReadFault) -> Database {
    let special: [Character: String] = ["%": "%25", "?": "%3f", "#": "%23"]
    let name = "file:" + path.map { special[$0] ?? String($0) }.joined() + "?" + parameters
    var handle: OpaquePointer?
    // SQLITE_OPEN_READONLY, SQLITE_OPEN_URI, SQLITE_OPEN_NOMUTEX
    guard openDatabase(name, &handle, 0x1 | 0x40 | 0x8000, nil) == 0 else {
      _ = closeDatabase(handle)
      throw SQLiteLibrary.unreadable(path)
    }
    return Database(handle: handle)
  }

  func close(_ database: Database) { _ = closeDatabase(database.handle) }

  /// The first column of a query.
  func numbers(of query: String, in database: Database, _ path: String) throws(ReadFault) -> [Int64] {
    var statement: OpaquePointer?
    guard prepare(database.handle, query, -1, &statement, nil) == 0 else { throw SQLiteLibrary.unreadable(path) }
    defer { _ = finalize(statement) }
    var numbers: [Int64] = []
    while true {
      let answer = step(statement)
      if answer == SQLiteLibrary.done { return numbers }
      guard answer == SQLiteLibrary.row else { throw SQLiteLibrary.unreadable(path) }
      numbers.append(columnNumber(statement, 0))
    }
  }

  /// Calls `body` with the first `few` bytes of a column of these rows, and with `limit` where it answers false and there are more.
  func eachBlob(
    _ table: String, _ column: String, rows: [Int64], first few: Int32, atMost limit: Int32, in database: Database,
    _ path: String, _ body: (Bytes, _ isAll: Bool) -> Bool
  ) throws(ReadFault) {
    guard let first = rows.first else { return }
    var blob: OpaquePointer?
    guard openBlob(database.handle, "main", table, column, first, 0, &blob) == 0 else {
      throw SQLiteLibrary.unreadable(path)
    }
    defer { _ = closeBlob(blob) }
    var buffer = [UInt8](repeating: 0, count: Int(limit))
    for row in rows {
      guard row == first || moveBlob(blob, row) == 0 else { throw SQLiteLibrary.unreadable(path) }
      let whole = max(0, blobBytes(blob))
      for most in [few, limit] {
        let count = min(whole, most)
        guard buffer.withUnsafeMutableBytes({ readBlob(blob, $0.baseAddress, count, 0) }) == 0 else {
          throw SQLiteLibrary.unreadable(path)
        }
        let isAll = count == whole || most == limit
        let isEnough = buffer.withUnsafeBufferPointer { body($0.part(0..<Int(count)), isAll) }
        if isEnough || isAll { break }
      }
    }
  }

  private static func unreadable(_ path: String) -> ReadFault {
    ReadFault("not a package database that can be read now: \(path)")
  }
}
