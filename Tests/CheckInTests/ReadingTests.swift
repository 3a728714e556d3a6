import Audit
import Foundation
import Serving
import Storage
import Testing
import Vocabulary
import Wire

@testable import CheckIn

/// What is kept of a device's health, week by week.
@Suite("Readings") struct ReadingTests {
  /// 2026-09-21, a Monday.
  private static let week = HealthReading.week(of: World.start)

  private static func weeks(_ count: Int64) -> Instant { World.start.advanced(by: .seconds(count * 7 * 86_400)) }

  private static func reading(_ week: Int64, battery: Int? = nil, celsius: Int? = nil) -> HealthReading {
    var reading = HealthReading(week: week)
    (reading.batteryPercent, reading.celsius) = (battery, celsius)
    return reading
  }

  private static func readings(of device: TestDevice, _ world: World) async throws -> [HealthReading] {
    try await world.database.read(in: .district(World.district)) {
      try StoredFacts().toldWithReadings(by: device.id, in: World.district, $0).readings
    }
  }

  @Test("A week begins on Monday, before 1970 too")
  func weekDays() {
    for (text, monday) in [
      ("2026-09-21T00:00:00Z", "2026-09-21"), ("2026-09-27T23:59:59Z", "2026-09-21"),
      ("2026-09-28T00:00:00Z", "2026-09-28"), ("1970-01-01T00:00:00Z", "1969-12-29"),
      ("1969-12-28T23:00:00Z", "1969-12-22"), ("2027-01-01T12:00:00Z", "2026-12-28"),
    ] {
      let reading = HealthReading(week: HealthReading.week(of: Instant(rfc3339: text)!))
      #expect(CivilDate(daysSinceEpoch: reading.monday).description == monday, "\(text)")
    }
  }

  @Test("Packed and unpacked they are the same; one takes 9 octets, a year of them 321")
  func packing() throws {
    var readings = HealthReadings()
    #expect(readings.packed == [] && HealthReadings(packed: []) == readings)
    var random = SplitMix(state: 7)
    for week in 0..<80 where week != 20 && week != 21 {
      var reading = Self.reading(
        Self.week + Int64(week), battery: week == 3 ? nil : Int.random(in: 0...120, using: &random))
      reading.celsius = Int.random(in: -50...150, using: &random)
      reading.memoryFreePercent = week.isMultiple(of: 2) ? 254 : nil
      readings = try #require(readings.taking(reading))
      #expect(HealthReadings(packed: readings.packed) == readings)
      #expect(readings.packed.count == 3 + 6 * readings.all.count)
    }
    #expect(readings.all.count == 53 && readings.packed.count == 321)
    #expect(readings.all.first?.week == Self.week + 27 && readings.all.last?.week == Self.week + 79)
  }

  @Test("What is not of their form is none of them, and nothing breaks")
  func hostile() {
    var random = SplitMix(state: 1)
    for length in 1..<400 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      if let read = HealthReadings(packed: bytes) { #expect(HealthReadings(packed: read.packed) == read) }
      if let read = HealthReadings(packed: [1] + bytes), !read.all.isEmpty { #expect(read.packed == [1] + bytes) }
    }
    for bytes in [
      [1], [1, 0], [2, 10, 10, 0, 1, 1, 1, 1, 1], [1, 10, 10, 1, 1, 1, 1, 1, 1], [1, 10, 10, 0, 1, 1, 1, 1],
    ] {
      #expect(HealthReadings(packed: bytes.map { UInt8($0) }) == nil, "\(bytes)")
    }
  }

  @Test("Of a week the first stays, later ones fill in what it did not tell, and a clock that was ahead leaves nothing")
  func taking() throws {
    let first = try #require(HealthReadings().taking(Self.reading(10, battery: 80)))
    #expect(first.taking(Self.reading(10, battery: 79)) == nil)
    let filled = try #require(first.taking(Self.reading(10, battery: 79, celsius: 50)))
    #expect(filled.all == [Self.reading(10, battery: 80, celsius: 50)])
    #expect(filled.taking(HealthReading(week: 11)) == nil, "which tells nothing")
    let ahead = try #require(filled.taking(Self.reading(90, battery: 1)))
    #expect(ahead.all == [Self.reading(90, battery: 1)])
    #expect(ahead.taking(Self.reading(11, battery: 79))?.all == [Self.reading(11, battery: 79)])
    #expect(
      filled.taking(Self.reading(-1, battery: 1)) == nil && filled.taking(Self.reading(70_000, battery: 1)) == nil)
  }

