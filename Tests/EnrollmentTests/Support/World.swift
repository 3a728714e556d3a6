import Audit
import Foundation
import HTTPTypes
import Registry
import Serving
import Storage
import SwiftASN1
import TestSupport
import Vocabulary
import X509

@testable import Enrollment

/// A controller's enrolment on a real database, without sockets.
struct World: Sendable {
  static let start = Instant(rfc3339: "2026-11-21T20:00:00Z")!
  static let cedar = DistrictID(rawValue: "cedar-falls")!
  static let river = DistrictID(rawValue: "river-bend")!
  static let batch = BatchID(rawValue: "fall-2026")!

  let folder: Folder
  let database: any Database
  let registry: DeviceRegistry
  let desk: EnrollmentDesk
  /// As the devices listener trusts.
  let trust: DeviceTrust
  let admin = PrincipalID.random()

  init(unknownSerials: District.UnknownSerials = .refuse, queue: Int = 2048, watch: StatementWatch? = nil) async throws
  {
    folder = try Folder()
    let migrations = Idempotency.migrations + Journal.migrations + DeviceRegistry.migrations + EnrollmentDesk.migrations
    let opened = try await TestDatabase.open(folder.file("rollcall.sqlite"), migrations: migrations)
    database = watch.map { WatchedDatabase(opened, $0) } ?? opened
    registry = DeviceRegistry(database: database)
    let authority = try NewAuthority(name: "Test", now: Self.start).authority
    trust = DeviceTrust(issuers: [authority.issuing])
    desk = EnrollmentDesk(database: database, registry: registry, authority: AuthorityInUse(authority), queue: queue)
    try await database.write(in: .state) { transaction in
      for district in [Self.cedar, Self.river] {
        try transaction.run(
          """
          INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
          VALUES (\(district), 'A district', \(unknownSerials), \(Self.start))
          """)
      }
    }
  }

  // MARK: - People

  /// Finds the route, authorises and calls it as the listener does.
  func people(
    _ method: HTTPRequest.Method, _ path: String, _ body: String = "", query: [(String, String)] = [],
    headers: HTTPFields = [:], grants: Set<Grant> = [Grant(.stateAdmin, at: .state)], at now: Instant = start
  ) async throws -> Reply {
    for route in desk.peopleRoutes where route.method == method {
      guard let parameters = Self.parameters(of: path, by: route.path) else { continue }
      let caller = Caller(principal: admin, name: "test", grants: grants)
      let scope = try Authorization.authorize(caller, route.rule, district: parameters["district"])
      let call = Call(
        method, path, parameters: parameters, query: query.map { (name: $0.0, value: $0.1) }, headers: headers,
        body: Array(body.utf8), now: now)
      return try await route.handle(call, OperatorContext(caller: caller, scope: scope))
    }
    throw ServingError.notFound
  }

  /// A batch of `serials` in `district`.
  func batch(_ serials: [String], _ id: BatchID = batch, in district: DistrictID = cedar) async throws {
    let list = serials.map { "\"\($0)\"" }.joined(separator: ",")
    _ = try await people(
      .post, "/api/v1/districts/\(district)/batches", "{\"id\":\"\(id)\",\"name\":\"Fall\",\"serials\":[\(list)]}")
  }

  /// A token's printed form and id.
  func token(
    _ form: String = "{\"expiresInHours\":24}", of batch: BatchID = batch, in district: DistrictID = cedar,
    at now: Instant = start
  ) async throws -> (printed: String, id: String) {
    let reply = try await people(.post, "/api/v1/districts/\(district)/batches/\(batch)/tokens", form, at: now)
    let object = try reply.object
    return (try required(object["token"] as? String), try required(object["id"] as? String))
  }

  func counts(_ batch: BatchID = batch, in district: DistrictID = cedar) async throws -> [String: Int] {
    let reply = try await people(.get, "/api/v1/districts/\(district)/batches/\(batch)")
    return try required(try reply.object["counts"] as? [String: Int])
  }

  /// The actions of the journal, oldest first.
  func actions() async throws -> [String] {
    try await database.read(in: .state) { transaction in
      try transaction.rows("SELECT action FROM audit_entry WHERE district_id = \(Self.cedar) ORDER BY position").map {
        try $0.get("action")
      }
    }
  }

  // MARK: - Devices

  func device(
    _ method: HTTPRequest.Method, _ path: String, body: [UInt8] = [], headers: HTTPFields = [:],
    peer: PeerCertificate? = nil, from origin: Origin? = nil, at now: Instant = start
  ) async throws -> Reply {
    for route in desk.deviceRoutes where route.method == method {
      guard let parameters = Self.parameters(of: path, by: route.path) else { continue }
      let context = try DeviceContext(peer: peer, rule: route.rule, directory: registry.keys, now: now)
      let call = Call(method, path, parameters: parameters, headers: headers, body: body, now: now, origin: origin)
      return try await route.handle(call, context)
    }
    throw ServingError.notFound
  }

  /// `simpleenroll` with the token as the password of HTTP Basic.
  func enroll(
    _ request: [UInt8], _ token: String, label: String? = nil, from origin: Origin? = nil, at now: Instant = start
  ) async throws -> Reply {
    let basic = Data("device:\(token)".utf8).base64EncodedString()
    let path = "/.well-known/est\(label.map { "/\($0)" } ?? "")/simpleenroll"
    return try await device(
      .post, path, body: request, headers: [.authorization: "Basic \(basic)"], from: origin, at: now)
  }

  private static func parameters(of path: String, by pattern: String) -> [String: String]? {
    let (parts, names) = (path.split(separator: "/"), pattern.split(separator: "/"))
    guard parts.count == names.count else { return nil }
    var parameters: [String: String] = [:]
    for (part, name) in zip(parts, names) {
      if name.hasPrefix("{") {
        parameters[String(name.dropFirst().dropLast())] = String(part)
      } else if part != name {
        return nil
      }
    }
    return parameters
  }
}

struct Missing: Error {}

/// `value`, which the test needs.
func required<T>(_ value: T?) throws -> T {
  guard let value else { throw Missing() }
  return value
}

extension Reply {
  var object: [String: Any] {
    get throws { try required(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) }
  }

  var items: [[String: Any]] {
    get throws { try required(try object["items"] as? [[String: Any]]) }
  }

  /// The one certificate of a certificates-only answer.
  var certificate: Certificate {
    get throws {
      let der = Array(try required(Data(base64Encoded: Data(body), options: .ignoreUnknownCharacters)))
      return try Certificate(derEncoded: Self.firstCertificate(der))
    }
  }

  private static func firstCertificate(_ der: [UInt8]) throws -> ASN1Node {
    func children(_ node: ASN1Node) throws -> [ASN1Node] {
      guard case .constructed(let nodes) = node.content else { throw Missing() }
      return Array(nodes)
    }
    let signed = try children(try children(try children(DER.parse(der))[1])[0])
    return try children(signed[3])[0]
  }
}
