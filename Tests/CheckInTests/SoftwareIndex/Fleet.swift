import Foundation
import Registry
import Serving
import Storage
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Registry

/// Devices of several districts whose software is stored as check-ins store it, beside a plain model of it.
final class Fleet {
  typealias Package = SoftwareList.Package

  static let districts = ["ash", "birch", "cedar-falls"].compactMap(DistrictID.init(rawValue:))

  struct Place: Hashable, Comparable {
    let district: DistrictID
    let device: DeviceID
    static func < (left: Place, right: Place) -> Bool {
      (left.district, left.device.rawValue) < (right.district, right.device.rawValue)
    }
  }

  let world: World
  private(set) var model: [Place: [Package]] = [:]
  var records: DeviceRegistry { world.registry }

  init() async throws {
    world = try await World()
    try await world.database.write(in: .state) { transaction in
      for district in Self.districts where district != World.district {
        try transaction.run(
          """
          INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
          VALUES (\(district), \(district.rawValue), 'refuse', \(World.start))
          """)
      }
    }
  }

  /// A device that is known and has told nothing yet.
  func device(_ number: Int, in district: DistrictID, school: String? = nil) async throws -> Place {
    var random = SplitMix(state: UInt64(number))
    let id = DeviceID(random: (0..<10).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    try await world.database.write(in: .state) { transaction in
      if let school {
        try transaction.run(
          """
          INSERT INTO registry_school (district_id, school_id, name, created_at)
          VALUES (\(district), \(school), \(school), \(World.start)) ON CONFLICT DO NOTHING
          """)
      }
      try transaction.run(
        """
        INSERT INTO registry_device (district_id, device_id, school_id, serial, serial_folded, hostname, hostname_folded,
          management, identity, created_at)
        VALUES (\(district), \(id), \(school), \("S\(number)"), \("S\(number)"), \("pc-\(number)"), \("pc-\(number)"),
          'agent', 'strong', \(World.start))
        """)
    }
    return Place(district: district, device: id)
  }

  /// Stores a list as a check-in does.
  func tell(_ packages: [Package], by place: Place) async throws {
    let list = SoftwareList(packages).canonicalBytes
    let digest = Digest.sha256(list)
    let plan = try await world.desk.bases.plan(for: list, digest: digest, now: World.start)
    try await world.database.write(in: .state) {
      try SoftwareStore.write(plan, device: place.device, district: place.district, now: World.start, in: $0)
    }
    world.desk.bases.committed(plan.base)
    model[place] = packages.sorted()
  }

  /// Stores the lists of devices that have told none yet.
  func insert(_ lists: [(place: Place, packages: [Package])], of district: DistrictID) async throws {
    var plans: [(plan: SoftwareBases.Plan, device: DeviceID, at: Instant)] = []
    for (place, packages) in lists {
      let list = SoftwareList(packages).canonicalBytes
      let plan = try await world.desk.bases.plan(for: list, digest: .sha256(list), now: World.start)
      plans.append((plan, place.device, World.start))
      model[place] = packages.sorted()
    }
    try await world.database.write(in: .state) { [plans] in
      try SoftwareStore.insert(plans, of: district, in: $0)
    }
    for plan in plans { world.desk.bases.committed(plan.plan.base) }
  }

  /// The device goes to another district: here it has told nothing any more.
  func leave(_ place: Place) async throws {
    try await world.database.write(in: .state) { transaction in
      try StaleSoftware.mark(device: place.device, district: place.district, in: transaction)
      try transaction.run(
        "DELETE FROM checkin_software WHERE district_id = \(place.district) AND device_id = \(place.device)")
    }
    model[place] = nil
  }

  func catchUp() async throws { try await world.desk.indexer.catchUp() }

  /// A step of the index, made ready.
  func fold(limit: Int = SoftwareFold.devices) async throws -> SoftwareFold? {
    try await world.database.read(in: .state) { [bases = world.desk.bases] in
      try SoftwareFold(after: .init(), limit: limit, bases: bases, in: $0)
    }
  }

  // MARK: - What the model says

  func having(_ name: String, _ versions: VersionFilter, in districts: [DistrictID]) -> [String] {
    model.keys.sorted().compactMap { place in
      let found = (model[place] ?? []).filter { $0.name == name && versions.takes($0.version) }
      guard districts.contains(place.district), !found.isEmpty else { return nil }
      return Self.words(place.district, place.device, found)
    }
  }

  func totals(in districts: [DistrictID], prefix: String) -> [SoftwareTotals.Counted] {
    var counts: [Package: Int] = [:]
    for (place, packages) in model where districts.contains(place.district) {
      for package in packages where package.name.hasPrefix(prefix) { counts[package, default: 0] += 1 }
    }
    return counts.sorted { $0.key < $1.key }.map { SoftwareTotals.Counted(package: $0.key, devices: $0.value) }
  }

  // MARK: - What the index says

  /// Every page, with the plans of the queries where `plans` is given.
  func found(
    _ name: String, _ versions: VersionFilter, in scope: TenantScope, limit: Int,
    schools: [DistrictID: Set<SchoolID>]? = nil, plans: Plans? = nil
  ) async throws -> [String] {
    var words: [String] = []
    var after: (DistrictID, String)?
    repeat {
      let page = try await world.database.read(in: scope) { [after, records, bases = world.desk.bases] transaction in
        let question = WhoHas(
          name: name, versions: versions, districts: try records.districts(of: scope, in: transaction),
          schools: schools, records: records, bases: bases)
        return try question.page(after: after, limit: limit, in: plans?.noting(transaction) ?? transaction)
      }
      #expect(page.found.count <= limit)
      words += page.found.map { Self.words($0.device.district, $0.device.id, $0.packages) }
      after = page.next.map { ($0.district, $0.device) }
    } while after != nil
    return words
  }

  func counted(
    in scope: TenantScope, prefix: String = "", limit: Int, plans: Plans? = nil
  ) async throws -> [SoftwareTotals.Counted] {
    var items: [SoftwareTotals.Counted] = []
    var after: String?
    repeat {
      let page = try await world.database.read(in: scope) { [after, records] transaction in
        let totals = SoftwareTotals(
          scope: scope, districts: try records.districts(of: scope, in: transaction), prefix: prefix)
        return try totals.page(after: after, limit: limit, in: plans?.noting(transaction) ?? transaction)
      }
      #expect(page.items.count <= limit)
      items += page.items
      after = page.next
    } while after != nil
    return items
  }

  private static func words(_ district: DistrictID, _ device: DeviceID, _ packages: [Package]) -> String {
    "\(district)/\(device): \(packages.map(\.line).joined(separator: " | "))"
  }
}
