import HTTPTypes
import Serving
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Compression

@Suite("Software as base and difference")
struct SoftwareTests {
  @Test("A difference of any two lists gives the list again, also after its encoding")
  func property() throws {
    var generator = SplitMix(state: 2026)
    for round in 0..<300 {
      let size = Int(generator.next() % 120)
      let base = randomList(size, &generator)
      let list = round % 5 == 0 ? randomList(Int(generator.next() % 120), &generator) : edited(base, &generator)
      let difference = try #require(SoftwareDifference(from: bytes(base), to: bytes(list), limit: .max))
      #expect(difference.applied(to: bytes(base)) == bytes(list))
      let read = try #require(SoftwareDifference(encoded: difference.encoded))
      #expect(read == difference)
      #expect(read.applied(to: bytes(base)) == bytes(list))
      let common = Set(base).intersection(list).count
      #expect(difference.packages == max(Set(base).count, Set(list).count) - common)
    }
  }

  @Test("A difference stops at its limit, and one of another base is noticed")
  func limits() throws {
    let base = bytes(["a\t1\tx\td", "b\t1\tx\td", "c\t1\tx\td"])
    let list = bytes(["a\t1\tx\td", "b\t2\tx\td", "c\t2\tx\td"])
    #expect(SoftwareDifference(from: base, to: list, limit: 1) == nil)
    let difference = try #require(SoftwareDifference(from: base, to: list, limit: 2))
    #expect(difference.packages == 2 && difference.removed == [1, 2])
    #expect(difference.applied(to: bytes(["a\t1\tx\td"])) == nil)
  }

  @Test("Bytes that are no difference are refused")
  func malformed() {
    for bytes: [UInt8] in [
      [], [2], [1], [1, 0x80], [1, 3, 1], [1, 2, 1, 0], [1, 0xff, 0xff, 0xff, 0xff, 0xff], [1, 0, 65],
    ] {
      #expect(SoftwareDifference(encoded: bytes) == nil)
    }
    #expect(SoftwareDifference(encoded: [1, 0]) == SoftwareDifference())
    var generator = SplitMix(state: 5)
    for _ in 0..<2_000 {
      let bytes = [1] + (0..<Int(generator.next() % 12)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      _ = SoftwareDifference(encoded: bytes)?.applied(to: self.bytes(["a\t1\tx\td"]))
    }
  }

  @Test("A sketch tells near lists from far ones, and is read back")
  func sketch() throws {
    let list = SoftwareSketch(Sample.software(1_500).canonicalBytes)
    #expect(list.packages == 1_500 && list.smallest.count == SoftwareSketch.size)
    #expect(list.likeness(list) == 1)
    #expect(list.likeness(SoftwareSketch(upgraded(1_500, 20))) >= SoftwareBases.leastLikeness(1_500))
    #expect(list.likeness(SoftwareSketch(Sample.software(1_500, salt: "x").canonicalBytes)) < 0.1)
    #expect(SoftwareSketch(stored: list.stored, packages: 1_500) == list)
    // Asked for a least likeness, it answers the same from there on.
    for count in [0, 5, 40, 63, 200, 1_500] {
      let whole = SoftwareSketch(upgraded(count, 0))
      for changed in [0, 1, 3, 10, 40, 150, 600] where changed <= count {
        let other = SoftwareSketch(upgraded(count, changed))
        let likeness = whole.likeness(other)
        for least in [0, 0.2, 0.5, 0.75, 0.98, 1] {
          let found = whole.likeness(other, atLeast: least)
          #expect(likeness >= least ? found == likeness : found < least, "\(count) \(changed) \(least)")
        }
      }
    }
    #expect(SoftwareSketch(stored: [1], packages: 1) == nil)
    #expect(SoftwareSketch([]).likeness(SoftwareSketch([])) == 1)
  }

  @Test("Devices of one image share a base; another image makes its own")
  func reuse() async throws {
    let world = try await World()
    for number in 0..<12 {
      let device = try await world.enrol(number)
      var facts = Sample.facts(number)
      facts.software = try SoftwareList(
        encoding: String(
          decoding: number < 10 ? upgraded(120, number * 3) : Sample.software(120, salt: "w").canonicalBytes,
          as: UTF8.self))
      _ = try await world.send(Sample.request(1, facts), from: device)
      #expect(try await world.software(of: device) == facts.software?.canonicalBytes)
    }
    #expect(try await world.count("checkin_software_base") == 2)
    #expect(try await world.count("checkin_software") == 12)
  }

  @Test("Many first inventories of one image at once make one base")
  func herd() async throws {
    let world = try await World()
    var devices: [TestDevice] = []
    for number in 0..<24 { devices.append(try await world.enrol(number)) }
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for device in devices {
        tasks.addTask {
          var facts = Sample.facts(device.number)
          facts.software = try SoftwareList(
            encoding: String(decoding: upgraded(150, device.number % 20), as: UTF8.self))
          _ = try await world.send(Sample.request(1, facts), from: device)
          #expect(try await world.software(of: device) == facts.software?.canonicalBytes)
        }
      }
      try await tasks.waitForAll()
    }
    #expect(try await world.count("checkin_software_base") <= 4)
  }

