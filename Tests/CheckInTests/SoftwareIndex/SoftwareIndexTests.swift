import HTTPTypes
import Serving
import Storage
import TestSupport
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Registry

@Suite("Which devices have which software")
struct SoftwareIndexTests {
  typealias Package = SoftwareList.Package

  /// A list of an image with some packages upgraded, removed and added.
  static func list(image: Int, changes: Int, _ random: inout SplitMix) -> [Package] {
    var packages: [String: [Package]] = [:]
    for number in 0..<40 where (number + image) % 7 != 0 {
      let name = "lib\(number)"
      packages[name] = [Sample.package(name, "\(1 + image).\(number % 5)-1")]
      // Both architectures of one package at once.
      if number % 9 == 0 {
        packages[name]?.append(
          Package(name: name, version: "\(1 + image).\(number % 5)-1", architecture: "i386", source: "dpkg"))
      }
    }
    for _ in 0..<changes {
      let name = "lib\(Int.random(in: 0..<44, using: &random))"
      switch Int.random(in: 0..<3, using: &random) {
      case 0: packages[name] = nil
      case 1: packages[name] = [Sample.package(name, "9.\(Int.random(in: 0..<3, using: &random))-1")]
      default: packages[name] = [Sample.package(name, "1.0~rc\(Int.random(in: 0..<3, using: &random))")]
      }
    }
    return packages.values.flatMap { $0 }
  }

  static let questions: [(String, VersionFilter)] = [
    ("lib3", .any), ("lib9", .any), ("lib9", .exactly("2.4-1")), ("lib12", .exactly("9.1-1")),
    ("lib7", .exactly("1.0~rc1")),
    ("lib20", .below("2")), ("lib5", .below("9.1-1")), ("lib43", .any), ("lib1", .exactly("none")), ("nothing", .any),
  ]

  static let scopes: [(TenantScope, [DistrictID])] = [
    (.state, Fleet.districts), (.district(Fleet.districts[1]), [Fleet.districts[1]]),
    (.districts([Fleet.districts[0], Fleet.districts[2]]), [Fleet.districts[0], Fleet.districts[2]]),
  ]

  @Test("After any changes, who has what and how many is what a plain model says", arguments: [1, 2])
  func model(seed: UInt64) async throws {
    var random = SplitMix(state: seed)
    let fleet = try await Fleet()
    var places: [Fleet.Place] = []
    for number in 0..<24 {
      places.append(try await fleet.device(number, in: Fleet.districts[number % 3]))
      try await fleet.tell(Self.list(image: number % 4, changes: number % 6, &random), by: places[number])
    }
    for round in 0..<5 {
      for _ in 0..<8 {
        guard let place = places.randomElement(using: &random) else { continue }
        if Int.random(in: 0..<6, using: &random) == 0, fleet.model[place] != nil {
          try await fleet.leave(place)
        } else {
          let image = Int.random(in: 0..<4, using: &random)
          let changes = Int.random(in: 0..<6, using: &random)
          try await fleet.tell(Self.list(image: image, changes: changes, &random), by: place)
        }
      }
      // Who has it is true before the index knows, too.
      if round % 2 == 0 { try await compare(fleet, "before \(round)") }
      try await fleet.catchUp()
      #expect(try await fleet.world.count("checkin_software_stale") == 0)
      try await compare(fleet, "after \(round)")
      for (scope, districts) in Self.scopes {
        for prefix in ["", "lib1"] {
          let counted = try await fleet.counted(in: scope, prefix: prefix, limit: 7)
          #expect(counted == fleet.totals(in: districts, prefix: prefix), "\(scope) \(prefix) \(round)")
        }
      }
    }
  }

  private func compare(_ fleet: Fleet, _ when: String) async throws {
    for (name, versions) in Self.questions {
      for (scope, districts) in Self.scopes {
        let found = try await fleet.found(name, versions, in: scope, limit: 3)
        #expect(found == fleet.having(name, versions, in: districts), "\(name) \(versions) \(scope) \(when)")
      }
    }
  }

  @Test("Of one name and version, who has it for an architecture and from a source is told apart")
  func apart() async throws {
    let fleet = try await Fleet()
    var places: [Fleet.Place] = []
    for (number, kind) in [("amd64", "dpkg"), ("i386", "dpkg"), ("amd64", "rpm")].enumerated() {
      places.append(try await fleet.device(number, in: Fleet.districts[0]))
      try await fleet.tell(
        [.init(name: "libc", version: "1", architecture: kind.0, source: kind.1)], by: places[number])
    }
    func having(_ architecture: String?, _ source: String?) async throws -> [DeviceID] {
      try await fleet.world.database.read(in: .state) { [desk = fleet.world.desk] transaction in
        try desk.devices(
          having: "libc", version: "1", below: nil, architecture: architecture, source: source, in: .state,
          schools: nil, after: nil, limit: 10, transaction
        ).items.map(\.device)
      }
    }
    #expect(try await having(nil, nil).count == 3)
    #expect(try await having("i386", nil) == [places[1].device])
    #expect(try await having("amd64", "rpm") == [places[2].device])
    #expect(try await having("i386", "rpm") == [])
  }

