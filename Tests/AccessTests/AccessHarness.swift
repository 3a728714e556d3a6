import Access
import Audit
import Foundation
import Logging
import Serving
import Storage
import Synchronization
import TestSupport
import Testing
import Vocabulary

/// The feature on a database of its own, called as the router would: found by method and path, authorised, handled.
final class AccessHarness: Sendable {
  static let start = Instant(milliseconds: 1_790_000_000_000)

  let path: String
  let database: any Database
  let counting: CountingDatabase
  let directory: AccessDirectory
  let passwords = PasswordWork(cost: PasswordCost(logN: 4))
  let desk: SignInDesk
  let routes: [PeopleRoute]
  /// The first administrator's.
  let secret: String

  init() async throws {
    path = NSTemporaryDirectory() + "rollcall-access-\(UUID().uuidString).sqlite"
    database = try await TestDatabase.open(
      path, migrations: Idempotency.migrations + Journal.migrations + Access.migrations)
    counting = CountingDatabase(database)
    directory = AccessDirectory(database: counting, logger: Logger(label: "test"))
    desk = SignInDesk(database: database, directory: directory, passwords: passwords)
    routes =
      AccessRoutes(database: database, tenants: CedarOnly(), directory: directory, desk: desk).peopleRoutes
      + JournalRoutes(database: database, tenants: CedarOnly()).peopleRoutes
    secret = try await database.write(in: .state) { try Access.bootstrap(in: $0, now: Self.start) }
  }

  deinit {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
  }

  /// A request with the bearer's secret, or the first administrator's.
  func call(
    _ method: String, _ path: String, as bearer: String? = nil, _ body: String = "",
    query: [(name: String, value: String)] = [], key: String? = nil, at now: Instant = start
  ) async throws -> Answer {
    let caller = try await directory.caller(bearer: bearer ?? secret, now: now)
    await directory.notesDone()
    return try await call(method, path, caller: caller, body, query: query, key: key, at: now)
  }

  /// A request of a caller who was found before, as in a race.
  func call(
    _ method: String, _ path: String, caller: Caller?, _ body: String = "",
    query: [(name: String, value: String)] = [], key: String? = nil, at now: Instant = start
  ) async throws -> Answer {
    for route in routes where route.method.rawValue == method {
      guard let parameters = Self.match(route.path, path) else { continue }
      let scope = try Authorization.authorize(caller, route.rule, district: parameters["district"])
      let call = Call(
        route.method, path, parameters: parameters, query: query,
        headers: key.flatMap { key in Idempotency.header.map { [$0: key] } } ?? [:], body: Array(body.utf8), now: now)
      return Answer(try await route.handle(call, OperatorContext(caller: caller, scope: scope)))
    }
    throw ServingError.notFound
  }

  private static func match(_ pattern: String, _ path: String) -> [String: String]? {
    let (names, parts) = (pattern.split(separator: "/"), path.split(separator: "/"))
    guard names.count == parts.count else { return nil }
    var found: [String: String] = [:]
    for (name, part) in zip(names, parts) {
      if name.hasPrefix("{") {
        found[String(name.dropFirst().dropLast())] = String(part)
      } else if name != part {
        return nil
      }
    }
    return found
  }

  /// Makes a principal, and gives its id.
  func principal(_ name: String = "Somebody", kind: String = "person") async throws -> String {
    try await call("POST", "/api/v1/principals", #"{"kind":"\#(kind)","name":"\#(name)"}"#).string("id")
  }

  /// Makes a token, and gives its id and secret.
  func token(of principal: String, days: Int = 30) async throws -> (id: String, secret: String) {
    let answer = try await call(
      "POST", "/api/v1/principals/\(principal)/tokens", #"{"name":"test","expiresInDays":\#(days)}"#)
    return (try answer.string("id"), try answer.string("token"))
  }

  /// A new principal with these grants, its id and a token's secret.
  func member(_ grants: String...) async throws -> (id: String, secret: String) {
    let id = try await principal()
    for grant in grants { _ = try await call("POST", "/api/v1/principals/\(id)/grants", grant) }
    return (id, try await token(of: id).secret)
  }

  /// The journal's actions, oldest first.
  func actions() async throws -> [String] {
    try await database.read(in: .state) {
      try $0.rows("SELECT action FROM audit_entry ORDER BY position").map { try $0.get("action") }
    }
  }

  static let stateAdmin = #"{"role":"state-admin"}"#
  static let cedarIT = #"{"role":"district-it","district":"cedar"}"#
}

/// An answer with its JSON.
struct Answer {
  let status: Int
  let body: [UInt8]
  let json: [String: any Sendable]

  init(_ reply: Reply) {
    status = reply.status.code
    body = reply.body
    json = (try? JSONSerialization.jsonObject(with: Data(reply.body))) as? [String: any Sendable] ?? [:]
  }

  var text: String { String(decoding: body, as: UTF8.self) }

  func string(_ name: String) throws -> String { try #require(json[name] as? String) }

  func items() throws -> [[String: any Sendable]] { try #require(json["items"] as? [[String: any Sendable]]) }
}

/// There is one district, with one school.
private struct CedarOnly: TenantDirectory {
  func exists(_ district: DistrictID, school: SchoolID?, in transaction: any Transaction) -> Bool {
    district.rawValue == "cedar" && (school == nil || school?.rawValue == "north")
  }
}

extension CedarOnly: JournalTenants {
  func requireDistrict(of scope: TenantScope, in transaction: any Transaction) throws {
    guard case .districts(let named) = scope, !named.contains(where: { $0.rawValue == "cedar" }) else { return }
    throw ServingError.notFound
  }
}

/// Counts what reaches the database, and can refuse writes as a full disk does.
final class CountingDatabase: Database {
  private struct State {
    var reads = 0
    var writes = 0
    var full = false
    var isStalled = false
    var stalled: [CheckedContinuation<Void, Never>] = []
  }

  private let inner: any Database
  private let state = Mutex(State())

  init(_ inner: any Database) { self.inner = inner }

  var reads: Int { state.withLock { $0.reads } }
  var writes: Int { state.withLock { $0.writes } }

  func fill() { state.withLock { $0.full = true } }

  /// Writes wait until ``goOn()``.
  func stall() { state.withLock { $0.isStalled = true } }

  func goOn() {
    let waiting = state.withLock { state in
      state.isStalled = false
      defer { state.stalled = [] }
      return state.stalled
    }
    for one in waiting { one.resume() }
  }

  private func turn() async {
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        if state.isStalled { state.stalled.append(continuation) }
        return !state.isStalled
      }
      if goesOn { continuation.resume() }
    }
  }

  func read<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    state.withLock { $0.reads += 1 }
    return try await inner.read(in: scope, body)
  }

  func write<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    let full = state.withLock { state in
      state.writes += 1
      return state.full
    }
    if full { throw StorageError(.full, "full") }
    await turn()
    return try await inner.write(in: scope, body)
  }

  func close() async throws { try await inner.close() }
}

/// The error's code; fails the test where nothing is thrown.
func code(_ body: () async throws -> Answer) async throws -> String {
  do {
    let answer = try await body()
    Issue.record("answered \(answer.status)")
    return ""
  } catch let error as any CodedError {
    return error.code.text
  }
}
