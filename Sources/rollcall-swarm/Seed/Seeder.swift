import Audit
import CheckIn
import Enrollment
import Registry
import Storage
import Synchronization
import Vocabulary
import Wire

/// Writes a whole state through the controller's stores: parts of batches, each by one transaction, several being made
/// while one is written. What is there already is passed over, so that an interrupted seeding goes on.
final class Seeder: Sendable {
  private static let partSize = 500

  private let stores: SeedStores
  private let plan: StatePlan
  private let map: FleetMap
  private let table: HardwareTable
  private let sets: SoftwareSets
  private let workers: Int
  private let now = Instant.now()
  private let done = Atomic<Int>(0)

  init(stores: SeedStores, plan: StatePlan, map: FleetMap, table: HardwareTable, workers: Int) {
    self.stores = stores
    self.plan = plan
    self.map = map
    self.table = table
    sets = SoftwareSets(map.head.sets)
    self.workers = workers
  }

  private var seed: UInt64 { map.head.seed }
  /// Devices that are in the database.
  var count: Int { done.load(ordering: .relaxed) }

  /// - Returns: how many devices were there already.
  func run() async throws -> Int {
    let parts = try await begin()
    let known = try await several(parts) { try await self.put($0) }.reduce(0, +)
    try await stores.registry.foldHealthAtOnce()
    map.sync()
    // As it is some minutes after the last first check-in.
    let indexer = stores.checkIns.indexer
    _ = try await several(plan.districts.map(\.id)) { try await indexer.catchUpAtOnce($0) }
    try await indexer.catchUpAtOnce()
    return known
  }

  /// Does `body` for each element, for one more than there are workers at once.
  private func several<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Result
  ) async throws -> [Result] {
    try await withThrowingTaskGroup(of: Result.self) { group in
      var results: [Result] = []
      for (number, element) in elements.enumerated() {
        if number > workers, let result = try await group.next() { results.append(result) }
        group.addTask { try await body(element) }
      }
      for try await result in group { results.append(result) }
      return results
    }
  }

  // MARK: - Districts, schools, batches, images

  private func begin() async throws -> [SeedMaker.Part] {
    let listed = now.advanced(by: .seconds(-30 * 86_400))
    try await stores.checkIns.makeSummaries()
    var parts: [SeedMaker.Part] = []
    _ = try await several(Array(Set(plan.districts.flatMap(\.bases))).sorted()) { base in
      try await self.stores.checkIns.settle(
        base: self.sets.base(base).bytes, number: Int64(base) + 1, now: self.now)
    }
    for (number, district) in plan.districts.enumerated() {
      let batches = district.batches.enumerated().map { part, batch in
        var random = SeededRandom(seed: seed, stream: UInt64(number) << 20 | UInt64(part))
        return SettledBatch(
          id: batch.id, name: batch.name, district: district.id, token: EnrollmentTokenID(random: random.bytes(10)),
          by: PrincipalID(random: random.bytes(10)), at: listed)
      }
      try await begin(district, batches, at: listed)
      for (batch, plan) in zip(batches, district.batches) {
        for first in stride(from: plan.devices.lowerBound, to: plan.devices.upperBound, by: Self.partSize) {
          let range = first..<min(first + Self.partSize, plan.devices.upperBound)
          parts.append(SeedMaker.Part(district: district, batch: batch, devices: range))
        }
      }
    }
    return parts
  }

  private func begin(_ district: StatePlan.District, _ batches: [SettledBatch], at listed: Instant) async throws {
    let registry = stores.registry
    try await stores.database.write(in: .state) { transaction in
      guard try registry.district(district.id, in: transaction) == nil else { return }
      try registry.settle(
        District(id: district.id, name: district.name, unknownSerials: .refuse, createdAt: listed),
        schools: district.schools.map {
          School(id: $0.id, district: district.id, name: $0.name, createdAt: listed)
        }, in: transaction)
      try Journal.record(
        JournalEntry(
          at: listed, actor: .controller, action: "district.create", object: ("district", district.id.rawValue),
          district: district.id), in: transaction)
      for (batch, plan) in zip(batches, district.batches) {
        try batch.begin(size: plan.devices.count, in: transaction)
      }
    }
  }

  // MARK: - Devices

  /// - Returns: how many were there already: all of the part, or none.
  private func put(_ part: SeedMaker.Part) async throws -> Int {
    let first = SeedMaker.id(of: part.devices.lowerBound, seed: seed)
    let registry = stores.registry
    let isKnown = try await stores.database.read(in: .districts([part.district.id])) {
      try registry.device(first, of: part.district.id, in: $0) != nil
    }
    if !isKnown {
      var maker = SeedMaker(part: part, stores: stores, seed: seed, table: table, sets: sets, now: now)
      let made = try await maker.make()
      // Before the rows: a device in the database has its certificate in the file.
      for device in made.simulated { try map.put(device, at: device.index - map.head.first) }
      try await write(made, part)
    }
    done.add(part.devices.count, ordering: .relaxed)
    return isKnown ? part.devices.count : 0
  }

  private func write(_ made: SeedMaker.Made, _ part: SeedMaker.Part) async throws {
    let stores = self.stores
    try await stores.database.write(in: .districts([part.district.id])) { transaction in
      try stores.registry.settle(made.devices, of: part.district.id, in: transaction)
      try part.batch.settle(made.enrollments, in: transaction)
      try stores.checkIns.settle(made.checkIns, of: part.district.id, in: transaction)
    }
    stores.checkIns.committed(made.checkIns)
  }
}
