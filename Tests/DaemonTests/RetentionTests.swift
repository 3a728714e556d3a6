import Audit
import CheckIn
import Foundation
import Registry
import Roster
import Serving
import Storage
import Synchronization
import TestSupport
import Testing
import Vocabulary

@testable import rollcalld

/// What districts do not keep goes, at the limit and not before, while others write.
@Suite struct RetentionTests {
  private static let now = SampleController.now
  private static let birch = DistrictID(rawValue: "birch")!
  private static let willow = DistrictID(rawValue: "willow")!

  private struct NoDetails: JournalBody { let count: Int }

  private static func ago(days: Int64, milliseconds: Int64 = 0) -> Instant {
    now.advanced(by: .milliseconds(-days * 86_400_000 - milliseconds))
  }

  private static func sweep(
    _ sample: SampleController, between: @escaping @Sendable () async throws -> Void = {}
  ) -> RetentionSweep {
    let registry = DeviceRegistry(database: sample.controller.database)
    return RetentionSweep(
      database: sample.controller.database, registry: registry, logger: Logs.silent, clock: { now }, between: between)
  }

  private static func count(_ sample: SampleController, _ query: SQL) async throws -> Int {
    try await sample.controller.database.read(in: .state) { try $0.row(query)?.get("n") ?? 0 }
  }

