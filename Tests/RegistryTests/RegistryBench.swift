import Audit
import Foundation
import HTTPTypes
import Serving
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Registry

/// A registry on a database of its own in a temporary folder, with its routes callable as a caller, authorised.
final class RegistryBench: Sendable {
  static let now = Instant(seconds: 1_790_000_000)
  static let cedar = DistrictID(rawValue: "cedar-falls")!
  static let oak = DistrictID(rawValue: "oak-park")!

  let folder: URL
  let database: any Database
  let registry: DeviceRegistry

  init(facts: any FactSource = NoFacts(), persons: any CustodyPersons = NoRoster()) async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "registry-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    database = try await TestDatabase.open(
      folder.appending(path: "test.sqlite").path,
      migrations: Idempotency.migrations + Journal.migrations + DeviceRegistry.migrations)
    registry = DeviceRegistry(database: database, facts: facts, persons: persons)
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  /// With the districts `cedar-falls` and `oak-park`.
  static func withDistricts(
    facts: any FactSource = NoFacts(), persons: any CustodyPersons = NoRoster()
  ) async throws -> RegistryBench {
    let bench = try await RegistryBench(facts: facts, persons: persons)
    try await bench.write { transaction in
      for id in [cedar, oak] {
        try DistrictStore.insert(
          District(id: id, name: id.rawValue, unknownSerials: .refuse, createdAt: now), transaction)
      }
    }
    return bench
  }

  @discardableResult
  func write<T: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> T) async throws -> T {
    try await database.write(in: .state, body)
  }

  /// Runs `body` and applies the changes of keys that it returns.
  func change(_ body: @escaping @Sendable (any Transaction) throws -> KeyChanges) async throws {
    registry.apply(try await write(body))
  }

  func expect(_ serial: String, in district: DistrictID = cedar) async throws -> DeviceID {
    try await write { [registry] in
      try registry.expect(
        serial: Serial(serial)!, district: district, batch: BatchID(rawValue: "fall")!, actor: .controller,
        now: Self.now, in: $0)
    }
  }

  /// Enrols the device with key number `key`.
  @discardableResult
  func enroll(
    _ device: DeviceID, key: UInt8, in district: DistrictID = cedar, identity: ClaimedIdentity = ClaimedIdentity()
  ) async throws -> Enrolment {
    let enrolment = try await write { [registry] in
      try registry.enroll(
        device, of: district, key: .numbered(key), identity: identity, evidence: "batch:fall", actor: .controller,
        now: Self.now, in: $0)
    }
    registry.apply(enrolment.changes)
    return enrolment
  }

  func contact(
    _ device: DeviceID, key: UInt8, in district: DistrictID = cedar, at: Instant = now, health: Health? = nil,
    network: NetworkID? = nil
  )
    async throws
  {
    try await change { [registry] in
      try registry.recordContact(
        Contact(
          district: district, device: device, key: .numbered(key), at: at, next: at.advanced(by: .seconds(3600)),
          agentVersion: "0.1.0", clockOffset: .milliseconds(-1500), health: health, network: network), in: $0)
    }
  }

  func keys(_ device: DeviceID, in district: DistrictID = cedar) async throws -> [DeviceKey] {
    try await write { [registry] in try registry.keys(of: device, of: district, in: $0) }
  }

  func device(_ id: DeviceID, in district: DistrictID = cedar) async throws -> Device {
    let found = try await write { [registry] in try registry.device(id, of: district, in: $0) }
    return try #require(found)
  }

  func count(_ table: String) async throws -> Int {
    try await write { try $0.row(SQL(stringLiteral: "SELECT COUNT(*) AS n FROM \(table)"))!.get("n") }
  }
}

// MARK: - Requests

extension RegistryBench {
  struct Answer {
    let status: Int
    let json: [String: Any]
    var items: [[String: Any]] { json["items"] as? [[String: Any]] ?? [] }
  }

  /// Finds the route, authorises as the server does, and handles.
  func send(
    _ method: HTTPRequest.Method, _ path: String, as caller: Caller? = .administrator, query: [(String, String)] = [],
    body: String = "", key: String? = nil, type: String? = nil, at now: Instant = now
  ) async throws -> Answer {
    guard let (route, parameters) = Self.match(registry.peopleRoutes, method, path) else { throw ServingError.notFound }
    let context = try OperatorContext(caller, route.rule, district: parameters["district"])
    var headers: HTTPFields = [:]
    if let key { headers[Idempotency.header!] = key }
    headers[.contentType] = type
    let call = Call(
      method, path, parameters: parameters, query: query.map { (name: $0.0, value: $0.1) }, headers: headers,
      body: Array(body.utf8), now: now)
    try route.operation.refuseUnknownQuery(call)
    let reply = try await route.handle(call, context)
    let json = try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any]
    return Answer(status: reply.status.code, json: json ?? [:])
  }

  /// The code of the refusal; nil where it is answered.
  func refusal(
    _ method: HTTPRequest.Method, _ path: String, as caller: Caller? = .administrator, query: [(String, String)] = [],
    body: String = "", key: String? = nil
  ) async throws -> String? {
    do {
      _ = try await send(method, path, as: caller, query: query, body: body, key: key)
      return nil
    } catch let error as any StatusError {
      return error.code.text
    }
  }

  static func match(
    _ routes: [PeopleRoute], _ method: HTTPRequest.Method, _ path: String
  ) -> (PeopleRoute, [String: String])? {
    let parts = path.split(separator: "/")
    for route in routes where route.method == method {
      let pattern = route.path.split(separator: "/")
      guard pattern.count == parts.count else { continue }
      var parameters: [String: String] = [:]
      let fits = zip(pattern, parts).allSatisfy { place, part in
        guard place.hasPrefix("{") else { return place == part }
        parameters[String(place.dropFirst().dropLast())] = String(part)
        return true
      }
      if fits { return (route, parameters) }
    }
    return nil
  }
}

// MARK: - Fixed values

extension Caller {
  private static let principal = PrincipalID(rawValue: "prn_0000000000000001")!

  static let administrator = Caller(principal: principal, name: "state", grants: [Grant(.stateAdmin, at: .state)])
  static let stateReader = Caller(principal: principal, name: "reader", grants: [Grant(.readOnly, at: .state)])
  static let nobody = Caller(principal: principal, name: "nobody", grants: [])

  static func technician(_ district: DistrictID) -> Caller {
    Caller(principal: principal, name: "it", grants: [Grant(.districtIT, at: .district(district))])
  }

  static func reader(_ district: DistrictID) -> Caller {
    Caller(principal: principal, name: "reader", grants: [Grant(.readOnly, at: .district(district))])
  }
}

extension Digest {
  static func numbered(_ number: UInt8) -> Digest { Digest(bytes: [UInt8](repeating: number, count: 32))! }
}

extension IssuedKey {
  static func numbered(_ number: UInt8, certificate: String = "01") -> IssuedKey {
    IssuedKey(
      digest: .numbered(number), certificateSerial: certificate, notBefore: RegistryBench.now,
      notAfter: RegistryBench.now.advanced(by: .seconds(90 * 86_400)))
  }
}

/// The same numbers from the same seed, on every machine. Source: Steele, Lea, Flood, "SplitMix64".
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