  @Test("Where nobody has software any more, the index is empty again, and unused names and bases go")
  func emptied() async throws {
    var random = SplitMix(state: 3)
    let fleet = try await Fleet()
    var places: [Fleet.Place] = []
    for number in 0..<6 {
      places.append(try await fleet.device(number, in: Fleet.districts[number % 2]))
      try await fleet.tell(Self.list(image: 1, changes: 4, &random), by: places[number])
    }
    try await fleet.catchUp()
    #expect(try await fleet.world.count("checkin_package_devices") > 0)
    for place in places { try await fleet.leave(place) }
    // Its base stays as long as the index needs it.
    #expect(try await fleet.world.desk.bases.sweep(now: BaseLifeTests.later(3_600)) == 0)
    try await fleet.catchUp()
    for table in ["checkin_base_use", "checkin_package_tally", "checkin_package_devices"] {
      #expect(try await fleet.world.count(table) == 0, "\(table)")
    }
    #expect(try await fleet.world.desk.bases.sweep(now: BaseLifeTests.later(3_600)) > 0)
    #expect(try await fleet.world.count("checkin_base_package") == 0)
    #expect(try await fleet.world.count("checkin_package_name") > 0)
    let last = try await fleet.world.database.write(in: .state) {
      try SoftwareIndexStore.sweepNames(after: "", limit: 1000, in: $0)
    }
    #expect(last == nil)
    #expect(try await fleet.world.count("checkin_package_name") == 0)
  }

  @Test("Software of before the index is taken up in steps")
  func backfill() async throws {
    var random = SplitMix(state: 4)
    let fleet = try await Fleet()
    for number in 0..<30 {
      let place = try await fleet.device(number, in: Fleet.districts[number % 3])
      try await fleet.tell(Self.list(image: number % 5, changes: number % 3, &random), by: place)
    }
    // As the migration leaves it.
    try await fleet.world.database.write(in: .state) { transaction in
      try transaction.run("DELETE FROM checkin_software_stale")
      try transaction.run(
        "INSERT INTO checkin_software_stale (district_id, device_id) SELECT district_id, device_id FROM checkin_software"
      )
    }
    let fold = try #require(try await fleet.fold(limit: 4))
    let outcome = try await fleet.world.database.write(in: .state) { try fold.write(in: $0) }
    #expect((1...4).contains(outcome.folded))
    try await compare(fleet, "half way")
    try await fleet.catchUp()
    try await compare(fleet, "at the end")
    #expect(try await fleet.counted(in: .state, limit: 1000) == fleet.totals(in: Fleet.districts, prefix: ""))
  }

  @Test("Who tells anew while a step is made ready is not written by it, and taken up by the next one")
  func toldAnew() async throws {
    var random = SplitMix(state: 6)
    let fleet = try await Fleet()
    var places: [Fleet.Place] = []
    for number in 0..<6 {
      places.append(try await fleet.device(number, in: Fleet.districts[0]))
      try await fleet.tell(Self.list(image: number % 2, changes: 4, &random), by: places[number])
    }
    let fold = try #require(try await fleet.fold())
    try await fleet.tell(Self.list(image: 2, changes: 5, &random), by: places[1])
    try await fleet.leave(places[4])
    let outcome = try await fleet.world.database.write(in: .state) { try fold.write(in: $0) }
    #expect(outcome.folded == 4)
    #expect(try await fleet.world.count("checkin_software_stale") == 2)
    try await compare(fleet, "between")
    // The same step once more: nobody of it waits any more as it was.
    let again = try await fleet.world.database.write(in: .state) { try fold.write(in: $0) }
    #expect(again.folded == 0)
    try await fleet.catchUp()
    try await compare(fleet, "at the end")
    #expect(try await fleet.counted(in: .state, limit: 1000) == fleet.totals(in: Fleet.districts, prefix: ""))
    // No mark stays of what a device had told between.
    for place in places.indices where place != 4 { try await fleet.leave(places[place]) }
    try await fleet.catchUp()
    #expect(try await fleet.world.count("checkin_package_devices") == 0)
  }

  @Test("The index waits while more and more come, not for long, and not where nobody more came")
  func pace() {
    var pace = SoftwareIndexPace()
    let due = [0, 3, 3, 0, 1, 2, 3, SoftwareIndexPace.enough, 5].map { pace.isDue(waiting: $0) }
    #expect(due == [false, false, true, false, false, false, false, true, false])
    var slow = SoftwareIndexPace()
    let looks = (1...40).map { slow.isDue(waiting: $0) }
    #expect(looks.indices.filter { looks[$0] } == [14, 29])
  }

