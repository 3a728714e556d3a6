import Audit
import Foundation
import HTTPTypes
import Serving
import Storage
import Synchronization
import TestSupport
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Compression
@testable import Registry

/// A controller's check-in desk over a real registry and a real database in a folder of its own.
final class World: Sendable {
  static let start = Instant(seconds: 1_790_000_000)
  static let district = DistrictID(rawValue: "cedar-falls")!

  let folder: URL
  let database: any Database
  let registry: DeviceRegistry
  let desk: CheckIns
  let unknown = UnknownKeys()

  /// - Parameter plans: where the plans of the desk's statements are noted.
  init(
    policy: CheckInPolicy = CheckInPolicy(), queueLimit: Int = 4096, inFlight: ByteCount = .mebibytes(64),
    plans: Plans? = nil
  ) async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "checkin-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    database = try await TestDatabase.open(
      folder.appending(path: "rollcall.sqlite").path,
      migrations: Journal.migrations + DeviceRegistry.migrations + CheckIns.migrations)
    registry = DeviceRegistry(database: database, facts: StoredFacts())
    let opened = database
    desk = CheckIns(
      database: plans.map { PlannedDatabase(base: opened, plans: $0) } ?? opened, records: registry,
      unknownKeys: unknown, policy: policy, queueLimit: queueLimit,
      inFlight: inFlight)
    _ = try await database.write(in: .state) { transaction in
      try transaction.run(
        """
        INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
        VALUES (\(Self.district), 'Cedar Falls', 'pending', \(Self.start))
        """)
    }
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  /// A device with an enrolled key in `state`.
  func enrol(_ number: Int, state: KeyState = .active) async throws -> TestDevice {
    let device = TestDevice(number)
    let registry = self.registry
    let (id, changes) = try await database.write(in: .state) { transaction in
      let id = try registry.expect(
        serial: Serial("PF3XK\(1000 + number)")!, district: Self.district, batch: BatchID(rawValue: "fall")!,
        actor: .controller, now: Self.start, in: transaction)
      let issued = IssuedKey(
        digest: device.key, certificateSerial: "0\(number)", notBefore: device.peer.notBefore,
        notAfter: device.peer.notAfter)
      let key = DeviceKey(issued, of: id, in: Self.district, state: state, now: Self.start)
      return (id, KeyChanges([try KeyStore.insert(key, transaction)]))
    }
    registry.apply(changes)
    return device.known(as: id)
  }

  func set(_ device: TestDevice, to state: KeyState) async throws {
    let registry = self.registry
    registry.apply(
      try await database.write(in: .state) {
        try registry.setKeyState(device.key, of: Self.district, to: state, in: $0)
      })
  }

  /// Through the route, as the router would call it.
  func post(
    _ body: [UInt8], from device: TestDevice, at now: Instant = start, headers: HTTPFields = [:]
  ) async throws -> Reply {
    let route = try #require(desk.deviceRoutes.first { $0.path == AgentPath.checkIn })
    let context = try DeviceContext(peer: device.peer, rule: route.rule, directory: registry.keys, now: now)
    return try await route.handle(
      Call(.post, AgentPath.checkIn, headers: headers, body: body, now: now, requestID: "r\(device.number)"), context)
  }

  func send(_ request: CheckInRequest, from device: TestDevice, at now: Instant = start) async throws -> CheckInReply {
    let reply = try await post(try WireCodec.encode(request), from: device, at: now)
    #expect(reply.status == .ok, "\(String(decoding: reply.body, as: UTF8.self))")
    return try WireCodec.decode(CheckInReply.self, from: reply.body, as: "a reply")
  }

  func count(_ table: String) async throws -> Int {
    let query = SQL(stringLiteral: "SELECT COUNT(*) AS n FROM \(table)")
    return try await database.read(in: .state) { try $0.row(query)!.get("n") }
  }

  func changes(of device: TestDevice) async throws -> [String] {
    try await database.read(in: .state) { transaction in
      try transaction.rows(
        "SELECT section, field, old, new FROM registry_change WHERE device_id = \(device.id) ORDER BY sequence"
      ).map { row in
        let old: String? = try row.get("old")
        let new: String? = try row.get("new")
        return
          "\(try row.get("section", as: String.self)).\(try row.get("field", as: String.self)): \(old ?? "-") > \(new ?? "-")"
      }
    }
  }

  func software(of device: TestDevice) async throws -> [UInt8]? {
    try await database.read(in: .state) {
      try SoftwareStore.list(device: device.id, district: Self.district, bases: nil, in: $0)
    }
  }
}

