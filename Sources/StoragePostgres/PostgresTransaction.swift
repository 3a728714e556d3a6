internal import Storage

/// A transaction on one session.
final class PostgresTransaction: Transaction {
  private let session: PostgresSession
  private let isReading: Bool
  private var depth = 0
  private var cursors = 0
  /// The first fault after which the transaction as a whole must not be committed, whatever its body made of it.
  private(set) var ending: PostgresFault?
  var engine: Engine { .postgres }

  init(_ session: PostgresSession, isReading: Bool) {
    self.session = session
    self.isReading = isReading
  }

  /// Rows that one round trip fetches from a cursor.
  private static let step = 500
  /// Rows of one `unnest`, and their values at most.
  private static let (chunkRows, chunkValues) = (1_000, 16_384)

  func rows(_ query: SQL) throws -> [Row] {
    let (text, values) = query.rendered(for: .postgres)
    return try told { try session.run(text, values) }.rows()
  }

  func each(_ query: SQL, _ body: (Row) throws -> Void) throws {
    let (text, values) = query.rendered(for: .postgres)
    cursors += 1
    let name = "cursor_\(cursors)"
    // A savepoint, for a cursor stays open where its query fails or `body` throws, and the transaction goes on.
    try savepoint {
      _ = try told { try session.run("DECLARE \(name) NO SCROLL CURSOR FOR \(text)", values) }
      defer { _ = try? session.command("CLOSE \(name)") }
      while true {
        let found = try told { try session.fetch(Self.step, from: name) }
        for row in try found.rows() { try body(row) }
        if found.count < Self.step { return }
      }
    }
  }

  @discardableResult func run(_ statement: SQL) throws -> Int {
    let (text, values) = statement.rendered(for: .postgres)
    return try told { try session.run(text, values).changed }
  }

  func run(_ statement: SQL, rows: some Sequence<[SQLValue]>) throws {
    let text = try statement.renderedForRows(for: .postgres)
    var chunk: [[SQLValue]] = []
    for row in rows {
      chunk.append(row)
      guard chunk.count == Self.chunkRows || chunk.count * max(1, row.count) >= Self.chunkValues else { continue }
      try told { try write(chunk, text) }
      chunk.removeAll(keepingCapacity: true)
    }
    try told { try write(chunk, text) }
  }

  private func write(_ rows: [[SQLValue]], _ text: String) throws {
    guard let first = rows.first else { return }
    guard rows.count > 1, !first.isEmpty, rows.allSatisfy({ $0.count == first.count }), let form = ManyRows(text) else {
      for row in rows { _ = try session.run(text, row) }
      return
    }
    guard form.mayMeetItself else { return try unnest(rows, form) }
    do {
      try mark { try unnest(rows, form) }
    } catch let fault as PostgresFault where fault.state == "21000" {
      for row in rows { _ = try session.run(text, row) }
    }
  }

  private func unnest(_ rows: [[SQLValue]], _ form: ManyRows) throws {
    let types = (rows.first ?? []).indices.map { column in rows.lazy.compactMap { $0[column].type }.first }
    let arrays = try types.enumerated().compactMap { column, type throws(StorageError) in
      try type.map { type throws(StorageError) in try BoundArray(column, of: rows, as: type) }
    }
    guard !arrays.isEmpty else {
      for row in rows { _ = try session.run(form.text([]), row) }
      return
    }
    _ = try session.run(form.text(types), arrays: arrays)
  }

  func savepoint<T>(_ body: () throws -> T) throws -> T { try told { try mark(body) } }

  /// The lock's number is of the work and the schema. A transaction whose view is older than the end of the one that held
  /// it before meets that one's changes as a conflict, and runs again.
  func tryLock(_ work: String) throws -> Bool {
    let found = try row(
      "SELECT pg_try_advisory_xact_lock(hashtextextended('rollcall ' || \(work) || ' of ' || current_schema(), 0)) AS held"
    )
    return try found?.get("held", as: Bool.self) ?? false
  }

  private func mark<T>(_ body: () throws -> T) throws -> T {
    depth += 1
    let name = "rollcall_\(depth)"
    defer { depth -= 1 }
    try session.command("SAVEPOINT \(name)")
    do {
      let result = try body()
      try session.command("RELEASE \(name)")
      return result
    } catch {
      // Where the session is lost, or the transaction cannot go on, the first error is the one to tell.
      _ = try? session.command("ROLLBACK TO \(name); RELEASE \(name)")
      throw error
    }
  }

  /// The session's faults in the words of ``StorageError``.
  private func told<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let fault as PostgresFault {
      if ending == nil, fault.isConflict || fault.isServerGone || fault.isStale { ending = fault }
      if ending == nil, fault.state == "25006", !isReading { ending = fault }
      throw fault.storageError(reading: isReading)
    }
  }
}
