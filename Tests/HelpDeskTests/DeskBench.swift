import Access
import Audit
import Foundation
import HTTPTypes
import Logging
import Registry
import Serving
import Storage
import TestSupport
import Testing
import Vocabulary
import Web

@testable import HelpDesk

/// The search on a registry of its own with two districts, and people whom a list answers for; asked through the service, as
/// from a socket.
final class DeskBench: Sendable {
  static let now = Instant(seconds: 1_790_000_000)
  static let cedar = DistrictID(rawValue: "cedar-falls")!
  static let oak = DistrictID(rawValue: "oak-park")!
  static let north = SchoolID(rawValue: "north")!
  static let south = SchoolID(rawValue: "south")!

  let folder: URL
  let database: any Database
  let service: PeopleService

  init(people: [SearchedPerson] = DeskBench.people, devices: [String] = [], hostname: String? = nil) async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "desk-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    database = try await TestDatabase.open(
      folder.appending(path: "test.sqlite").path,
      migrations: Idempotency.migrations + Journal.migrations + Access.migrations + DeviceRegistry.migrations)
    let registry = DeviceRegistry(database: database)
    let directory = AccessDirectory(database: database, logger: Logger(label: "test"))
    let shell = try Shell(
      templates: SearchPages.templates.merging(ViewPages.templates) { first, _ in first },
      places: SearchPages.places + ViewPages.places, version: "test")
    let search = DeskSearch(database: database, registry: registry, people: Listed(people: people))
    let views = ViewRoutes(database: database, tenants: registry)
    let desk = PeopleDesk(database: database, tenants: registry, directory: directory)
    service = PeopleService(
      routes: SearchRoutes(search: search).peopleRoutes + SearchPages(search: search, shell: shell).peopleRoutes
        + views.peopleRoutes + ViewPages(views: views, shell: shell, people: desk).peopleRoutes,
      authenticator: Callers(), pages: shell, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      clock: { Self.now })
    try await database.write(in: .state) { transaction in
      for district in [Self.cedar, Self.oak] {
        try transaction.run(
          """
          INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
          VALUES (\(district), \(district.rawValue), 'refuse', 1)
          """)
        for school in [Self.north, Self.south] {
          try transaction.run(
            """
            INSERT INTO registry_school (district_id, school_id, name, created_at)
            VALUES (\(district), \(school), \("School \(school)"), 1)
            """)
        }
      }
      try Self.device("dev_000000000000000a", "PF3XK2M9", Self.cedar, Self.north, hostname, transaction)
      try Self.device("dev_000000000000000b", "PF3XK2M8", Self.cedar, Self.south, nil, transaction)
      try Self.device("dev_000000000000000c", "PF3XK2M7", Self.oak, Self.north, nil, transaction)
      for (person, device, district) in [("a", "a", Self.cedar), ("b", "b", Self.cedar), ("c", "c", Self.oak)] {
        try transaction.run(
          """
          INSERT INTO registry_custody (district_id, device_id, holder, since)
          VALUES (\(district), \("dev_000000000000000\(device)"), \(Holder.person(Self.person(person))), 1)
          """)
      }
    }
  }

  private static func device(
    _ id: String, _ serial: String, _ district: DistrictID, _ school: SchoolID, _ hostname: String?,
    _ transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      INSERT INTO registry_device (district_id, device_id, school_id, serial, serial_folded, hostname, hostname_folded,
        management, identity, stage, created_at)
      VALUES (\(district), \(id), \(school), \(serial), \(serial), \(hostname), \(hostname?.lowercased()), 'agent',
        'strong', 'in-service', 1)
      """)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  // MARK: - People

  static func person(_ letter: String) -> PersonID { PersonID(rawValue: "per_000000000000000\(letter)")! }

  static func listed(
    _ letter: String, _ name: String, _ district: DistrictID, _ school: SchoolID, match: String = "name"
  ) -> SearchedPerson {
    SearchedPerson(
      id: person(letter), district: district, name: name, registered: nil, number: "10\(letter)", isStudent: true,
      grades: ["05"], school: school, hasLeft: false, match: match)
  }

  static let people = [
    listed("a", "Robin Exampleton", cedar, north), listed("b", "Sky Exampleton", cedar, south),
    listed("c", "Wren Exampleton", oak, north),
  ]

  /// People of a list, by a part of the name.
  private struct Listed: PeopleSearch {
    let people: [SearchedPerson]

    func people(
      matching text: String, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>], limit: Int,
      _ transaction: any Transaction
    ) -> [SearchedPerson] {
      Array(
        people.filter { person in
          scope.contains(person.district) && person.name.lowercased().contains(text.lowercased())
            && schools[person.district].map { person.school.map($0.contains) ?? false } ?? true
        }.prefix(limit))
    }

    func people(_ ids: [PersonID], in scope: TenantScope, _ transaction: any Transaction) -> [SearchedPerson] {
      people.filter { ids.contains($0.id) && scope.contains($0.district) }
    }
  }

  // MARK: - Callers

  enum Who: String, CaseIterable {
    case stateAdmin, auditor, districtAdmin, districtIT, helpDesk, schoolStaff, warehouse, readOnly, otherHelpDesk,
      both, twoRoles, nobody

    var grants: Set<Grant> {
      switch self {
      case .stateAdmin: [Grant(.stateAdmin, at: .state)]
      case .auditor: [Grant(.auditor, at: .state)]
      case .districtAdmin: [Grant(.districtAdmin, at: .district(cedar))]
      case .districtIT: [Grant(.districtIT, at: .district(cedar))]
      case .helpDesk: [Grant(.helpDesk, at: .district(cedar))]
      case .schoolStaff: [Grant(.schoolStaff, at: .school(cedar, north))]
      case .warehouse: [Grant(.warehouse, at: .district(cedar))]
      case .readOnly: [Grant(.readOnly, at: .district(cedar))]
      case .otherHelpDesk: [Grant(.helpDesk, at: .district(oak))]
      // Devices of one district, people of another.
      case .both: [Grant(.warehouse, at: .district(cedar)), Grant(.helpDesk, at: .district(oak))]
      case .twoRoles: [Grant(.districtAdmin, at: .district(cedar)), Grant(.districtIT, at: .district(oak))]
      case .nobody: []
      }
    }
  }

  static let principal = PrincipalID(rawValue: "prn_0000000000000001")!

  /// A bearer's token is who it is; a cookie also says which session, and for what purpose: `helpDesk.a.repair`.
  private struct Callers: Authenticator {
    func caller(bearer: String, now: Instant) -> Caller? {
      Who(rawValue: bearer).map { Caller(principal: principal, name: $0.rawValue, grants: $0.grants) }
    }

    func signedIn(cookie: String, now: Instant) -> SignedIn? {
      let parts = cookie.split(separator: ".").map(String.init)
      guard parts.count >= 2, let caller = caller(bearer: parts[0], now: now) else { return nil }
      let purpose = parts.count > 2 ? ViewPurpose(rawValue: parts[2]) : nil
      let id = SessionID(rawValue: "ses_000000000000000\(parts[1])")!
      return SignedIn(
        caller: caller, session: BrowserSession(id: id, formToken: FormToken(Array("form".utf8)), purpose: purpose))
    }
  }

  // MARK: - Requests

  struct Answer: @unchecked Sendable {
    let status: Int
    let headers: HTTPFields
    let text: String
    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:] }
    /// Ids of people, then of devices.
    var people: [String] {
      (json["people"] as? [[String: Any]] ?? []).map { "\($0["id"] ?? "")".suffix(1).description }
    }
    var devices: [String] { (json["devices"] as? [[String: Any]] ?? []).map { "\($0["serial"] ?? "")" } }
    var location: String? { headers[.location] }
  }

  func get(
    _ path: String, _ query: [(String, String)] = [], as who: Who? = nil, cookie: String? = nil, now: Instant = now
  ) async -> Answer {
    var headers: HTTPFields = [:]
    if let who { headers[.authorization] = "Bearer \(who.rawValue)" }
    if let cookie { headers[.cookie] = "\(SessionCookie.name)=\(cookie)" }
    let reply = await service.respond(
      to: Call(
        .get, path, query: query.map { (name: $0.0, value: $0.1) }, headers: headers, now: now, authority: "test"))
    return Answer(
      status: reply.status.code, headers: reply.headers, text: String(decoding: reply.body, as: UTF8.self))
  }

  func search(
    _ text: String, as who: Who, purpose: String? = "repair", district: String? = nil, now: Instant = now
  ) async -> Answer {
    var query = [("q", text)]
    if let purpose { query.append(("purpose", purpose)) }
    if let district { query.append(("district", district)) }
    return await get("/api/v1/search", query, as: who, now: now)
  }

  /// The journal, oldest first: action, object and body.
  func journal() async throws -> [String] {
    try await database.read(in: .state) { transaction in
      try transaction.rows(
        "SELECT district_id, action, object_kind, object, body FROM audit_entry ORDER BY position, district_id"
      ).map { row in
        let columns = try ["district_id", "action", "object_kind", "object"].map { try row.get($0, as: String.self) }
        return (columns + [String(decoding: try row.get("body", as: [UInt8].self), as: UTF8.self)])
          .joined(separator: " ")
      }
    }
  }
}
