import Compression
import Foundation
import Serving
import Storage
import Testing
import Vocabulary

@testable import Reports
@testable import Web

/// The heaviest pages that there can be, as they travel.
@Suite("How heavy pages are") struct PageWeightTests {
  /// A page with all its files, in bytes.
  private static let most = 60_000

  /// Everybody has it: as many rows as a list of a package has at most.
  private struct Everybody: SoftwareSource {
    func packages(
      in scope: TenantScope, prefix: String, after: String?, limit: Int, _ transaction: any Transaction
    ) throws -> (items: [CountedSoftware], next: String?) {
      let all = (0..<limit).map { number in
        CountedSoftware(
          name: "libexample-\(PageWeightTests.mixed(number) % 100_000)-dev",
          version: "1.\(PageWeightTests.mixed(number) % 997)-\(number)+deb12u1",
          architecture: "amd64", source: "dpkg", devices: Int(PageWeightTests.mixed(number) % 400_000))
      }
      return (all, "more")
    }

    func devices(
      having question: SoftwareQuestion, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?,
      after: (district: DistrictID, device: String)?, limit: Int, _ transaction: any Transaction
    ) throws -> (items: [SoftwareHolder], next: (district: DistrictID, device: String)?) {
      let all = (0..<limit).map {
        SoftwareHolder(district: Fleet.cedar, device: PageWeightTests.device($0, of: Fleet.cedar).id, versions: ["1.1"])
      }
      return (all, all.last.map { ($0.district, $0.device.rawValue) })
    }

    func uncounted(in scope: TenantScope, _ transaction: any Transaction) throws -> Int { 0 }
  }