  @Test("A controller that starts anew finds the bases that are there")
  func restart() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    _ = try await world.send(Sample.request(1, Sample.facts(1, packages: 300)), from: device)
    let anew = SoftwareBases(database: world.database)
    let list = upgraded(300, 9)
    let plan = try await anew.plan(for: list, digest: Digest.sha256(list), now: World.start)
    #expect(plan.newBase == nil && plan.base == Digest.sha256(Sample.software(300).canonicalBytes))
    #expect(anew.heldBytes > 0)
  }

  @Test("The memory of bases has a bound, and lists still come back without it")
  func memory() async throws {
    let world = try await World()
    let bases = SoftwareBases(database: world.database, memory: 30_000, entryLimit: 4)
    for number in 0..<20 {
      let list = Sample.software(300, salt: "m\(number)").canonicalBytes
      let plan = try await bases.plan(for: list, digest: Digest.sha256(list), now: World.start)
      #expect(plan.newBase != nil && plan.packages == 300)
      #expect(bases.heldBytes <= 30_000 && bases.known <= 5)
    }
  }

  @Test("A plan on a base that no transaction has kept yet carries it along")
  func unstored() async throws {
    let world = try await World()
    let bases = world.desk.bases
    let list = Sample.software(300).canonicalBytes
    let first = try await bases.plan(for: list, digest: Digest.sha256(list), now: World.start)
    #expect(first.newBase != nil)
    let near = upgraded(300, 5)
    let second = try await bases.plan(for: near, digest: Digest.sha256(near), now: World.start)
    #expect(second.base == first.base && second.newBase != nil)
    bases.committed(first.base)
    let third = try await bases.plan(for: near, digest: Digest.sha256(near), now: World.start)
    #expect(third.base == first.base && third.newBase == nil)
  }

  @Test("A list of no packages, and of one, are stored")
  func small() async throws {
    let world = try await World()
    for count in 0...2 {
      let device = try await world.enrol(count)
      _ = try await world.send(Sample.request(1, Sample.facts(count, packages: count)), from: device)
      #expect(try await world.software(of: device) == Sample.software(count).canonicalBytes)
    }
  }

  @Test("People page through a device's packages, filter them, and see none of another district")
  func route() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let facts = Sample.facts(1, packages: 25)
    _ = try await world.send(Sample.request(1, facts), from: device)
    func get(_ query: [(name: String, value: String)], _ id: String) async throws -> (items: [String], next: String?) {
      struct Answer: Decodable {
        struct Item: Decodable { let name: String }
        let items: [Item]
        let next: String?
      }
      let route = try #require(world.desk.peopleRoutes.first)
      let reply = try await route.handle(
        Call(.get, route.path, parameters: ["district": "cedar-falls", "device": id], query: query, now: World.start),
        OperatorContext(caller: nil, scope: .district(World.district)))
      let answer = try JSONText.decode(Answer.self, from: reply.body)
      return (answer.items.map(\.name), answer.next)
    }
    var seen: [String] = []
    var next: String?
    repeat {
      let page = try await get([("limit", "10")] + (next.map { [("after", $0)] } ?? []), device.id.rawValue)
      seen += page.items
      next = page.next
    } while next != nil
    #expect(seen == facts.software?.packages.map(\.name))
    #expect(
      try await get([("q", "LIB-2")], device.id.rawValue).items == [
        "lib-2", "lib-20", "lib-21", "lib-22", "lib-23", "lib-24",
      ])
    #expect(try await get([("q", "dpkg")], device.id.rawValue).items == [])
    await #expect(throws: ServingError.notFound) { _ = try await get([], "dev_zzzzzzzzzzzzzzzz") }
  }

  @Test("A school's reader sees the software of its own school's devices, and of no other's")
  func schools() async throws {
    let world = try await World()
    let north = try #require(SchoolID(rawValue: "north"))
    let devices = [try await world.enrol(1), try await world.enrol(2)]
    for (index, device) in devices.enumerated() {
      _ = try await world.send(Sample.request(1, Sample.facts(index + 1, packages: 3)), from: device)
    }
    try await world.database.write(in: .state) { transaction in
      try transaction.run(
        """
        INSERT INTO registry_school (district_id, school_id, name, created_at)
        VALUES (\(World.district), \(north), 'North', \(World.start))
        """)
      try transaction.run("UPDATE registry_device SET school_id = \(north) WHERE device_id = \(devices[0].id)")
    }
    let route = try #require(world.desk.peopleRoutes.first)
    let reader = Caller(
      principal: .random(), name: "reader", grants: [Grant(.readOnly, at: .school(World.district, north))])
    func names(_ device: TestDevice) async throws -> Int {
      let context = try OperatorContext(reader, route.rule, district: World.district.rawValue)
      let reply = try await route.handle(
        Call(
          .get, route.path, parameters: ["district": World.district.rawValue, "device": device.id.rawValue],
          now: World.start), context)
      return try JSONText.decode([String: [[String: String]]].self, from: reply.body)["items"]?.count ?? 0
    }
    #expect(try await names(devices[0]) == 3)
    await #expect(throws: ServingError.notFound) { _ = try await names(devices[1]) }
  }

  // MARK: - Lists

  func bytes(_ lines: [String]) -> [UInt8] { Array(lines.map { $0 + "\n" }.joined().utf8) }

  func randomList(_ count: Int, _ generator: inout SplitMix) -> [String] {
    let lines = (0..<count).map { _ in "p\(generator.next() % 200)\t\(generator.next() % 3)\tamd64\tdpkg" }
    return Set(lines).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  func edited(_ list: [String], _ generator: inout SplitMix) -> [String] {
    var lines = Set(list)
    for line in list where generator.next() % 8 == 0 {
      lines.remove(line)
      if generator.next() % 3 > 0 { lines.insert(line.replacing("\tamd64", with: "+u\(generator.next() % 9)\tamd64")) }
    }
    for _ in 0..<Int(generator.next() % 5) { lines.insert("n\(generator.next() % 99)\t1\tall\tdpkg") }
    return lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

/// The sample's list with `changed` packages in another version.
func upgraded(_ count: Int, _ changed: Int) -> [UInt8] {
  SoftwareList(
    Sample.software(count).packages.enumerated().map { index, package in
      index * 7 % count < changed ? Sample.package(package.name, package.version + "+u1") : package
    }
  ).canonicalBytes
}
