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
  /// How long an answer is awaited; nil for as long as it takes.
  var patience: Duration?
  /// Given up: what the server still does on it is nobody's any more.
  private var isAbandoned = false
  /// Which of the pool's times of trust it was opened in; see ``PostgresDatabase``.
  var generation = 0
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
  /// - Parameter patience: how long each answer is awaited after that.
  /// - Throws: ``PostgresFault``.
  init(_ address: PostgresAddress, patience: Duration? = nil) throws {
    self.patience = patience
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
    // Nothing waits in libpq itself, where there is no limit of time.
    PQsetnonblocking(handle, 1)
    PQsetNoticeReceiver(
      handle,
      { context, notice in
        guard let context, rc_sqlstate(notice).map({ String(cString: $0) }) == "01000" else { return }
        Unmanaged<Warning>.fromOpaque(context).takeUnretainedValue().isSet = true
      }, Unmanaged.passUnretained(warning).toOpaque())
  }

  deinit { PQfinish(handle) }

  /// Whether the server closed it meanwhile.
  var isLost: Bool { isAbandoned || PQstatus(handle) == CONNECTION_BAD }

  /// Whether the server said of itself that it takes no writes: it became a standby, or was fenced off.
  var isReadOnly: Bool {
    func isOn(_ name: String) -> Bool { PQparameterStatus(handle, name).map { String(cString: $0) } == "on" }
    return isOn("in_hot_standby") || isOn("default_transaction_read_only")
  }

  /// No transaction runs on it again.
  func abandon() { isAbandoned = true }

  /// A statement failed and nothing undid it: the server would answer COMMIT with a rollback, and without an error.
  var isAborted: Bool { PQtransactionStatus(handle) == PQTRANS_INERROR }

  var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

  /// Statements without values, one round trip for all of them; the last one's answer.
  ///
  /// - Throws: ``PostgresFault``.
  @discardableResult
  func command(_ text: String) throws -> PostgresResult { try checked(PQsendQuery(handle, text)) }

  /// The first schema of the search path, quoted.
  ///
  /// - Throws: `storage.failed` where there is none.
  func schema() throws -> String {
    let found = try run("SELECT quote_ident(current_schema()) AS name", []).rows().first
    guard let name = try found?.get("name", as: String?.self) else {
      throw StorageError(
        .failed,
        "The user of the database's address has no schema. Run: CREATE SCHEMA rollcall AUTHORIZATION <the user>;")
    }
    return name
  }

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
      try checked(PQsendQueryPrepared(handle, name, Int32(bound.count), pointers, lengths, formats, 1))
    }
  }

  /// A statement with arrays, each parameter one.
  ///
  /// - Throws: as ``run(_:_:)``.
  func run(_ text: String, arrays: [BoundArray]) throws -> PostgresResult {
    let bound = BoundValues(arrays)
    let name = try prepare(text, bound.types)
    return try bound.with { pointers, lengths, formats in
      try checked(PQsendQueryPrepared(handle, name, Int32(bound.count), pointers, lengths, formats, 1))
    }
  }

  /// The next rows of a cursor, not prepared: each cursor has its own text.
  ///
  /// - Throws: ``PostgresFault``.
  func fetch(_ count: Int, from cursor: String) throws -> PostgresResult {
    try checked(PQsendQueryParams(handle, "FETCH FORWARD \(count) FROM \(cursor)", 0, nil, nil, nil, nil, 1))
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
    _ = try checked(PQsendPrepare(handle, name, text, Int32(types.count), types))
    prepared[key] = name
    return name
  }

  /// The last answer to what was sent; where several statements were, an error is the last one.
  private func checked(_ isSent: Int32) throws -> PostgresResult {
    guard isSent == 1 else { throw PostgresFault(nil, on: handle) }
    let deadline = patience.map { ContinuousClock.now + $0 }
    while true {
      let rest = PQflush(handle)
      if rest == 0 { break }
      guard rest == 1 else { throw PostgresFault(nil, on: handle) }
      try wait(for: POLLIN | POLLOUT, until: deadline)
      guard PQconsumeInput(handle) == 1 else { throw broken() }
    }
    var last: OpaquePointer?
    while true {
      while PQisBusy(handle) == 1 {
        do { try wait(for: POLLIN, until: deadline) } catch {
          PQclear(last)
          throw error
        }
        guard PQconsumeInput(handle) == 1 else {
          PQclear(last)
          throw broken()
        }
      }
      guard let next = PQgetResult(handle) else { break }
      PQclear(last)
      last = next
    }
    return try read(last)
  }

  /// Nothing more can be read: what the server answered to what was sent is not known.
  private func broken() -> PostgresFault {
    let fault = PostgresFault(nil, on: handle)
    isAbandoned = true
    return PostgresFault(state: fault.state, message: fault.message, isLost: true)
  }

  /// Waits until the socket is ready for one of `events`.
  ///
  /// - Throws: ``PostgresFault`` where the time is up; the session is then of no more use.
  private func wait(for events: Int32, until deadline: ContinuousClock.Instant?) throws {
    var waited = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
    while true {
      var milliseconds: Int32 = -1
      if let deadline {
        let rest = (deadline - .now).components
        milliseconds =
          rest.seconds < 0 ? 0 : Int32(clamping: rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000)
      }
      let count = poll(&waited, 1, milliseconds)
      if count < 0, errno == EINTR { continue }
      if count > 0 { return }
      isAbandoned = true
      if count == 0 { CancelRequest(handle)?.send() }
      throw PostgresFault(
        state: count == 0 ? PostgresFault.hung : "", message: "there was no answer in time", isLost: true)
    }
  }

  private func read(_ result: OpaquePointer?) throws -> PostgresResult {
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
