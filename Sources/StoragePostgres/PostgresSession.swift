internal import CPostgres
internal import Storage

#if canImport(Glibc)
  internal import Glibc
#endif

/// One session with the server.
///
/// Unchecked, for it is used by one thread at a time: ``PostgresDatabase`` takes it out of its list under a lock before a
/// transaction, puts it back under the lock after it, and no closure keeps it longer.
final class PostgresSession: @unchecked Sendable {
  private let handle: OpaquePointer
  /// Names of prepared statements by their text and the types of their values.
  private var prepared: [PreparedKey: String] = [:]
  private var serial = 0
  /// Whether the server warned of the last command; see ``warned(_:)``.
  private let warning = Warning()

  private final class Warning { var isSet = false }

  private struct PreparedKey: Hashable {
    let text: String
    let types: [UInt32]
  }

  /// Statements that a session keeps prepared before it forgets them all: lists of many lengths make many texts.
  private static let mostPrepared = 512

  /// Connects, and waits for it as long as the address says.
  ///
  /// - Throws: ``PostgresFault``.
  init(_ address: PostgresAddress) throws {
    let keywords = address.parameters.map(\.keyword)
    let values = address.parameters.map(\.value)
    let opened = withCStrings(keywords) { keywords in
      withCStrings(values) { values in PQconnectdbParams(keywords, values, 0) }
    }
    guard let opened else { throw PostgresFault(state: "53200", message: "out of memory", isLost: true) }
    guard PQstatus(opened) == CONNECTION_OK else {
      let words = String(cString: PQerrorMessage(opened)).split(separator: "\n").joined(separator: "; ")
      PQfinish(opened)
      throw PostgresFault(state: "", message: words, isLost: true)
    }
    handle = opened
    PQsetNoticeReceiver(
      handle,
      { context, notice in
        guard let context, rc_sqlstate(notice).map({ String(cString: $0) }) == "01000" else { return }
        Unmanaged<Warning>.fromOpaque(context).takeUnretainedValue().isSet = true
      }, Unmanaged.passUnretained(warning).toOpaque())
  }

  deinit { PQfinish(handle) }

  /// Whether the server closed it meanwhile.
  var isLost: Bool { PQstatus(handle) == CONNECTION_BAD }

  /// A statement failed and nothing undid it: the server would answer COMMIT with a rollback, and without an error.
  var isAborted: Bool { PQtransactionStatus(handle) == PQTRANS_INERROR }

  var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

  /// Statements without values, one round trip for all of them; the last one's answer.
  ///
  /// - Throws: ``PostgresFault``.
  @discardableResult
  func command(_ text: String) throws -> PostgresResult { try checked(PQexec(handle, text)) }

  /// Runs `body`; whether the server warned meanwhile, as it does where a commit was not replicated as it should be.
  func warned(_ body: () throws -> Void) rethrows -> Bool {
    warning.isSet = false
    try body()
    return warning.isSet
  }

  /// A statement with its values, prepared once for each set of their types.
  ///
  /// - Throws: ``PostgresFault``; `storage.constraint` for a value that cannot be stored.
  func run(_ text: String, _ values: [SQLValue]) throws -> PostgresResult {
    let bound = try BoundValues(values)
    let name = try prepare(text, bound.types)
    return try bound.with { pointers, lengths, formats in
      try checked(PQexecPrepared(handle, name, Int32(bound.count), pointers, lengths, formats, 1))
    }
  }

  /// A statement with arrays, each parameter one.
  ///
  /// - Throws: as ``run(_:_:)``.
  func run(_ text: String, arrays: [BoundArray]) throws -> PostgresResult {
    let bound = BoundValues(arrays)
    let name = try prepare(text, bound.types)
    return try bound.with { pointers, lengths, formats in
      try checked(PQexecPrepared(handle, name, Int32(bound.count), pointers, lengths, formats, 1))
    }
  }

  /// The next rows of a cursor, not prepared: each cursor has its own text.
  ///
  /// - Throws: ``PostgresFault``.
  func fetch(_ count: Int, from cursor: String) throws -> PostgresResult {
    try checked(PQexecParams(handle, "FETCH FORWARD \(count) FROM \(cursor)", 0, nil, nil, nil, nil, 1))
  }

  /// Before a transaction: forgets the prepared statements where there are too many.
  func tidy() throws {
    guard prepared.count > Self.mostPrepared else { return }
    prepared.removeAll(keepingCapacity: true)
    try command("DEALLOCATE ALL")
  }

  private func prepare(_ text: String, _ types: [UInt32]) throws -> String {
    let key = PreparedKey(text: text, types: types)
    if let name = prepared[key] { return name }
    serial += 1
    let name = "s\(serial)"
    _ = try checked(PQprepare(handle, name, text, Int32(types.count), types))
    prepared[key] = name
    return name
  }

  private func checked(_ result: OpaquePointer?) throws -> PostgresResult {
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
      guard let result else { fallthrough }
      return PostgresResult(result)
    default:
      let fault = PostgresFault(result, on: handle)
      PQclear(result)
      throw fault
    }
  }
}

/// Calls `body` with C strings and a NULL behind them.
private func withCStrings<T>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> T) -> T {
  let copies = texts.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies.map { UnsafePointer($0) } + [nil])
}
