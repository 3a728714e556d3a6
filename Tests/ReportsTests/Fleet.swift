import Archive
import Audit
import CheckIn
import Foundation
import HTTPTypes
import Logging
import Registry
import Roster
import Serving
import Storage
import Synchronization
import TestSupport
import Testing
import Vocabulary
import Web

@testable import Reports

/// Two districts with devices and students, as rows of their owners' tables, and the reports over them.
final class Fleet: Sendable {
  static let now = Instant(seconds: 1_795_000_000)
  static let cedar = DistrictID(rawValue: "cedar")!
  static let oak = DistrictID(rawValue: "oak")!
  static let north = SchoolID(rawValue: "north")!
  static let formToken = FormToken(Array("token".utf8))
  static let day: Int64 = 86_400_000

  let path: String
  let database: any Database
  let registry: DeviceRegistry
  let desk: ReportsDesk
  let journal = Views()
  let service: PeopleService

  init(software: any SoftwareSource = NoSoftware(), pace: ReportPace = ReportPace()) async throws {
    path = NSTemporaryDirectory() + "rollcall-reports-\(UUID().uuidString).sqlite"
    database = try await TestDatabase.open(
      path,
      migrations: Idempotency.migrations + Journal.migrations + DeviceRegistry.migrations + CheckIns.migrations
        + RosterDesk.migrations + ReportsDesk.migrations)
    registry = DeviceRegistry(database: database)
    let shell = try Shell(templates: ReportsDesk.templates, places: ReportsDesk.places, version: "test")
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    desk = ReportsDesk(
      database: database, exports: database, registry: registry, software: software, journal: journal, shell: shell,
      pace: pace, logger: quiet, clock: { Self.now })
    service = PeopleService(
      routes: desk.peopleRoutes, authenticator: Callers(), pages: shell, logger: quiet, clock: { Self.now })
    for (district, name) in [(Self.cedar, "Cedar Falls"), (Self.oak, "Oak Park")] {
      try await run(
        """
        INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
        VALUES (\(district), \(name), 'refuse', \(Self.now))
        """)
      for school in ["north", "south"] {
        try await run(
          """
          INSERT INTO registry_school (district_id, school_id, name, created_at)
          VALUES (\(district), \(school), \("\(name) \(school)"), \(Self.now))
          """)
      }
    }
  }

  deinit {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
  }

  func run(_ statement: SQL) async throws { _ = try await database.write(in: .state) { try $0.run(statement) } }

  /// A device as its owners store it.
  struct Device: Sendable {
    var number: Int
    var district = Fleet.cedar
    var school: String? = "north"
    var serial: String?
    var assetTag: String?
    var model: String? = "ThinkPad E14"
    var stage: String? = "in-service"
    var custody: String? = "school"
    var holder: String?
    /// Who gets it back from repair.
    var owner: String?
    /// Years since it became known.
    var years: Int64 = 0
    /// Days since it checked in; nil for never.
    var seen: Int64? = 0
    /// Milliseconds before that.
    var earlier: Int64 = 0
    var health = "well"
    var system: (id: String, version: String)? = ("debian", "12")
    var battery: Int64? = 88
    var reasons: [(item: String, verdict: String)] = []

    init(_ number: Int) { self.number = number }

    var id: DeviceID { Fleet.id(number) }
  }

  static func id(_ number: Int) -> DeviceID {
    DeviceID(random: (0..<10).map { UInt8(truncatingIfNeeded: number >> (8 * (9 - $0))) })
  }

  func add(_ devices: [Device]) async throws {
    _ = try await database.write(in: .state) { transaction in
      for device in devices { try Self.add(device, transaction) }
    }
  }