  /// A change, a silent key with held facts and a journal's entry, each of `moment`.
  private static func leave(
    _ number: Int, at moment: Instant, of device: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      INSERT INTO registry_change (district_id, device_id, sequence, at, section, field, old, new)
      VALUES (\(district), \(device), \(1000 + number), \(moment), 'hardware', 'memory', '1', '2')
      """)
    let key = Digest.sha256(Array("\(district) \(number)".utf8))
    try transaction.run(
      """
      INSERT INTO checkin_state (district_id, key, device_id, held, sequence, body_digest, reply, hashes, at)
      VALUES (\(district), \(key), \(device), \(true), 1, \(key), \([UInt8]()), \([UInt8]()), \(moment))
      """)
    try transaction.run(
      """
      INSERT INTO checkin_held (district_id, key, section, hash, body, changed_at)
      VALUES (\(district), \(key), 'system', \(key), \([UInt8]()), \(moment))
      """)
    try Journal.record(
      JournalEntry(
        at: moment, actor: .controller, action: "test.entry", object: ("thing", "t\(number)"), district: district,
        body: NoDetails(count: number)), in: transaction)
  }

  private static func made() async throws -> (sample: SampleController, devices: [DistrictID: DeviceID]) {
    let sample = try await SampleController()
    var devices: [DistrictID: DeviceID] = [:]
    for district in [birch, willow] {
      let made = try await SampleDistrict(district.rawValue, in: sample)
      devices[district] = DeviceID(rawValue: made.device)
    }
    return (sample, devices)
  }

  @Test(
    "Each district's own days hold, and the state's where it has none: at the limit a record stays, past it it goes")
  func edges() async throws {
    let (sample, devices) = try await Self.made()
    let days = #"{"retention": {"factHistoryDays": 30, "checkInHistoryDays": 40, "journalBodyDays": 50}}"#
    let set = await sample.call(.patch, "/api/v1/districts/birch", json: days)
    #expect((set.body["retention"] as? [String: Int])?["factHistoryDays"] == 30, "\(set)")
    let stateWide = await sample.call(.patch, "/api/v1/retention", json: #"{"factHistoryDays": 60}"#)
    #expect(stateWide.status == 200 && stateWide.body["checkInHistoryDays"] as? Int == 400)
    try await sample.controller.database.write(in: .state) { transaction in
      for (district, device) in devices {
        var number = 0
        for limit: Int64 in [30, 40, 50, 60, 400, 2555] {
          for milliseconds: Int64 in [0, 1] {
            number += 1
            let moment = Self.ago(days: limit, milliseconds: milliseconds)
            try Self.leave(number, at: moment, of: device, in: district, transaction)
          }
        }
      }
    }
    let hashes: SQL = "SELECT COUNT(*) AS n FROM audit_entry WHERE leaf_hash IS NOT NULL AND body_digest IS NOT NULL"
    let entries = try await Self.count(sample, hashes)
    // Of twelve in each: what is older than 30 (birch) and 60 days; than 40 and 400; than 50 and 2,555.
    let removed = try await Self.sweep(sample).sweep(now: Self.now)
    #expect(removed == .init(changes: 11 + 5, keys: 9 + 3, bodies: 7 + 1))
    for (district, changes, keys, bodies) in [(Self.birch, 1, 3, 5), (Self.willow, 7, 9, 11)] {
      #expect(
        try await Self.count(
          sample,
          "SELECT COUNT(*) AS n FROM registry_change WHERE district_id = \(district) AND sequence > 1000") == changes)
      for table in ["checkin_state", "checkin_held"] {
        let query = SQL(stringLiteral: "SELECT COUNT(*) AS n FROM \(table) WHERE district_id = ") + "\(district)"
        #expect(try await Self.count(sample, query) == keys, "\(table)")
      }
      let kept: SQL = """
        SELECT COUNT(*) AS n FROM audit_entry
        WHERE district_id = \(district) AND action = 'test.entry' AND body IS NOT NULL AND salt IS NOT NULL
        """
      #expect(try await Self.count(sample, kept) == bodies)
    }
    #expect(try await Self.count(sample, hashes) == entries)
    #expect(try await Self.sweep(sample).sweep(now: Self.now) == .init())
    // A choice taken back: the state's days hold again.
    let back = await sample.call(.patch, "/api/v1/districts/birch", json: #"{"retention": {"factHistoryDays": 0}}"#)
    #expect((back.body["retention"] as? [String: Int])?["factHistoryDays"] == 60)
  }

  @Test("Readings are history of facts: where that is kept for less than a year, theirs is too")
  func readings() async throws {
    let (sample, devices) = try await Self.made()
    _ = await sample.call(.patch, "/api/v1/districts/birch", json: #"{"retention": {"factHistoryDays": 60}}"#)
    let week = HealthReading.week(of: Self.now)
    // Of this week, of four weeks ago and of ten.
    let packed: [UInt8] = [
      1, UInt8(week >> 8), UInt8(week & 0xff), 0, 80, 255, 255, 255, 255, 4, 81, 255, 255, 255, 255, 6, 83, 255, 255,
      255, 255,
    ]
    try await sample.controller.database.write(in: .state) { transaction in
      for (district, device) in devices {
        try transaction.run(
          """
          INSERT INTO checkin_section (district_id, device_id, section, hash, body, changed_at, readings)
          VALUES (\(district), \(device), 'vitals', \(Digest.sha256([])), \([UInt8]()), \(Self.now), \(packed))
          """)
      }
    }
    func kept(_ district: DistrictID) async throws -> [Int] {
      let device = try #require(devices[district])
      let answer = await sample.call(.get, "/api/v1/districts/\(district)/devices/\(device)/readings")
      return try #require(answer.body["items"] as? [[String: Any]]).compactMap { $0["batteryPercent"] as? Int }
    }
    #expect(try await kept(Self.birch) == [80, 81, 83])
    #expect(try await Self.sweep(sample).sweep(now: Self.now).readings == 1)
    #expect(try await kept(Self.birch) == [80, 81])
    #expect(try await kept(Self.willow) == [80, 81, 83])
    #expect(try await Self.sweep(sample).sweep(now: Self.now).readings == 0)
  }

  @Test("Guardians who have long been nobody's all go in one sweep, however few people do")
  func guardians() async throws {
    let (sample, _) = try await Self.made()
    let rows = RetentionSweep.step * 2 + 3
    try await sample.controller.database.write(in: .state) { transaction in
      try transaction.run(
        """
        INSERT INTO roster_guardian (district_id, sourced_id, sealed, hash, changed_in, unlinked_at)
        VALUES ($1, $2, $3, 1, 1, $4)
        """,
        rows: (0..<rows).map { number -> [SQLValue] in
          [Self.birch.sqlValue, "g\(number)".sqlValue, [UInt8]().sqlValue, Self.ago(days: 4000).sqlValue]
        })
    }
    let roster = RosterDesk(
      database: sample.controller.database, registry: DeviceRegistry(database: sample.controller.database),
      contacts: .random())
    let sweep = RetentionSweep(
      database: sample.controller.database, registry: DeviceRegistry(database: sample.controller.database),
      roster: roster, logger: Logs.silent, clock: { Self.now }, between: {})
    #expect(try await sweep.sweep(now: Self.now).people == 0)
    let left: SQL = "SELECT COUNT(*) AS n FROM roster_guardian WHERE unlinked_at IS NOT NULL"
    #expect(try await Self.count(sample, left) == 0)
  }

  @Test("Much is removed in short transactions, and between any two of them others write")
  func steps() async throws {
    let (sample, devices) = try await Self.made()
    let device = try #require(devices[Self.birch])
    let old = Self.ago(days: 4000)
    let rows = RetentionSweep.step * 3 + 7
    try await sample.controller.database.write(in: .state) { transaction in
      for number in 0..<rows { try Self.leave(number, at: old, of: device, in: Self.birch, transaction) }
    }
    let written = Mutex(0)
    let database = sample.controller.database
    let sweep = Self.sweep(sample) {
      // What a check-in writes, in a transaction of its own: it is stored although the sweep is not over.
      let number = written.withLock { count in
        count += 1
        return count
      }
      try await database.write(in: .district(Self.birch)) {
        try Self.leave(rows + number, at: Self.now, of: device, in: Self.birch, $0)
      }
    }
    let removed = try await sweep.sweep(now: Self.now)
    #expect(removed == .init(changes: rows, keys: rows, bodies: rows))
    let between = written.withLock { $0 }
    #expect(between >= 9)
    let left: SQL = "SELECT COUNT(*) AS n FROM registry_change WHERE sequence > 1000"
    #expect(try await Self.count(sample, left) == between)
    // Entries stay for ever: those that have no body any more are not gone through again, but by a controller that has just begun.
    let later = Self.ago(days: -5000)
    let pauses = Mutex(0)
    let one = Self.sweep(sample) { pauses.withLock { $0 += 1 } }
    _ = try await one.sweep(now: later)
    func repeated(_ sweep: RetentionSweep) async throws -> Int {
      let before = pauses.withLock { $0 }
      #expect(try await sweep.sweep(now: later).bodies == 0)
      return pauses.withLock { $0 } - before
    }
    let same = try await repeated(one)
    #expect(try await repeated(Self.sweep(sample) { pauses.withLock { $0 += 1 } }) >= same + 3)
  }

  @Test("Days that nobody may choose are refused with the field", arguments: [29, 36_501, -1])
  func refused(days: Int) async throws {
    let sample = try await SampleController()
    _ = try await SampleDistrict("birch", in: sample)
    let own = await sample.call(
      .patch, "/api/v1/districts/birch", json: #"{"retention": {"journalBodyDays": \#(days)}}"#)
    #expect(own.status == 422 && own.body["code"] as? String == "registry.invalid", "\(own)")
    let stateWide = await sample.call(.patch, "/api/v1/retention", json: #"{"journalBodyDays": \#(days)}"#)
    #expect(stateWide.status == 422)
  }
}
