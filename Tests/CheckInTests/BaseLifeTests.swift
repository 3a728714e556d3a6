import HTTPTypes
import Serving
import Storage
import Testing
import Vocabulary
import Wire

@testable import CheckIn

@Suite("Bases that nobody names go, and one device cannot fill the disk")
struct BaseLifeTests {
  static func later(_ seconds: Int64) -> Instant { World.start.advanced(by: .seconds(seconds)) }

  static func facts(_ salt: String, of number: Int = 1, packages: Int = 120) -> Facts {
    var facts = Sample.facts(number)
    facts.software = Sample.software(packages, salt: salt)
    return facts
  }

  @Test("A base that no device's software names is removed after its minute, one in use and a new one never")
  func sweep() async throws {
    let world = try await World()
    let (first, second) = (try await world.enrol(1), try await world.enrol(2))
    _ = try await world.send(Sample.request(1, Self.facts("a")), from: first)
    _ = try await world.send(Sample.request(1, Self.facts("b", of: 2)), from: second)
    #expect(try await world.desk.bases.sweep(now: Self.later(30)) == 0)
    #expect(try await world.desk.bases.sweep(now: Self.later(3_600)) == 0)
    _ = try await world.send(Sample.request(2, Self.facts("c")), from: first, at: Self.later(700))
    // The group sweeps after its commit too: whoever was first, it is gone now.
    _ = try await world.desk.bases.sweep(now: Self.later(700))
    #expect(try await world.count("checkin_software_base") == 2)
    #expect(try await world.software(of: first) == Self.facts("c").software?.canonicalBytes)
    #expect(try await world.software(of: second) == Self.facts("b").software?.canonicalBytes)
  }

  @Test("Many unused bases are removed a few at a time")
  func steps() async throws {
    let world = try await World()
    try await world.database.write(in: .state) { transaction in
      for number in 0..<20 {
        try transaction.run(
          """
          INSERT INTO checkin_software_base (base_id, packed, packages, sketch, created_at)
          VALUES (\(Digest.sha256([UInt8(number)])), \([UInt8]()), 0, \([UInt8]()), \(World.start))
          """)
      }
    }
    #expect(try await world.desk.bases.sweep(now: Self.later(61)) == SoftwareBases.sweepLimit)
    #expect(try await world.desk.bases.sweep(now: Self.later(61)) == 4)
  }

  @Test("A check-in whose base was removed under it is planned anew and stored")
  func gone() async throws {
    let world = try await World()
    let (first, second) = (try await world.enrol(1), try await world.enrol(2))
    _ = try await world.send(Sample.request(1, Self.facts("a")), from: first)
    try await world.database.write(in: .state) { transaction in
      try transaction.run("DELETE FROM checkin_software")
      try transaction.run("DELETE FROM checkin_software_base")
    }
    _ = try await world.send(Sample.request(1, Self.facts("a", of: 2)), from: second)
    #expect(try await world.software(of: second) == Self.facts("a").software?.canonicalBytes)
  }

  @Test("A second list of its own within ten minutes is acknowledged, not stored, and wanted later")
  func often() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    _ = try await world.send(Sample.request(1, Self.facts("a")), from: device)
    let refused = try await world.send(Sample.request(2, Self.facts("b")), from: device, at: Self.later(60))
    #expect(refused.sequence == 2 && refused.want.isEmpty)
    #expect(try await world.software(of: device) == Self.facts("a").software?.canonicalBytes)
    #expect(try await world.count("checkin_software_base") == 1)
    let asked = try await world.send(
      Sample.request(3, Self.facts("b"), sending: []), from: device, at: Self.later(3_600))
    #expect(asked.want == [.software])
    let taken = try await world.send(Sample.request(4, Self.facts("b")), from: device, at: Self.later(3_630))
    #expect(taken.want.isEmpty)
    #expect(try await world.software(of: device) == Self.facts("b").software?.canonicalBytes)
  }

  @Test("Small changes within ten minutes are stored at once")
  func small() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    var facts = Sample.facts(1, packages: 300)
    _ = try await world.send(Sample.request(1, facts), from: device)
    for changed in 1...4 {
      facts.software = try SoftwareList(encoding: String(decoding: upgraded(300, changed * 3), as: UTF8.self))
      _ = try await world.send(Sample.request(Int64(changed) + 1, facts), from: device, at: Self.later(10))
      #expect(try await world.software(of: device) == facts.software?.canonicalBytes)
    }
  }

  @Test("A list that was not stored may come again at once; a full memory of devices takes none")
  func limit() {
    let lists = WholeLists(limit: 2)
    let devices = ["dev_0000000000000001", "dev_0000000000000002", "dev_0000000000000003"].map {
      DeviceID(rawValue: $0)!
    }
    #expect(lists.take(devices[0], now: World.start) && !lists.take(devices[0], now: Self.later(599)))
    lists.giveBack(devices[0])
    #expect(lists.take(devices[0], now: Self.later(1)) && lists.take(devices[1], now: Self.later(1)))
    #expect(!lists.take(devices[2], now: Self.later(2)) && lists.take(devices[2], now: Self.later(601)))
  }

  @Test("Past a bound the history of software only counts")
  func history() {
    let changes = FactDiff.softwareChanges(
      old: Sample.software(3_000).canonicalBytes, new: Sample.software(2_500, salt: "x").canonicalBytes)
    #expect(changes.map(\.new) == ["2500 versions came, 3000 went"])
  }
}