  @Test("A device that tells new vitals has a reading a week, its numbers from its facts")
  func followed() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    var facts = Sample.facts(1)
    _ = try await world.send(Sample.request(1, facts), from: device)
    var first = Self.reading(Self.week, battery: 93, celsius: 51)
    (first.diskUsedPercent, first.spaceFreePercent, first.memoryFreePercent) = (10, 50, 50)
    #expect(try await Self.readings(of: device, world) == [first])
    facts.vitals?.disks[0].percentUsed = 11
    _ = try await world.send(
      Sample.request(2, facts, sending: [.vitals]), from: device, at: World.start.advanced(by: .seconds(86_400)))
    #expect(try await Self.readings(of: device, world) == [first], "the same week")
    _ = try await world.send(Sample.request(3, facts, sending: []), from: device, at: Self.weeks(1))
    #expect(try await Self.readings(of: device, world) == [first], "nothing new was told")
    facts.vitals?.batteries[0].fullMicrowattHours = 40_000_000
    _ = try await world.send(Sample.request(4, facts, sending: [.vitals]), from: device, at: Self.weeks(3))
    var second = Self.reading(Self.week + 3, battery: 85, celsius: 51)
    (second.diskUsedPercent, second.spaceFreePercent, second.memoryFreePercent) = (11, 50, 50)
    #expect(try await Self.readings(of: device, world) == [first, second])
  }

  @Test("What cannot be read back begins anew, and a vitals section that cannot keeps its readings")
  func damaged() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    var facts = Sample.facts(1)
    _ = try await world.send(Sample.request(1, facts), from: device)
    try await world.database.write(in: .state) {
      _ = try $0.run("UPDATE checkin_section SET body = \([UInt8(9)]) WHERE section = 'vitals'")
    }
    facts.vitals?.disks[0].percentUsed = 12
    _ = try await world.send(Sample.request(2, facts, sending: [.vitals]), from: device, at: Self.weeks(1))
    #expect(try await Self.readings(of: device, world).map(\.diskUsedPercent) == [10, 12])
    try await world.database.write(in: .state) {
      _ = try $0.run("UPDATE checkin_section SET readings = \([UInt8(9)]) WHERE section = 'vitals'")
    }
    #expect(try await Self.readings(of: device, world) == [])
    facts.vitals?.disks[0].percentUsed = 13
    _ = try await world.send(Sample.request(3, facts, sending: [.vitals]), from: device, at: Self.weeks(2))
    #expect(try await Self.readings(of: device, world).map(\.diskUsedPercent) == [13])
  }

  @Test("Those of weeks that began before a moment go, device by device, and no others")
  func trimmed() async throws {
    let world = try await World()
    var devices: [TestDevice] = []
    for number in 1...3 {
      let device = try await world.enrol(number)
      var facts = Sample.facts(number)
      for week in 0..<3 {
        facts.vitals?.disks[0].percentUsed = 10 + week
        _ = try await world.send(Sample.request(Int64(week) + 1, facts), from: device, at: Self.weeks(Int64(week)))
      }
      devices.append(device)
    }
    func trim(before moment: Instant) async throws -> Int {
      var (count, after): (Int, DeviceID?) = (0, nil)
      repeat {
        let part = try await world.database.write(in: .district(World.district)) { [after] in
          try CheckIns.trimReadings(before: moment, of: World.district, after: after, limit: 2, in: $0)
        }
        (count, after) = (count + part.trimmed, part.next)
      } while after != nil
      return count
    }
    let monday = Instant(milliseconds: HealthReading(week: Self.week + 1).monday * 86_400_000)
    #expect(try await trim(before: monday) == 3)
    #expect(try await trim(before: monday) == 0)
    #expect(try await Self.readings(of: devices[1], world).map(\.diskUsedPercent) == [11, 12])
    #expect(try await trim(before: monday.advanced(by: .milliseconds(1))) == 3)
    #expect(try await Self.readings(of: devices[2], world).map(\.diskUsedPercent) == [12])
    #expect(try await trim(before: Self.weeks(9)) == 3)
    #expect(try await Self.readings(of: devices[0], world) == [])
  }

  // MARK: - For people

  private func ask(
    _ method: HTTPRequestMethod, _ device: DeviceID, in world: World, as role: Role = .districtIT,
    query: [(String, String)] = [], body: String = "", at now: Instant = ReadingTests.weeks(1)
  ) async throws -> (status: Int, items: [[String: Any]], next: String?) {
    let route = try #require(
      world.desk.peopleRoutes.first { $0.path.hasSuffix("/readings") && ($0.method == .post) == (method == .post) })
    let caller = Caller(
      principal: PrincipalID(rawValue: "prn_0000000000000001")!, name: "it",
      grants: [Grant(role, at: .district(World.district))])
    let parameters = ["district": World.district.rawValue, "device": device.rawValue]
    let call = Call(
      route.method, route.path, parameters: parameters, query: query.map { (name: $0.0, value: $0.1) },
      body: Array(body.utf8), now: now)
    try route.operation.refuseUnknownQuery(call)
    let reply = try await route.handle(call, OperatorContext(caller, route.rule, district: World.district.rawValue))
    let json = try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any] ?? [:]
    return (reply.status.code, json["items"] as? [[String: Any]] ?? [], json["next"] as? String)
  }

  private enum HTTPRequestMethod { case get, post }

  @Test(
    "People list them, newest first and in pages, and add those of former times, which change nothing that was measured"
  )
  func forPeople() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    // Of 1969, as the week that has the first day of 1970.
    let body =
      #"{"readings":[{"week":"1969-12-29","batteryPercent":98},{"week":"2026-09-16","batteryPercent":97},{"week":"2026-09-24","batteryPercent":1},"#
      + #"{"week":"2025-09-01","batteryPercent":99},{"week":"2026-09-07","diskUsedPercent":9,"hottestCelsius":-3}]}"#
    await #expect(throws: CheckInError(.noVitals, "")) { _ = try await ask(.post, device.id, in: world, body: body) }
    _ = try await world.send(Sample.request(1, Sample.facts(1)), from: device)
    let added = try await ask(.post, device.id, in: world, body: body)
    #expect(added.items.map { $0["week"] as? String } == ["2026-09-21", "2026-09-14", "2026-09-07"])
    #expect(added.items[0]["batteryPercent"] as? Int == 93, "it was measured")
    #expect(added.items[1]["batteryPercent"] as? Int == 97 && added.items[1]["diskUsedPercent"] == nil)
    #expect(added.items[2]["hottestCelsius"] as? Int == -3)
    let entries = try await world.count("audit_entry")
    _ = try await ask(.post, device.id, in: world, body: body)
    #expect(try await world.count("audit_entry") == entries, "it is so already")
    let page = try await ask(.get, device.id, in: world, as: .readOnly, query: [("limit", "2")])
    #expect(page.items.count == 2 && page.next == "2026-09-14")
    let next = try await ask(.get, device.id, in: world, query: [("limit", "2"), ("after", "2026-09-14")])
    #expect(next.items.map { $0["week"] as? String } == ["2026-09-07"] && next.next == nil)
    let nobody = DeviceID(rawValue: "dev_0000000000000000")!
    await #expect(throws: (any Error).self) { _ = try await ask(.get, nobody, in: world) }
  }

  @Test(
    "What is no reading is refused with its place",
    arguments: [
      (#"{"readings":[]}"#, "1 to 53"), (#"{"readings":[{"week":"yesterday"}]}"#, "readings[0].week"),
      (
        #"{"readings":[{"week":"2026-09-07"},{"week":"2026-09-14","spaceFreePercent":101}]}"#,
        "readings[1].spaceFreePercent"
      ),
      (#"{"readings":[{"week":"2026-09-07","hottestCelsius":900}]}"#, "readings[0].hottestCelsius"),
      (#"{"readings":[{"week":"2026-09-07","batteryPercent":-1}]}"#, "readings[0].batteryPercent"),
      (#"{"readings":[{"week":"1960-01-04","batteryPercent":90}]}"#, "readings[0].week"),
      (#"{"readings":[{"week":"1969-12-28","batteryPercent":90}]}"#, "readings[0].week"),
      (#"{"readings":[{"week":"9999-01-01","batteryPercent":90}]}"#, "readings[0].week"),
    ])
  func refused(_ body: String, _ place: String) async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    do {
      _ = try await ask(.post, device.id, in: world, body: body)
      Issue.record("taken: \(body)")
    } catch let error as ServingError {
      #expect(error.code.text == "request.body" && error.message.contains(place), "\(error.message)")
    }
  }
}
