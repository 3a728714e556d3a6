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

/// Devices of two districts, a roster of the tests' own, and the pages over them, without sockets.
final class DeviceBench: Sendable {
  static let now = Instant(seconds: 1_790_000_000)
  static let cedar = DistrictID(rawValue: "cedar")!
  static let oak = DistrictID(rawValue: "oak")!
  static let north = SchoolID(rawValue: "north")!
  static let olivia = PersonID(rawValue: "per_0000000000000001")!
  static let formToken = FormToken(Array("form".utf8))
  static let oscar = PersonID(rawValue: "per_0000000000000002")!

  let path: String
  let database: any Database
  let registry: DeviceRegistry
  let service: PeopleService

  init(machines: Machines = Machines(), people: Roster = Roster()) async throws {
    path = NSTemporaryDirectory() + "rollcall-desk-\(UUID().uuidString).sqlite"
    database = try await TestDatabase.open(
      path, migrations: Idempotency.migrations + Journal.migrations + Access.migrations + DeviceRegistry.migrations)
    registry = DeviceRegistry(database: database, persons: people)
    let shell = try Shell(templates: DevicePages.templates, places: DevicePages.places, version: "test")
    let accounts = PeopleDesk(
      database: database, tenants: registry,
      directory: AccessDirectory(database: database, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    let pages = DevicePages(
      database: database, registry: registry, shell: shell, machines: machines, people: people, accounts: accounts)
    service = PeopleService(
      routes: registry.peopleRoutes + pages.peopleRoutes, authenticator: Visitors(), pages: shell,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: { Self.now })
    try await database.write(in: .state) { transaction in
      for account in Visitors.accounts {
        try transaction.run(
          """
          INSERT INTO access_principal (id, kind, name, created_at)
          VALUES (\(account.id), \(account.kind), \(account.name), 1)
          """)
        try transaction.run(
          """
          INSERT INTO access_grant (principal_id, role, district_id, school_id, granted_at)
          VALUES (\(account.id), \(account.role.rawValue), \(account.district), '', 1)
          """)
      }
    }
    for (id, name) in [("cedar", "Cedar Falls"), ("oak", "Oak Park")] {
      try await api(.post, "/districts", #"{"id":"\#(id)","name":"\#(name)"}"#)
    }
    for school in ["north", "south"] {
      try await api(.post, "/districts/cedar/schools", #"{"id":"\#(school)","name":"\#(school) High"}"#)
    }
  }

  deinit {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
  }

  @discardableResult
  func api(_ method: HTTPRequest.Method, _ path: String, _ body: String, csv: Bool = false) async throws -> String {
    let headers: HTTPFields = [
      .authorization: "Bearer state-admin", .contentType: csv ? "text/csv" : "application/json",
    ]
    let reply = await service.respond(
      to: Call(method, "/api/v1" + path, headers: headers, body: Array(body.utf8), now: Self.now))
    let text = String(decoding: reply.body, as: UTF8.self)
    try #require((200...204).contains(reply.status.code), "\(path): \(text)")
    return text
  }

  /// A device that an import made known, free to go to anybody.
  func device(_ serial: String, in district: String = "cedar", school: String? = "north") async throws -> DeviceID {
    try await api(
      .post, "/districts/\(district)/devices/import", "serial,school,model\n\(serial),\(school ?? ""),Latitude 3120\n",
      csv: true)
    let place = DistrictID(rawValue: district)!
    let known = try await database.read(in: .state) { [registry] transaction in
      try registry.device(serial: Serial(serial)!, of: place, in: transaction)
    }
    return try #require(known).id
  }

  func move(_ device: DeviceID, _ move: String, _ body: String = "{}") async throws {
    try await api(.post, "/districts/cedar/devices/\(device)/\(move)", body)
  }

  func contact(
    _ device: DeviceID, _ items: [Health.Item], verdict: Health.Verdict = .well, at: Instant = now,
    agent: String = "0.2.0", network: NetworkID? = nil
  ) async throws {
    let contact = Contact(
      district: Self.cedar, device: device, key: Digest.sha256([1]), at: at, next: at.advanced(by: .seconds(3600)),
      agentVersion: agent, clockOffset: .zero, health: Health(verdict: verdict, items: items),
      network: network)
    _ = try await database.write(in: .state) { [registry] in try registry.recordContact(contact, in: $0) }
  }

  func change(_ device: DeviceID, _ changes: [FactChange], at: Instant) async throws {
    try await database.write(in: .state) { [registry] in
      try registry.recordChanges(changes, of: device, of: Self.cedar, now: at, in: $0)
    }
  }

  /// Bodies of the journal's entries of an action, oldest first.
  func journal(_ action: String) async throws -> [(object: String, body: String)] {
    try await database.read(in: .state) { transaction in
      try transaction.rows("SELECT object, body FROM audit_entry WHERE action = \(action) ORDER BY position").map {
        (try $0.get("object"), String(decoding: try $0.get("body", as: [UInt8].self), as: UTF8.self))
      }
    }
  }
}

// MARK: - A browser

extension DeviceBench {
  struct Page {
    let status: Int
    let text: String
    let location: String?

    var heading: String { first(/<h1>(.*?)<\/h1>/) }
    var headline: String { first(/<h2 id="answer">(.*?)<\/h2>/) }
    var mood: String { first(/<section class="answer (.*?)"/) }
    var fault: String { first(/role="alert"><p>(.*?)<\/p>/) }

    func first(_ pattern: Regex<(Substring, Substring)>) -> String {
      text.firstMatch(of: pattern).map { String($0.output.1) } ?? ""
    }

    /// What is said at a field.
    func fault(at field: String) -> String {
      guard let start = text.range(of: "id=\"\(field)-fault\">") else { return "" }
      return String(text[start.upperBound...].prefix { $0 != "<" })
    }
  }

  /// - Parameter visitor: a role, a place behind '@', and `!` for one who said no reason yet, see ``Visitors``.
  func get(_ address: String, as visitor: String) async -> Page {
    let parts = address.split(separator: "#")[0].split(separator: "?", maxSplits: 1)
    let query = (parts.count > 1 ? parts[1].split(separator: "&") : []).map { pair in
      let sides = pair.split(separator: "=", maxSplits: 1).map { PercentEncoding.decode($0) ?? "" }
      return (name: sides[0], value: sides.count > 1 ? sides[1] : "")
    }
    return page(await service.respond(to: call(.get, String(parts[0]), query, visitor)))
  }

  func post(
    _ address: String, _ fields: [(String, String)] = [], as visitor: String,
    token: String = DeviceBench.formToken.masked()
  ) async -> Page {
    let all = [("form-token", token)] + fields
    let text = all.map { "\(PercentEncoding.encode($0.0))=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
    return page(
      await service.respond(
        to: call(.post, address, [], visitor, "application/x-www-form-urlencoded", Array(text.utf8))))
  }

  /// As a browser sends a form with a file.
  func send(_ address: String, _ fields: [(String, String)], file: String, as visitor: String) async -> Page {
    var text = ""
    for (name, value) in [("form-token", Self.formToken.masked())] + fields {
      text += "--xyz\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
    }
    text +=
      "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"fall.csv\"\r\nContent-Type: text/csv\r\n\r\n"
    text += file + "\r\n--xyz--\r\n"
    return page(
      await service.respond(
        to: call(.post, address, [], visitor, "multipart/form-data; boundary=xyz", Array(text.utf8))))
  }

  private func call(
    _ method: HTTPRequest.Method, _ path: String, _ query: [(name: String, value: String)], _ visitor: String,
    _ type: String? = nil, _ body: [UInt8] = []
  ) -> Call {
    var headers: HTTPFields = [
      .accept: "text/html", .cookie: "\(SessionCookie.name)=\(visitor)", .origin: "https://test",
    ]
    headers[.contentType] = type
    return Call(method, path, query: query, headers: headers, body: body, now: Self.now, authority: "test")
  }

  private func page(_ reply: Reply) -> Page {
    Page(
      status: reply.status.code, text: String(decoding: reply.body, as: UTF8.self),
      location: reply.headers[.location])
  }
}

/// Whoever a cookie says: `help-desk@cedar`, `school-staff@cedar/north`, `district-it@cedar+oak`, `state-admin`;
/// with `!` behind it, somebody who has not said why they look.
private struct Visitors: Authenticator {
  /// Those of whom more is known than what they may do.
  static let accounts: [(role: Role, id: PrincipalID, kind: String, name: String, district: String)] = [
    (.stateAdmin, PrincipalID(rawValue: "prn_0000000000000001")!, "person", "Sam Stateson (example)", ""),
    (.districtIT, PrincipalID(rawValue: "prn_0000000000000002")!, "person", "Ida <b>Teeson</b> (example)", "cedar"),
    (.warehouse, PrincipalID(rawValue: "prn_0000000000000003")!, "service", "Conveyor (example)", "cedar"),
  ]

  func caller(bearer: String, now: Instant) async throws -> Caller? { caller(bearer) }

  func signedIn(cookie: String, now: Instant) async throws -> SignedIn? {
    let asks = cookie.hasSuffix("!")
    return caller(String(cookie.drop { $0 == "!" }.prefix { $0 != "!" })).map {
      SignedIn(
        caller: $0,
        session: BrowserSession(
          id: SessionID(random: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), formToken: DeviceBench.formToken,
          purpose: asks ? nil : .familyCalls))
    }
  }

  private func caller(_ name: String) -> Caller? {
    let sides = name.split(separator: "@")
    guard let role = sides.first.flatMap({ Role(rawValue: String($0)) }) else { return nil }
    let places = sides.count > 1 ? sides[1].split(separator: "+") : []
    let reaches = places.map { place -> Reach in
      let parts = place.split(separator: "/")
      let district = DistrictID(rawValue: String(parts[0]))!
      return parts.count > 1 ? .school(district, SchoolID(rawValue: String(parts[1]))!) : .district(district)
    }
    let grants = reaches.isEmpty ? [Grant(role, at: .state)] : reaches.map { Grant(role, at: $0) }
    let known = Self.accounts.first { $0.role == role }?.id
    return Caller(principal: known ?? PrincipalID(rawValue: "prn_0000000000000009")!, name: name, grants: Set(grants))
  }
}

// MARK: - What the other features would tell

/// What machines told, the same of each.
struct Machines: MachineSource {
  var told: MachineTold?
  var titles: [InstalledTitle]?

  func told(by device: DeviceID, in district: DistrictID, _ transaction: any Transaction) -> MachineTold? { told }

  func software(
    of device: DeviceID, in district: DistrictID, after: String?, containing text: String, limit: Int,
    _ transaction: any Transaction
  ) -> [InstalledTitle]? {
    titles.map { all in
      Array(all.filter { $0.place > after ?? "" && (text.isEmpty || $0.name.contains(text)) }.prefix(limit))
    }
  }
}

/// Two students of cedar: 1001 at north, 1002 at south.
struct Roster: PeopleSource, CustodyPersons {
  var name = "Olivia Example"
  static let numbers = ["1001": DeviceBench.olivia, "1002": DeviceBench.oscar]

  private var all: [PersonID: DeskPerson] {
    [
      DeviceBench.olivia: DeskPerson(
        id: DeviceBench.olivia, name: name, number: "1001", isStudent: true, grades: ["05"], school: DeviceBench.north,
        hasLeft: false),
      DeviceBench.oscar: DeskPerson(
        id: DeviceBench.oscar, name: "Oscar Example", number: "1002", isStudent: true, grades: ["06"],
        school: SchoolID(rawValue: "south"), hasLeft: false),
    ]
  }

  func people(
    _ ids: [PersonID], of district: DistrictID, _ transaction: any Transaction
  ) -> [PersonID: DeskPerson] { district == DeviceBench.cedar ? all.filter { ids.contains($0.key) } : [:] }

  func student(numbered number: String, of district: DistrictID, _ transaction: any Transaction) -> DeskPerson? {
    district == DeviceBench.cedar ? Self.numbers[number].flatMap { all[$0] } : nil
  }

  func classes(of person: PersonID, in district: DistrictID, _ transaction: any Transaction) -> [String] { ["Biology"] }

  func demographics(
    of person: PersonID, in district: DistrictID, _ transaction: any Transaction
  ) -> DeskDemographics? {
    person == DeviceBench.olivia ? DeskDemographics(birthDate: "2015-03-09", sex: "female") : nil
  }

  func hasRoster(_ district: DistrictID, in transaction: any Transaction) -> Bool { district == DeviceBench.cedar }

  func students(
    numbered numbers: [String], of district: DistrictID, in transaction: any Transaction
  ) -> [String: PersonID] { district == DeviceBench.cedar ? Self.numbers.filter { numbers.contains($0.key) } : [:] }

  func persons(_ ids: [PersonID], of district: DistrictID, in transaction: any Transaction) -> Set<PersonID> {
    district == DeviceBench.cedar ? Set(ids).intersection(all.keys) : []
  }

  func students(ofClass id: String, of district: DistrictID, on day: CivilDate, in transaction: any Transaction)
    -> [PersonID]?
  {
    id == "bio" ? [DeviceBench.olivia, DeviceBench.oscar] : nil
  }
}