  private static func add(_ device: Device, _ transaction: any Transaction) throws {
    let serial = device.serial ?? "SN\(1000 + device.number)"
    let known = now.milliseconds - device.years * 31_556_952_000 - day
    try transaction.run(
      """
      INSERT INTO registry_device (district_id, device_id, school_id, serial, serial_folded, asset_tag, model, vendor,
        hostname, management, identity, stage, custody, created_at)
      VALUES (\(device.district), \(device.id), \(device.school), \(serial), \(serial.uppercased()),
        \(device.assetTag ?? "A\(device.number)"), \(device.model), 'LENOVO', \("lt-\(device.number)"), 'agent', 'strong', \(device.stage),
        \(device.custody), \(known))
      """)
    if let seen = device.seen {
      let items = device.reasons.map {
        #"{"item":"\#($0.item)","reason":"The \#($0.item) is \#($0.verdict).","verdict":"\#($0.verdict)"}"#
      }
      try transaction.run(
        """
        INSERT INTO registry_contact (district_id, device_id, last_contact, next_contact, agent_version, clock_offset,
          health, health_items)
        VALUES (\(device.district), \(device.id), \(now.milliseconds - seen * day - device.earlier), \(now.milliseconds), '0.2', 0,
          \(device.health), \(Array("[\(items.joined(separator: ","))]".utf8)))
        """)
    }
    if let holder = device.holder {
      try transaction.run(
        """
        INSERT INTO registry_custody (district_id, device_id, holder, since, owner)
        VALUES (\(device.district), \(device.id), \(holder), \(now.milliseconds - day), \(device.owner))
        """)
    }
    if device.system != nil || !device.reasons.isEmpty {
      // Two bits an item, as check-ins write them.
      let places = [
        "battery": 1, "disk": 4, "memory": 16, "space": 64, "temperature": 256, "clock": 1024, "updates": 4096,
      ]
      let reasons = device.reasons.reduce(0) { $0 + (places[$1.item] ?? 0) * ($1.verdict == "failing" ? 2 : 1) }
      try transaction.run(
        """
        INSERT INTO checkin_summary (district_id, device_id, os_id, os_version, processor, memory_bytes,
          disk_bytes, battery_percent, battery_cycles, disk_used_percent, encrypted, updates, reasons)
        VALUES (\(device.district), \(device.id), \(device.system?.id), \(device.system?.version),
          'Celeron N4500', \(Int64(4 << 30)), \(Int64(256_060_514_304)), \(device.battery), 120, 10, \(true), 3,
          \(reasons))
        """)
    }
  }

  /// A student of a district's roster.
  func addStudent(_ id: String, _ family: String, number: String, of district: DistrictID = Fleet.cedar) async throws {
    try await run(
      """
      INSERT INTO roster_person (district_id, person_id, sourced_id, role, position, number, given_name, middle_name,
        family_name, preferred_given_name, preferred_middle_name, preferred_family_name, username, email, grades, orgs,
        agents, school_id, hash, changed_in)
      VALUES (\(district), \(id), \("s-\(id)"), 'student', 'student', \(number), 'Ada', '', \(family), '', '', '', '', '',
        '05', '', '', 'north', 1, 1)
      """)
  }

  // MARK: - Asking

  struct Answer {
    let status: Int
    let text: String
    let bytes: [UInt8]
    let type: String?
    let file: String?
  }

  func ask(_ address: String, as caller: String = "it", method: HTTPRequest.Method = .get, form: String? = nil)
    async throws -> Answer
  {
    let parts = address.split(separator: "?", maxSplits: 1).map(String.init)
    let query = (parts.count > 1 ? parts[1].split(separator: "&") : []).map { pair in
      let sides = pair.split(separator: "=", maxSplits: 1).map { PercentEncoding.decode($0) ?? "" }
      return (name: sides[0], value: sides.count > 1 ? sides[1] : "")
    }
    var headers: HTTPFields = [:]
    if caller.hasPrefix("session") {
      headers[.cookie] = "\(SessionCookie.name)=\(caller)"
      if let name = HTTPField.Name("Sec-Fetch-Site") { headers[name] = "same-origin" }
    } else {
      headers[.authorization] = "Bearer \(caller)"
      // Pages take changes of programs too, from the same origin.
      if let name = HTTPField.Name("Sec-Fetch-Site") { headers[name] = "same-origin" }
    }
    if form != nil { headers[.contentType] = "application/x-www-form-urlencoded" }
    let reply = await service.respond(
      to: Call(method, parts[0], query: query, headers: headers, body: Array((form ?? "").utf8), now: Self.now))
    let bytes = try await reply.whole()
    return Answer(
      status: reply.status.code, text: String(decoding: bytes, as: UTF8.self), bytes: bytes,
      type: reply.headers[.contentType], file: reply.headers[.contentDisposition])
  }
}