@Suite("Stored facts that cannot be read back count as never told")
struct DamagedFactsTests {
  @Test("A damaged section is replaced, or asked for again, without history")
  func section() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    var facts = Sample.facts(1)
    _ = try await world.send(Sample.request(1, facts), from: device)
    _ = try await world.database.write(in: .state) {
      try $0.run("UPDATE checkin_section SET body = \(Array("{]".utf8)) WHERE section IN ('hardware', 'vitals')")
    }
    let shown = try await world.database.read(in: .state) {
      try StoredFacts().facts(of: device.id, in: World.district, $0)
    }
    #expect(shown?.hardware == nil && shown?.identity as? IdentityFacts == facts.identity)
    facts.vitals?.memoryAvailableBytes = 1 << 30
    let reply = try await world.send(Sample.request(2, facts, sending: [.vitals]), from: device)
    #expect(reply.standing == .active && reply.want.isEmpty)
    let asked = try await world.send(Sample.request(3, facts, sending: []), from: device)
    #expect(asked.want == [.hardware])
    #expect(try await world.send(Sample.request(4, facts, sending: [.hardware]), from: device).want.isEmpty)
    let stored = try await world.database.read(in: .state) {
      try SectionStore.facts(device: device.id, district: World.district, in: $0)
    }
    #expect(stored.damaged.isEmpty && stored.facts.hardware == facts.hardware && stored.facts.vitals == facts.vitals)
    #expect(try await world.changes(of: device).allSatisfy { $0.hasPrefix("health.") })
  }

  @Test("Damaged software is replaced without history", arguments: ["difference", "digest"])
  func software(column: String) async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    _ = try await world.send(Sample.request(1, Sample.facts(1, packages: 200)), from: device)
    try await world.database.write(in: .state) {
      let damage: [UInt8] = column == "digest" ? Digest.zero.bytes : [9, 9]
      try $0.run("UPDATE checkin_software SET " + SQL(stringLiteral: column) + " = \(damage)")
    }
    var facts = Sample.facts(1)
    facts.software = try SoftwareList(encoding: String(decoding: upgraded(200, 4), as: UTF8.self))
    _ = try await world.send(Sample.request(2, facts), from: device)
    #expect(try await world.software(of: device) == facts.software?.canonicalBytes)
    #expect(try await world.changes(of: device) == [])
  }

  @Test("A damaged base is passed over, and made whole by a device that has its very list")
  func base() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let list = Sample.software(200).canonicalBytes
    _ = try await world.send(Sample.request(1, Sample.facts(1, packages: 200)), from: device)
    _ = try await world.database.write(in: .state) {
      try $0.run("UPDATE checkin_software_base SET packed = \([UInt8](repeating: 1, count: 40))")
    }
    let anew = SoftwareBases(database: world.database)
    let near = upgraded(200, 4)
    let other = try await anew.plan(for: near, digest: Digest.sha256(near), now: World.start)
    #expect(other.base == Digest.sha256(near) && other.newBase != nil)
    let same = try await anew.plan(for: list, digest: Digest.sha256(list), now: World.start)
    try await world.database.write(in: .state) {
      try SoftwareStore.write(same, device: device.id, district: World.district, now: World.start, in: $0)
      #expect(try SoftwareStore.list(device: device.id, district: World.district, bases: nil, in: $0) == list)
    }
  }
}