  @Test("Software put in for many at once is indexed in great steps as one by one; a base that is gone is told")
  func atOnce() async throws {
    var random = SplitMix(state: 6)
    let fleet = try await Fleet()
    for district in Fleet.districts {
      var lists: [(Fleet.Place, [Package])] = []
      for number in 0..<24 {
        let place = try await fleet.device(number, in: district)
        lists.append((place, Self.list(image: number % 5, changes: number % 6, &random)))
      }
      try await fleet.insert(lists, of: district)
    }
    #expect(try await fleet.world.count("checkin_software_stale") == 72)
    try await compare(fleet, "before")
    let indexer = fleet.world.desk.indexer
    // Of bases that are not in the index yet, one district alone takes none up.
    try await indexer.catchUpAtOnce(Fleet.districts[1])
    #expect(try await fleet.world.count("checkin_software_stale") == 72)
    try await indexer.catchUpAtOnce()
    #expect(try await fleet.world.count("checkin_software_stale") == 0)
    try await fleet.world.database.write(in: .state) { transaction in
      for table in ["checkin_base_use", "checkin_package_tally", "checkin_package_devices"] {
        try transaction.run("DELETE FROM " + SQL.name(table))
      }
      try transaction.run(
        "INSERT INTO checkin_software_stale (district_id, device_id) SELECT district_id, device_id FROM checkin_software"
      )
    }
    try await indexer.catchUpAtOnce(Fleet.districts[1])
    #expect(try await fleet.world.count("checkin_software_stale") == 48)
    for district in Fleet.districts { try await indexer.catchUpAtOnce(district) }
    #expect(try await fleet.world.count("checkin_software_stale") == 0)
    try await compare(fleet, "after")
    #expect(try await fleet.counted(in: .state, limit: 1000) == fleet.totals(in: Fleet.districts, prefix: ""))

    let place = try await fleet.device(99, in: Fleet.districts[0])
    let gone = SoftwareBases.Plan(
      base: .sha256([7]), difference: SoftwareDifference().encoded, packages: 1, digest: .sha256([7]), newBase: nil)
    await #expect(throws: BaseGone.self) {
      try await fleet.world.database.write(in: .state) {
        try SoftwareStore.insert([(gone, place.device, World.start)], of: place.district, in: $0)
      }
    }
  }

  @Test("Runs of devices split and shrink, and stay in order")
  func runs() async throws {
    let fleet = try await Fleet()
    let district = Fleet.districts[0]
    var random = SplitMix(state: 5)
    let devices = (0..<1500).map { _ in
      DeviceID(random: (0..<10).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }
    var inside: Set<DeviceID> = []
    for round in 0..<6 {
      let coming = Set((0..<400).compactMap { _ in devices.randomElement(using: &random) }).subtracting(inside)
      let going = Set(inside.shuffled(using: &random).prefix(round == 5 ? inside.count : 150))
      let change = PackageDevices.Change(
        leaving: Set(going.map(DeviceMark.init)), entering: Set(coming.map(DeviceMark.init)))
      try await fleet.world.database.write(in: .state) {
        try PackageDevices.apply(["a": change, "b": change], in: district, $0)
      }
      inside = inside.subtracting(going).union(coming)
      let found = try await fleet.world.database.read(in: .state) {
        try PackageDevices.devices(of: "a", in: district, after: "", runs: 100, $0)
      }
      #expect(found.areAll && found.devices == inside.sorted(), "\(round)")
      let middle = inside.sorted()[inside.count / 2]
      let rest = try await fleet.world.database.read(in: .state) {
        try PackageDevices.devices(of: "b", in: district, after: middle.rawValue, runs: 100, $0)
      }
      #expect(rest.devices == inside.sorted().filter { $0 > middle }, "\(round)")
    }
  }

  @Test("A tally and a mark are read back; other bytes are refused")
  func encodings() throws {
    var random = SplitMix(state: 6)
    for size in 0..<40 {
      var tally = PackageTally()
      for _ in 0..<size {
        let version = "1:\(Int.random(in: 0..<30, using: &random)).0-é\(Int.random(in: 0..<3, using: &random))"
        let variant = PackageVariant(version: version, architecture: size % 2 == 0 ? "all" : "amd64", source: "dpkg")
        tally.add(variant, Int.random(in: -70_000...70_000, using: &random))
      }
      #expect(PackageTally(encoded: tally.encoded) == tally)
      for end in 1..<max(2, tally.encoded.count) { _ = PackageTally(encoded: Array(tally.encoded.prefix(end))) }
      _ = PackageTally(encoded: [1] + (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }
    #expect(PackageTally(encoded: []) == nil && PackageTally(encoded: [2]) == nil)
    #expect(PackageTally(encoded: [1, 5, 0, 0]) == nil && PackageTally(encoded: [1, 0, 9, 65]) == nil)
    for text in ["dev_0000000000000000", "dev_zzzzzzzzzzzzzzzz", "dev_0123456789abcdef", "dev_ilouilouilouilou"] {
      let device = try #require(DeviceID(rawValue: text))
      #expect(DeviceMark(device).device == device)
    }
    #expect(DeviceRun(encoded: [1, 2, 3]) == nil)
  }
}