  /// Looks like chance, and is always the same. Source: SplitMix64.
  private static func mixed(_ number: Int) -> UInt64 {
    var value = UInt64(truncatingIfNeeded: number) &+ 1
    value = value &* 0x9e37_79b9_7f4a_7c15
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  /// A device that resembles others as little as real ones do.
  private static func device(_ number: Int, of district: DistrictID) -> Fleet.Device {
    let chance = mixed(number)
    var device = Fleet.Device(Int(truncatingIfNeeded: chance >> 1))
    device.district = district
    device.school = district == Fleet.cedar ? "school-\(chance % 24)" : nil
    device.serial = "PF" + String(chance % 2_176_782_336, radix: 36).uppercased()
    device.assetTag = "CF-\(10_000 + number)"
    device.model = "Classbook \(11 + chance % 6) Gen \(chance % 9)"
    device.stage = ["in-service", "delivered", "in-service", "returned"][number % 4]
    device.years = Int64(chance % 6)
    (device.seen, device.earlier) = (Int64(chance % 40), Int64(chance % 86_400_000))
    device.health = ["well", "attention", "failing", "unknown"][Int(chance % 4)]
    device.battery = Int64(chance % 100)
    device.system = [("debian", "12"), ("debian", "11"), ("ubuntu", "24.04")][number % 3]
    device.reasons = [("battery", "failing"), ("disk", "attention"), ("updates", "attention")]
    return device
  }

  private static func fleet() async throws -> Fleet {
    let fleet = try await Fleet(software: Everybody())
    let others = try (0..<138).map { try #require(DistrictID(rawValue: "district-\($0)-\(mixed($0) % 1000)")) }
    _ = try await fleet.database.write(in: .state) { transaction in
      for (number, district) in others.enumerated() {
        let name =
          "\(["Cedar", "Oak", "Maple", "Heron"][number % 4]) Valley Unified School District \(mixed(number) % 999)"
        try transaction.run(
          """
          INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
          VALUES (\(district), \(name), 'refuse', \(Fleet.now))
          """)
      }
      for number in 0..<24 {
        try transaction.run(
          """
          INSERT INTO registry_school (district_id, school_id, name, created_at)
          VALUES (\(Fleet.cedar), \("school-\(number)"), \("Elementary School of Quarter \(number)"), \(Fleet.now))
          """)
      }
      let today = Fleet.now.milliseconds / Fleet.day
      for day in 0..<30 {
        let chance = mixed(day)
        try transaction.run(
          """
          INSERT INTO reports_day (district_id, day, well, attention, failing, unknown, out_of_use, unseen)
          VALUES (\(Fleet.cedar), \(today - 30 + Int64(day)), \(Int64(chance % 9000)), \(Int64(chance % 901)),
            \(Int64(chance % 502)), \(Int64(chance % 803)), 5, \(Int64(chance % 1204)))
          """)
      }
    }
    try await fleet.add((0..<1000).map { device($0, of: Fleet.cedar) })
    try await fleet.add(others.enumerated().flatMap { at, id in (0..<4).map { device(9000 + at * 4 + $0, of: id) } })
    try await fleet.desk.counter.count(now: Fleet.now)
    return fleet
  }

  /// With the files that every page may name, and room for the answers' heads.
  private static func weight(_ page: [UInt8]) throws -> Int {
    let files = [Asset.stylesheet, .script, .icon].map(\.bytes)
    return try ([page] + files).reduce(0) { try $0 + Gzip.compress($1).count + 800 }
  }

  @Test("The overview of 140 districts, the longest lists and prints, and a change of 1,000 are each light")
  func heaviest() async throws {
    let fleet = try await Self.fleet()
    let columns = DeviceReports.all.map { "column=\($0.key)" }.joined(separator: "&")
    let pages: [(address: String, caller: String, rows: Int)] = [
      ("/overview", "state", 140), ("/overview?district=cedar", "state", 24), ("/devices", "state", 50),
      ("/devices?district=cedar", "it", 50), ("/devices?district=cedar&\(columns)", "it", 50),
      ("/devices?district=cedar&software=x&\(columns)", "it", 200), ("/software", "state", 100),
      ("/reports/inventory", "state", 100), ("/reports/inventory?district=cedar&view=print", "it", 1000),
      ("/reports/attention?view=print", "it", 1000), ("/reports/unassigned?view=print", "it", 1000),
    ]
    for (address, caller, rows) in pages {
      let page = try await fleet.ask(address, as: caller)
      #expect(page.status == 200 && page.text.components(separatedBy: "<tr>").count > rows, "\(address)")
      let weight = try Self.weight(page.bytes)
      #expect(weight <= Self.most, "\(address): \(weight) bytes")
    }
    let preview = try await fleet.ask(
      "/districts/cedar/devices/change", method: .post, form: "which=all&move=retire&reason=sold")
    #expect(preview.status == 200 && preview.text.contains("device"), "\(preview.text.prefix(2000))")
    #expect(try Self.weight(preview.bytes) <= Self.most)
  }

  @Test("Models that machines make long are few a page")
  func models() async throws {
    let fleet = try await Fleet()
    try await fleet.add(
      (0..<40).map { number in
        var device = Self.device(number, of: Fleet.cedar)
        let letters = (0..<100).map { String(Self.mixed(number * 100 + $0), radix: 36) }.joined()
        (device.school, device.model) = ("north", String(letters.prefix(1000)))
        return device
      })
    try await fleet.desk.counter.count(now: Fleet.now)
    for address in ["/overview", "/overview/models", "/overview/models?after=20"] {
      let page = try await fleet.ask(address)
      #expect(page.status == 200 && page.text.components(separatedBy: "model=").count > 25, "\(address)")
      let weight = try Self.weight(page.bytes)
      #expect(weight <= Self.most, "\(address): \(weight) bytes")
    }
  }

  @Test("On the view for printing nothing is a link but what stands around it")
  func printed() async throws {
    let fleet = try await Fleet()
    try await fleet.add(
      (0..<3).map { number in
        var device = Self.device(number, of: Fleet.cedar)
        device.school = "north"
        return device
      })
    let page = try await fleet.ask("/reports/inventory?view=print").text
    #expect(!page.contains("href=\"/devices/") && page.contains("<bdi>CF-10001</bdi>"))
    #expect(try await fleet.ask("/reports/inventory").text.contains("href=\"/devices/"))
  }
}