/// Keys that came and are in no registry.
final class UnknownKeys: UnknownKeyDesk {
  private let seen = Mutex<[Digest]>([])
  var keys: [Digest] { seen.withLock { $0 } }
  func registerPending(_ peer: PeerCertificate, now: Instant) async throws { seen.withLock { $0.append(peer.key) } }
}

/// A device as its certificate shows it.
struct TestDevice: Sendable {
  let number: Int
  let key: Digest
  var peer: PeerCertificate
  var id = DeviceID(rawValue: "dev_0000000000000000")!

  init(_ number: Int) {
    self.number = number
    key = Digest.sha256(Array("key \(number)".utf8))
    peer = PeerCertificate(
      key: key, der: [], device: nil, notBefore: World.start.advanced(by: .seconds(-86_400)),
      notAfter: World.start.advanced(by: .seconds(89 * 86_400)))
  }

  /// With a certificate that names a serial.
  func named(_ serial: String) -> TestDevice {
    var device = self
    device.peer = PeerCertificate(
      key: key, der: [], device: nil, serial: serial, notBefore: peer.notBefore, notAfter: peer.notAfter)
    return device
  }

  func known(as id: DeviceID) -> TestDevice {
    var device = self
    device.id = id
    return device
  }
}

enum Sample {
  /// A small laptop, all well.
  static func facts(_ number: Int = 1, packages: Int = 40) -> Facts {
    var identity = IdentityFacts()
    identity.serial = "PF3XK\(1000 + number)"
    identity.vendor = "LENOVO"
    identity.product = "82J3"
    identity.chassisType = 10
    var hardware = HardwareFacts()
    hardware.processor = .init(model: "Celeron N4500", cores: 2, threads: 2, architecture: "x86_64")
    hardware.memoryBytes = 4 << 30
    hardware.disks = [disk("mmcblk0", serial: "0x5e1b2c3d")]
    var battery = HardwareFacts.Battery(name: "BAT0")
    battery.designMicrowattHours = 47_000_000
    hardware.batteries = [battery]
    var system = SystemFacts()
    system.hostname = "cf-\(number)"
    system.osName = "Debian GNU/Linux 12 (bookworm)"
    system.osVersion = "12"
    system.kernel = "6.1.0-25-amd64"
    return Facts(
      identity: identity, hardware: hardware, system: system, vitals: vitals(), software: software(packages))
  }

  static func disk(_ name: String, serial: String?) -> HardwareFacts.Disk {
    var disk = HardwareFacts.Disk(name: name, kind: "mmc")
    disk.model = "DF4064"
    disk.serial = serial
    disk.bytes = 62_537_072_640
    return disk
  }

  static func vitals() -> VitalFacts {
    var vitals = VitalFacts()
    vitals.memoryTotalBytes = 4 << 30
    vitals.memoryAvailableBytes = 2 << 30
    var disk = VitalFacts.DiskHealth(name: "mmcblk0")
    disk.healthy = true
    disk.percentUsed = 10
    vitals.disks = [disk]
    vitals.fileSystems = [
      .init(mount: "/", kind: "ext4", totalBytes: 60 << 30, availableBytes: 30 << 30, readOnly: false)
    ]
    var battery = VitalFacts.BatteryState(name: "BAT0")
    battery.fullMicrowattHours = 44_000_000
    battery.cycles = 120
    vitals.batteries = [battery]
    vitals.thermals = [.init(zone: "x86_pkg_temp", millicelsius: 51_000)]
    vitals.clockOffsetMilliseconds = 120
    vitals.updatesAvailable = 3
    return vitals
  }

  static func software(_ count: Int, salt: String = "") -> SoftwareList {
    SoftwareList((0..<count).map { package("lib-\($0)\(salt)", "1.\($0 % 7)-\($0)+deb12u1") })
  }

  static func package(_ name: String, _ version: String) -> SoftwareList.Package {
    SoftwareList.Package(name: name, version: version, architecture: "amd64", source: "dpkg")
  }

  /// A message with the hashes of all of `facts`, which carries `sending` of it.
  static func request(
    _ sequence: Int64, _ facts: Facts, sending: [FactSection] = FactSection.allCases, at now: Instant = World.start
  ) -> CheckInRequest {
    var hashes: [FactSection: Digest] = [:]
    for section in FactSection.allCases { hashes[section] = facts.canonical(section).map { Digest.sha256($0) } }
    return CheckInRequest(
      sequence: sequence, sentAt: now, agent: "0.1.0", hashes: hashes, facts: facts.only(sending))
  }
}

/// A fixed sequence of numbers. Source: https://prng.di.unimi.it/splitmix64.c
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