/// Who asks: `state`, `it` (district IT of cedar), `desk` (help desk of cedar), `teacher` (staff at a school of it), `oak`;
/// and who sees devices and, but for the auditor, no students: `reader`, `warehouse`, `auditor`, `state-reader`, `school-reader`.
private struct Callers: Authenticator {
  private static let person = PrincipalID(random: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])

  private func caller(_ name: String) -> Caller? {
    let grants: [String: Grant] = [
      "state": Grant(.stateAdmin, at: .state), "it": Grant(.districtIT, at: .district(Fleet.cedar)),
      "desk": Grant(.helpDesk, at: .district(Fleet.cedar)), "reader": Grant(.readOnly, at: .district(Fleet.cedar)),
      "warehouse": Grant(.warehouse, at: .district(Fleet.cedar)), "auditor": Grant(.auditor, at: .state),
      "state-reader": Grant(.readOnly, at: .state),
      "school-reader": Grant(.readOnly, at: .school(Fleet.cedar, Fleet.north)),
      "teacher": Grant(.schoolStaff, at: .school(Fleet.cedar, Fleet.north)),
      "oak": Grant(.districtIT, at: .district(Fleet.oak)),
    ]
    return grants[name].map { Caller(principal: Self.person, name: "Test \(name)", grants: [$0]) }
  }

  func caller(bearer: String, now: Instant) async throws -> Caller? { caller(bearer) }

  func signedIn(cookie: String, now: Instant) async throws -> SignedIn? {
    let purpose: ViewPurpose? = cookie == "session-audit" ? .audit : nil
    guard var caller = caller("it") else { return nil }
    if cookie == "session-both" {
      let both = caller.grants.union([Grant(.helpDesk, at: .district(Fleet.cedar))])
      caller = Caller(principal: Self.person, name: "Test both", grants: both)
    }
    let id = SessionID(random: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    return SignedIn(caller: caller, session: BrowserSession(id: id, formToken: Fleet.formToken, purpose: purpose))
  }
}

/// Remembers who looked.
final class Views: ViewJournal {
  private let seen = Mutex<[StudentView]>([])
  var all: [StudentView] { seen.withLock { $0 } }
  func record(_ views: [StudentView]) async throws { seen.withLock { $0 += views } }
}

/// No device has told any.
struct NoSoftware: SoftwareSource {
  func packages(
    in scope: TenantScope, prefix: String, after: String?, limit: Int, _ transaction: any Transaction
  ) throws -> (items: [CountedSoftware], next: String?) { ([], nil) }

  func devices(
    having question: SoftwareQuestion, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?,
    after: (district: DistrictID, device: String)?, limit: Int, _ transaction: any Transaction
  ) throws -> (items: [SoftwareHolder], next: (district: DistrictID, device: String)?) { ([], nil) }

  func uncounted(in scope: TenantScope, _ transaction: any Transaction) throws -> Int { 0 }
}

/// One package, in pages of two.
struct OnePackage: SoftwareSource {
  func packages(
    in scope: TenantScope, prefix: String, after: String?, limit: Int, _ transaction: any Transaction
  ) throws -> (items: [CountedSoftware], next: String?) {
    let all = (1...5).map {
      CountedSoftware(name: "lib-\($0)", version: "1.\($0)", architecture: "amd64", source: "dpkg", devices: $0)
    }.filter { $0.name.hasPrefix(prefix) }
    let first = after.flatMap(Int.init) ?? 0
    return (Array(all.dropFirst(first).prefix(2)), all.count > first + 2 ? "\(first + 2)" : nil)
  }

  func devices(
    having question: SoftwareQuestion, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?,
    after: (district: DistrictID, device: String)?, limit: Int, _ transaction: any Transaction
  ) throws -> (items: [SoftwareHolder], next: (district: DistrictID, device: String)?) {
    guard question.name == "lib-1", scope.contains(Fleet.cedar) else { return ([], nil) }
    let all = [1, 2].map { SoftwareHolder(district: Fleet.cedar, device: Fleet.id($0), versions: ["1.1"]) }
    return (all, nil)
  }

  func uncounted(in scope: TenantScope, _ transaction: any Transaction) throws -> Int { 7 }
}
