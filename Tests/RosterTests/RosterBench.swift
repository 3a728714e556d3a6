import Audit
import Foundation
import HTTPTypes
import Registry
import Serving
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Roster

/// A roster on a database of its own in a temporary folder, with its routes callable as a caller, authorised.
final class RosterBench: Sendable {
  static let now = Instant(seconds: 1_790_000_000)
  static let today = CivilDate(now)
  static let cedar = DistrictID(rawValue: "cedar-falls")!
  static let oak = DistrictID(rawValue: "oak-park")!

  let folder: URL
  let database: any Database
  let registry: DeviceRegistry
  let desk: RosterDesk

  /// With the districts `cedar-falls` and `oak-park`.
  init() async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "roster-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    database = try await TestDatabase.open(
      folder.appending(path: "test.sqlite").path,
      migrations: Idempotency.migrations + Journal.migrations + DeviceRegistry.migrations + RosterDesk.migrations)
    registry = DeviceRegistry(database: database)
    desk = RosterDesk(database: database, registry: registry, contacts: .random())
    for district in [Self.cedar, Self.oak] {
      try await write { transaction in
        try transaction.run(
          """
          INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
          VALUES (\(district), \(district.rawValue), 'refuse', \(Self.now))
          """)
      }
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  @discardableResult
  func write<T: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> T) async throws -> T {
    try await database.write(in: .state, body)
  }

  func count(_ table: String) async throws -> Int {
    try await write { try $0.row(SQL(stringLiteral: "SELECT COUNT(*) AS n FROM \(table)"))!.get("n") }
  }

  // MARK: - Requests

  struct Answer: @unchecked Sendable {
    let status: Int
    let json: [String: Any]
    var items: [[String: Any]] { json["items"] as? [[String: Any]] ?? [] }

    /// A count of a kind in the one district of an import's answer.
    func count(_ kind: String, _ what: String, district: Int = 0) -> Int? {
      let districts = json["districts"] as? [[String: Any]] ?? []
      guard district < districts.count else { return nil }
      let counts = districts[district]["counts"] as? [String: [String: Int]]
      return counts?[kind]?[what]
    }
  }

  private static let principal = PrincipalID(rawValue: "prn_0000000000000001")!
  static let state = Caller(principal: principal, name: "state", grants: [Grant(.stateAdmin, at: .state)])

  static func technician(_ district: DistrictID) -> Caller {
    Caller(principal: principal, name: "it", grants: [Grant(.districtIT, at: .district(district))])
  }

  /// Finds the route, authorises as the server does, and handles.
  func send(
    _ method: HTTPRequest.Method, _ path: String, as caller: Caller = state, query: [(String, String)] = [],
    body: [UInt8] = [], key: String? = nil, now: Instant = now
  ) async throws -> Answer {
    let parts = path.split(separator: "/")
    for route in desk.peopleRoutes where route.method == method {
      let pattern = route.path.split(separator: "/")
      guard pattern.count == parts.count else { continue }
      var parameters: [String: String] = [:]
      let fits = zip(pattern, parts).allSatisfy { place, part in
        guard place.hasPrefix("{") else { return place == part }
        parameters[String(place.dropFirst().dropLast())] = String(part)
        return true
      }
      guard fits else { continue }
      let context = try OperatorContext(caller, route.rule, district: parameters["district"])
      var headers: HTTPFields = [:]
      if let key { headers[Idempotency.header!] = key }
      let call = Call(
        method, path, parameters: parameters, query: query.map { (name: $0.0, value: $0.1) }, headers: headers,
        body: body, now: now)
      try route.operation.refuseUnknownQuery(call)
      try route.operation.checkBody(call)
      let reply = try await route.handle(call, context)
      let json = reply.body.isEmpty ? nil : try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any]
      return Answer(status: reply.status.code, json: json ?? [:])
    }
    throw ServingError.notFound
  }

  static func roster(_ district: DistrictID) -> String { "/api/v1/districts/\(district)/roster" }

  @discardableResult
  func take(
    _ export: Export, of district: DistrictID = cedar, query: [(String, String)] = [], key: String? = nil,
    now: Instant = now
  ) async throws -> Answer {
    try await send(
      .post, Self.roster(district) + "/imports", as: Self.technician(district), query: query,
      body: try export.archive, key: key, now: now)
  }

  func takeState(_ export: Export, query: [(String, String)] = []) async throws -> Answer {
    try await send(.post, "/api/v1/roster/imports", query: query, body: try export.archive)
  }

  /// Why it was refused; nil where it was not.
  func refusal(_ body: () async throws -> Void) async throws -> RosterError? {
    do {
      try await body()
      return nil
    } catch let error as RosterError { return error }
  }

  /// The faults of an archive, a line each: file, line, column, value, rule.
  func faults(_ export: Export, of district: DistrictID = cedar) async throws -> [String] {
    let error = try await refusal { try await take(export, of: district) }
    guard let error else { return [] }
    #expect(error.kind == .faults)
    return error.faults.map { fault in
      [fault.file ?? "", fault.line.map(String.init) ?? "", fault.field ?? "", fault.value ?? "", fault.code]
        .joined(separator: " ")
    }
  }

  func person(_ number: String, in district: DistrictID = cedar) async throws -> RosterPerson? {
    try await write { try RosterDirectory().people(numbered: [number], in: district, $0)[number] }
  }

  /// Gives somebody a device with a charger.
  ///
  /// - Parameter isBack: whether it is the district's again, and the charger is not.
  func hold(_ person: PersonID, isBack: Bool = false) async throws {
    let device = "dev_0000000000000001"
    try await write { transaction in
      try transaction.run(
        """
        INSERT INTO registry_device (district_id, device_id, management, identity, created_at)
        VALUES (\(Self.cedar), \(device), 'agent', 'weak', \(Self.now))
        """)
      try transaction.run(
        """
        INSERT INTO registry_custody (district_id, device_id, holder, since)
        VALUES (\(Self.cedar), \(device), \(isBack ? "district" : "person:\(person)"), \(Self.now))
        """)
    }
    try await tell("assigned", of: "person:\(person)", accessories: "charger")
    if isBack { try await tell("returned", of: "district") }
  }

  /// The next event of that device's ledger.
  func tell(_ kind: String, of holder: String, accessories: String? = nil) async throws {
    let device = "dev_0000000000000001"
    try await write { transaction in
      let count: SQL = "SELECT COUNT(*) AS n FROM registry_ledger_event WHERE device_id = \(device)"
      let events: Int = try transaction.row(count)?.get("n") ?? 0
      try transaction.run(
        """
        INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder, accessories)
        VALUES (\(Self.cedar), \(device), \(events + 1), \(Self.now), 'prn_0000000000000001', \(kind), \(holder),
          \(accessories))
        """)
    }
  }

  /// Erases whom the retention's sweep would, in one round of up to `limit`; how many people.
  @discardableResult
  func eraseDue(at now: Instant, limit: Int = 500) async throws -> Int {
    let due = try await database.read(in: .district(Self.cedar)) { [desk] in
      try desk.due(of: Self.cedar, now: now, limit: limit, in: $0)
    }
    return try await write { [desk] in
      try desk.erase(due: due, of: Self.cedar, now: now, limit: limit, in: $0).people
    }
  }

  /// Every row of the roster but what says when it was changed, to compare two moments.
  func everything() async throws -> [String] {
    try await write { transaction in
      var found: [String] = []
      for table in [
        "roster_org", "roster_person", "roster_class", "roster_membership", "roster_guardian", "roster_guardian_link",
        "roster_guardian_contact", "roster_demographics",
      ] {
        for row in try transaction.rows(SQL(stringLiteral: "SELECT * FROM \(table)")) {
          var values = row.values
          // Sealed anew each time, and the number of the change.
          if ["roster_guardian", "roster_demographics"].contains(table) { (values[2], values[4]) = (.null, .null) }
          if table == "roster_person" {
            // Before what is found by: the folded number, user name and address.
            values.remove(at: values.count - 4)
          } else if !table.hasPrefix("roster_guardian") {
            values.removeLast()
          }
          found.append("\(table) \(values)")
        }
      }
      return found.sorted()
    }
  }

  func actions() async throws -> [String] {
    try await write {
      try $0.rows("SELECT action, district_id FROM audit_entry ORDER BY district_id, position").map {
        try $0.get("action", as: String.self)
      }
    }
  }
}
