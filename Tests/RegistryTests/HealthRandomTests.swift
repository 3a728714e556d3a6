import Audit
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Registry

@Suite("Counts of health after anything that happens")
struct HealthRandomTests {
  private static let districts = [RegistryBench.cedar, RegistryBench.oak]
  private static let schools: [SchoolID?] = [SchoolID(rawValue: "north"), SchoolID(rawValue: "south"), nil]
  private struct Undone: Error {}

  private static func world() async throws -> RegistryBench {
    let bench = try await RegistryBench.withDistricts()
    try await bench.write { transaction in
      for district in districts {
        for school in schools.compactMap(\.self) {
          let one = School(id: school, district: district, name: school.rawValue, createdAt: RegistryBench.now)
          try SchoolStore.insert(one, transaction)
        }
      }
    }
    return bench
  }

  private static func contact(_ device: DeviceID, _ district: DistrictID, _ verdict: Health.Verdict?) -> Contact {
    Contact(
      district: district, device: device, key: .numbered(1), at: RegistryBench.now, next: RegistryBench.now,
      agentVersion: "1", clockOffset: .zero, health: verdict.map { Health(verdict: $0, items: []) })
  }

  /// One change of one of the registry's writers, the same for the same numbers.
  private static func change(
    _ number: Int, _ random: inout SeededGenerator, _ registry: DeviceRegistry, _ transaction: any Transaction
  ) throws {
    let district = districts.randomElement(using: &random)!
    let known = try transaction.rows(
      "SELECT device_id, serial FROM registry_device WHERE district_id = \(district) ORDER BY serial")
    let devices = try known.map { try $0.get("device_id", as: DeviceID.self) }
    let now = RegistryBench.now
    guard let device = devices.randomElement(using: &random), Int.random(in: 0..<6, using: &random) > 0 else {
      let serials = (0...(number % 5)).map { ImportedDevice.sample("N\(number)X\($0)", schools[$0 % 3]) }
      _ = try ImportStore.upsert(serials, in: district, now: now, transaction)
      return
    }
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      let stage = Stage.allCases.randomElement(using: &random)!
      try registry.append(
        LedgerEvent(.expected, at: now, actor: .controller, stage: stage), to: device, of: district, in: transaction)
    case 1:
      guard var moved = try DeviceStore.device(device, in: district, transaction) else { return }
      moved.school = schools.randomElement(using: &random)!
      try DeviceStore.update(moved, transaction)
    case 2:
      let some = devices.prefix(20).map { contact($0, district, nil) }
      try ContactStore.record(quiet: some, transaction)
    case 3:
      let again = try known.prefix(7).map { ImportedDevice.sample(try $0.get("serial"), schools[number % 3]) }
      _ = try ImportStore.upsert(again, in: district, now: now, transaction)
    default:
      let verdict = (Health.Verdict.allCases + [nil]).randomElement(using: &random)!
      try ContactStore.record(contact(device, district, verdict), transaction)
    }
  }

  @Test("Whatever happens, the counts are those of the devices, folded or not", arguments: [1, 2])
  func random(seed: Int) async throws {
    let bench = try await Self.world()
    for round in 0..<12 {
      try await bench.write { [registry = bench.registry] transaction in
        var random = SeededGenerator(seed: UInt64(seed * 1000 + round))
        for step in 0..<25 {
          let number = round * 25 + step
          try Self.change(number, &random, registry, transaction)
          try? transaction.savepoint {
            try Self.change(10_000 + number, &random, registry, transaction)
            throw Undone()
          }
        }
      }
      #expect(try await HealthWorld.kept(bench.database) == (try await HealthWorld.counted(bench.database)))
      if round % 3 == 0 { try await bench.registry.foldHealth(step: 7) }
    }
    try await bench.registry.foldHealth()
    #expect(try await bench.count("registry_health_delta") == 0)
    #expect(try await HealthWorld.kept(bench.database) == (try await HealthWorld.counted(bench.database)))
  }

  @Test("Changes of the same devices and folding, several at once, leave no count wrong")
  func together() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await DeviceListTests.fill(bench, devices: 300)
    try await bench.write { transaction in
      for school in Self.schools.compactMap(\.self) {
        let one = School(id: school, district: RegistryBench.oak, name: "x", createdAt: RegistryBench.now)
        try SchoolStore.insert(one, transaction)
      }
    }
    // Two registries on one database, as two controllers.
    let other = DeviceRegistry(database: bench.database)
    let ids = (0..<12).map { DeviceListTests.id($0 * 3) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          var random = SeededGenerator(seed: UInt64(worker))
          for _ in 0..<30 {
            let device = ids.randomElement(using: &random)!
            let (verdict, school) = (
              Health.Verdict.allCases.randomElement(using: &random)!, Self.schools.randomElement(using: &random)!
            )
            try await bench.database.write(in: .district(RegistryBench.oak)) { transaction in
              guard worker % 2 == 0 else {
                return try ContactStore.record(Self.contact(device, RegistryBench.oak, verdict), transaction)
              }
              try transaction.run(
                """
                UPDATE registry_device SET school_id = \(school)
                WHERE district_id = \(RegistryBench.oak) AND device_id = \(device)
                """)
            }
          }
        }
      }
      for registry in [bench.registry, other] {
        group.addTask { for _ in 0..<15 { try await registry.foldHealth(step: 3) } }
      }
      try await group.waitForAll()
    }
    #expect(try await HealthWorld.kept(bench.database) == (try await HealthWorld.counted(bench.database)))
    async let one = bench.registry.foldHealth()
    async let two = other.foldHealth()
    _ = try await (one, two)
    try await bench.registry.foldHealth()
    #expect(try await bench.count("registry_health_delta") == 0)
    #expect(try await HealthWorld.kept(bench.database) == (try await HealthWorld.counted(bench.database)))
  }
}

extension ImportedDevice {
  fileprivate static func sample(_ serial: String, _ school: SchoolID?) -> ImportedDevice {
    ImportedDevice(
      line: 1, serial: Serial(serial)!, assetTag: nil, school: school, model: nil, management: nil)
  }
}
