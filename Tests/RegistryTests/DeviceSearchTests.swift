import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Registry

/// Devices by what somebody reads out.
@Suite("The registry's search")
struct DeviceSearchTests {
  private static let (cedar, oak) = (RegistryBench.cedar, RegistryBench.oak)

  /// `PF3XK2M9` with a tag and a host name, and others that are like it; one in another district.
  private func bench() async throws -> (bench: RegistryBench, ids: [String: DeviceID]) {
    let bench = try await RegistryBench.withDistricts()
    var ids: [String: DeviceID] = [:]
    for serial in ["PF3XK2M9", "PF3XK2M8", "QZ11K2M9", "MJ-PF3XZZ"] { ids[serial] = try await bench.expect(serial) }
    ids["PF3XK2M7"] = try await bench.expect("PF3XK2M7", in: Self.oak)
    let id = try #require(ids["PF3XK2M9"])
    try await bench.write { transaction in
      var device = try #require(try DeviceStore.device(id, in: Self.cedar, transaction))
      (device.assetTag, device.hostname) = ("CF-0042", "Lab-7")
      try DeviceStore.update(device, transaction)
    }
    return (bench, ids)
  }

  private func found(
    _ bench: RegistryBench, _ text: String, in scope: TenantScope = .state,
    schools: [DistrictID: Set<SchoolID>]? = nil, limit: Int = 20
  ) async throws -> [String] {
    try await bench.database.read(in: scope) { [registry = bench.registry] transaction in
      var found = try registry.search(text, in: scope, schools: schools, limit: limit, transaction)
      if found.isEmpty {
        found = try registry.search(part: text, in: scope, schools: schools, limit: limit, transaction).devices
      }
      return found.map { "\($0.device.serial ?? "") \($0.match?.rawValue ?? "")" }
    }
  }

  @Test(
    "A device is found by serial, asset tag and host name whatever the case, by their beginnings, and by the serial's end"
  )
  func finds() async throws {
    let (bench, ids) = try await bench()
    let cedar = TenantScope.district(Self.cedar)
    #expect(try await found(bench, "pf3xk2m9") == ["PF3XK2M9 serial"])
    #expect(try await found(bench, " cf-0042 ") == ["PF3XK2M9 asset-tag"])
    #expect(try await found(bench, "LAB-7") == ["PF3XK2M9 hostname"])
    #expect(try await found(bench, ids["PF3XK2M8"]!.rawValue) == ["PF3XK2M8 id"])
    #expect(try await found(bench, "lab") == ["PF3XK2M9 beginning"])
    #expect(
      try await found(bench, "pf3x").sorted() == ["PF3XK2M7 beginning", "PF3XK2M8 beginning", "PF3XK2M9 beginning"])
    #expect(try await found(bench, "pf3x", in: cedar).sorted() == ["PF3XK2M8 beginning", "PF3XK2M9 beginning"])
    #expect(try await found(bench, "k2m9").sorted() == ["PF3XK2M9 end", "QZ11K2M9 end"])
    #expect(try await found(bench, "2m9") == [], "three characters are no part of a serial")
    // In the middle: in one district, in several, and in the whole state.
    #expect(try await found(bench, "3xk2", in: cedar).sorted() == ["PF3XK2M8 part", "PF3XK2M9 part"])
    for scope in [TenantScope.state, .districts([Self.cedar, Self.oak])] {
      #expect(
        try await found(bench, "3xk2", in: scope).sorted() == ["PF3XK2M7 part", "PF3XK2M8 part", "PF3XK2M9 part"])
    }
    #expect(try await found(bench, "j-pf3", in: cedar) == ["MJ-PF3XZZ part"])
    #expect(try await found(bench, "j-pf", in: cedar) == [], "without a digit it is a name")
    for text in ["", "  ", "%%%%", "____", "\\\\\\\\", String(repeating: "x", count: 10_000), "\u{202e}x"] {
      #expect(try await found(bench, text, in: cedar) == [], "\(text.prefix(10))")
    }
    #expect(try await found(bench, "pf3x", limit: 1).count == 1)
  }

  @Test("A name of any script is found, however many bytes its characters take")
  func scripts() async throws {
    let (bench, ids) = try await bench()
    let id = try #require(ids["PF3XK2M9"])
    let name = String(repeating: "पुस्तकालय", count: 8)
    #expect(name.utf8.count > 128 && name.count <= 64)
    try await bench.write { transaction in
      var device = try #require(try DeviceStore.device(id, in: Self.cedar, transaction))
      device.assetTag = name
      try DeviceStore.update(device, transaction)
    }
    #expect(try await found(bench, name) == ["PF3XK2M9 asset-tag"])
  }

  @Test("A school finds its own devices alone, however many others come first")
  func schools() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await DeviceListTests.fill(bench, devices: 600)
    let north = [Self.cedar: Set([SchoolID(rawValue: "north")!])]
    let cedar = TenantScope.district(Self.cedar)
    let found = try await bench.database.read(in: cedar) { [registry = bench.registry] transaction in
      try registry.search("lab-", in: cedar, schools: north, limit: 20, transaction)
    }
    #expect(!found.isEmpty && found.allSatisfy { $0.device.school?.rawValue == "north" })
    #expect(found.allSatisfy { $0.match == .beginning })
  }

  @Test("The serial from its end is kept wherever a serial is written, and made for those that were there")
  func reversed() async throws {
    let (bench, ids) = try await bench()
    func kept() async throws -> [String] {
      try await bench.write {
        try $0.rows("SELECT serial_folded, serial_reversed FROM registry_device ORDER BY serial_folded").map {
          "\(try $0.get("serial_folded", as: String.self)) \(try $0.get("serial_reversed", as: String?.self) ?? "-")"
        }
      }
    }
    let all = [
      "MJ-PF3XZZ ZZX3FP-JM", "PF3XK2M7 7M2KX3FP", "PF3XK2M8 8M2KX3FP", "PF3XK2M9 9M2KX3FP", "QZ11K2M9 9M2K11ZQ",
    ]
    #expect(try await kept() == all)
    // As the migration does it.
    try await bench.write { transaction in
      try transaction.run("UPDATE registry_device SET serial_reversed = NULL")
      try transaction.run(RegistrySchema.reverse)
    }
    #expect(try await kept() == all)
    let id = try #require(ids["PF3XK2M8"])
    try await bench.write { transaction in
      var device = try #require(try DeviceStore.device(id, in: Self.cedar, transaction))
      device.serial = "New Board 1"
      try DeviceStore.update(device, transaction)
    }
    #expect(try await kept().contains("NEW BOARD 1 1 DRAOB WEN"))
  }

  @Test("Who holds a device is told with it, and a person's devices are found by who has them")
  func holders() async throws {
    let (bench, ids) = try await bench()
    let (id, person) = (try #require(ids["PF3XK2M9"]), PersonID(rawValue: "per_0000000000000001")!)
    try await bench.write { transaction in
      try transaction.run(
        """
        INSERT INTO registry_custody (district_id, device_id, holder, since)
        VALUES (\(Self.cedar), \(id), \(Holder.person(person)), 1)
        """)
    }
    let (bySerial, byPerson) = try await bench.database.read(in: .state) { [registry = bench.registry] transaction in
      (
        try registry.search("PF3XK2M9", in: .state, schools: nil, limit: 20, transaction),
        try registry.search(heldBy: [(Self.cedar, person), (Self.oak, person)], limit: 20, transaction)
      )
    }
    #expect(bySerial.map(\.holder) == [.person(person)])
    let held = try #require(byPerson[person])
    #expect(held.map(\.device.id) == [id] && held[0].match == nil && held[0].health == .unknown)
    // In repair it is another's hands, and theirs all the same.
    try await bench.write { transaction in
      try transaction.run(
        """
        UPDATE registry_custody SET holder = 'vendor:Depot', owner = \(Holder.person(person)) WHERE device_id = \(id)
        """)
    }
    try await bench.database.read(in: .state) { [registry = bench.registry] transaction in
      let repaired = try registry.search(heldBy: [(Self.cedar, person)], limit: 20, transaction)
      #expect(repaired[person]?.map(\.device.id) == [id])
      #expect(try registry.holders(among: [person], of: Self.cedar, in: transaction) == [person])
    }
  }

  @Test("Where not all serials may be read for a part of one, it is said; schools find their own alone")
  func parts() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await DeviceListTests.fill(bench, devices: 600)
    let cedar = TenantScope.district(Self.cedar)
    func search(_ scope: TenantScope, schools: [DistrictID: Set<SchoolID>]? = nil, most: Int) async throws -> (
      serials: [String], schools: Set<String>, isWhole: Bool
    ) {
      try await bench.database.read(in: scope) { [registry = bench.registry] transaction in
        let found = try registry.search(
          part: "1000", in: scope, schools: schools, limit: 20, most: most, transaction)
        return (
          found.devices.map { $0.device.serial ?? "" }, Set(found.devices.map { $0.device.school?.rawValue ?? "" }),
          found.isWhole
        )
      }
    }
    for scope in [cedar, .state, .districts([Self.cedar, Self.oak])] {
      let all = try await search(scope, most: 600)
      #expect(all.serials.count == 20 && all.isWhole, "as many as are wanted")
      let few = try await search(scope, most: 5)
      #expect(few.serials == Array(all.serials.prefix(5)) && !few.isWhole, "\(few)")
    }
    let north = try await search(cedar, schools: [Self.cedar: [SchoolID(rawValue: "north")!]], most: 600)
    #expect(north.serials.count == 4 && north.schools == ["north"] && north.isWhole)
    guard !TestDatabase.isPostgres else { return }
    for (scope, index) in [
      (cedar, "registry_device_serial "), (TenantScope.state, "registry_device_serial_elsewhere"),
    ] {
      let plan = try await bench.database.read(in: scope) { [registry = bench.registry] transaction in
        let planning = PlanningTransaction(transaction)
        _ = try registry.search(part: "1000", in: scope, schools: nil, limit: 20, planning)
        return planning.plan
      }
      #expect(plan.contains { $0.contains("COVERING INDEX \(index)") }, "\(plan)")
    }
  }

  @Test("No search reads the devices through, whatever is typed and whoever asks")
  func plans() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await DeviceListTests.fill(bench, devices: 6_000)
    if TestDatabase.isPostgres { try await bench.write { _ = try $0.run("ANALYZE") } }
    let texts = ["PF1000042", "T-17", "lab-9", "PF10", "0042", "l", "dev_0000000000000001", "nothing at all"]
    for scope in [TenantScope.district(Self.cedar), .districts([Self.cedar, Self.oak]), .state] {
      for text in texts {
        let (plan, fetched) = try await bench.database.read(in: scope) { [registry = bench.registry] transaction in
          let planning = PlanningTransaction(transaction)
          let (_, fetched) = try planning.noting {
            _ = try registry.search(text, in: scope, schools: nil, limit: 20, planning)
          }
          return (planning.plan, fetched)
        }
        let tables = ["registry_device", "registry_contact", "registry_custody"]
        // A part in the middle of a serial is looked for among the first of a district, read by their index under the same name.
        let isPart =
          plan.contains("CO-ROUTINE registry_device")
          && plan.contains { $0.contains("serial_folded>?") || $0.contains("INDEX") }
        let through = plan.filter { line in
          tables.contains { line.hasPrefix("SCAN \($0)") && !line.contains("INDEX") }
            && !(isPart && line == "SCAN registry_device")
        }
        #expect(through == [], "\(text) in \(scope)")
        #expect(fetched < 7_000, "\(text) in \(scope)")
      }
    }
  }
}
