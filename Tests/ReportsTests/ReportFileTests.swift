import Archive
import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import Vocabulary

@testable import Reports
@testable import Serving

@Suite("Reports as files", .serialized) struct ReportFileTests {
  private static func sample() -> [Fleet.Device] {
    var plain = Fleet.Device(1)
    plain.holder = "school:north"
    var hostile = Fleet.Device(2)
    (hostile.serial, hostile.school) = ("=HYPERLINK(\"http://x\",\"y\")", nil)
    hostile.model = "@SUM(1+1)*cmd|' /C calc'!A0, \u{202e}\"quoted\"\r\nnext"
    (hostile.health, hostile.reasons) = ("failing", [("battery", "failing"), ("updates", "attention")])
    var silent = Fleet.Device(3)
    (silent.seen, silent.system, silent.stage, silent.custody) = (nil, nil, "lost", "person")
    var other = Fleet.Device(4)
    other.district = Fleet.oak
    return [plain, hostile, silent, other]
  }

  private static func golden(_ name: String) throws -> String {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
    return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
  }

  /// The XML of a workbook's sheet.
  private static func sheet(of bytes: [UInt8]) throws -> String {
    try ArchiveReader.open(bytes) { archive in
      let entry = try #require(archive.entries.first { $0.name == "xl/worksheets/sheet1.xml" })
      var sheet: [UInt8] = []
      try archive.read(entry) { sheet += $0 }
      return String(decoding: sheet, as: UTF8.self)
    }
  }

  @Test("The inventory as CSV is byte for byte what it was, and no cell of it is a formula")
  func csv() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.sample())
    let answer = try await fleet.ask("/api/v1/reports/inventory?format=csv")
    #expect(answer.status == 200 && answer.type == "text/csv; charset=utf-8; header=present")
    #expect(answer.file == "attachment; filename=\"inventory-cedar-2026-11-18.csv\"", "\(answer.file ?? "")")
    #expect(answer.text == (try Self.golden("inventory.csv")), "\(answer.text)")
    #expect(!answer.text.contains("oak"))
  }

  @Test("JSON is an object a line, with values of their kinds")
  func json() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.sample())
    let answer = try await fleet.ask("/api/v1/reports/inventory?wellness=failing")
    let lines = answer.text.split(separator: "\n")
    let row = try #require(
      try JSONSerialization.jsonObject(with: Data((lines.first ?? "").utf8)) as? [String: Any])
    #expect(lines.count == 1 && row["serial"] as? String == "=HYPERLINK(\"http://x\",\"y\")")
    #expect(row["battery"] as? Int == 88 && row["encrypted"] as? Bool == true && row["memory"] as? Int == 4096)
    #expect(row["lastSeen"] as? String == Fleet.now.rfc3339 && row["school"] == nil)
  }

  @Test("A workbook opens as one sheet with the same rows, texts as texts, and nothing is left on the disk")
  func workbook() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.sample())
    let folder = NSTemporaryDirectory()
    let before = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("rollcall-report-") }
    let answer = try await fleet.ask("/api/v1/reports/inventory?format=xlsx")
    #expect(answer.status == 200 && answer.bytes.prefix(2) == [0x50, 0x4b])
    let text = try Self.sheet(of: answer.bytes)
    #expect(text.components(separatedBy: "<row ").count - 1 == 4, "a header and three devices")
    #expect(text.contains("=HYPERLINK(&quot;http://x&quot;") || text.contains("=HYPERLINK(\"http://x\""))
    #expect(!text.contains("<f>") && text.contains("Battery holds (%)") && text.contains("SN1001"))
    let after = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("rollcall-report-") }
    #expect(Set(after).subtracting(before).isEmpty)
  }

  @Test("Each report is written in each format, by whoever may have it, and holds nothing of another district")
  func everyReport() async throws {
    let fleet = try await Fleet(software: OnePackage())
    try await fleet.add(Self.sample())
    try await fleet.addStudent("per_0000000000000001", "Lovelace", number: "100")
    try await fleet.addStudent("per_0000000000000002", "Oaks", number: "200", of: Fleet.oak)
    try await fleet.run(
      """
      INSERT INTO registry_change (district_id, device_id, sequence, at, section, field, old, new)
      VALUES (\(Fleet.oak), \(Fleet.id(4)), 1, \(Fleet.now), 'hardware', 'memoryBytes', 'secret-of-oak', '2')
      """)
    for report in ReportCatalogue.all {
      for format in ExportFormat.allCases {
        let answer = try await fleet.ask("/api/v1/reports/\(report.id)?format=\(format.rawValue)")
        #expect(answer.status == 200, "\(report.id) as \(format)")
        for secret in ["SN1004", "Oaks", "secret-of-oak"] { #expect(!answer.text.contains(secret), "\(report.id)") }
      }
      let page = try await fleet.ask("/reports/\(report.id)")
      #expect(page.status == 200 && page.text.contains("Cedar Falls"), "\(report.id)")
      let foreign = try await fleet.ask("/api/v1/reports/\(report.id)?district=oak")
      #expect(foreign.status == 404, "\(report.id)")
      let state = try await fleet.ask("/api/v1/reports/\(report.id)?format=csv", as: "state")
      #expect(state.status == 200, "\(report.id)")
    }
    let software = try await fleet.ask("/api/v1/reports/software?format=csv&prefix=lib-")
    #expect(software.text.split(separator: "\r\n").count == 6, "every page of the packages")
  }

  @Test("Who works at a school gets its devices alone, and no report of students or software")
  func schools() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.sample())
    let inventory = try await fleet.ask("/api/v1/reports/inventory?format=csv", as: "teacher")
    #expect(inventory.text.contains("SN1001") && !inventory.text.contains("HYPERLINK"))
    for report in ["students", "software"] {
      #expect(try await fleet.ask("/api/v1/reports/\(report)", as: "teacher").status == 403)
    }
    #expect(try await fleet.ask("/api/v1/reports/students", as: "desk").status == 403)
    let listed = try await fleet.ask("/api/v1/reports", as: "teacher")
    #expect(listed.text.contains("\"inventory\"") && !listed.text.contains("\"students\""))
  }

  @Test(
    "What is asked wrongly is refused by code, before anything is sent",
    arguments: [
      "format=pdf", "wellness=ill", "notSeen=0", "notSeen=x", "age=7", "stage=gone", "colour=red", "school=%20",
      "reason=battery&reason=disk",
    ])
  func refused(query: String) async throws {
    let fleet = try await Fleet()
    let answer = try await fleet.ask("/api/v1/reports/inventory?\(query)")
    #expect(answer.status == 400 && answer.text.contains("request.query"), "\(answer.text)")
  }

  @Test("A school that is nobody's of the scope is not there")
  func noSchool() async throws {
    let fleet = try await Fleet()
    #expect(try await fleet.ask("/api/v1/reports/inventory?school=west").status == 404)
  }

  @Test("A look at students' names is journalled before anything is shown, with their count and the reason")
  func students() async throws {
    let fleet = try await Fleet()
    var device = Fleet.Device(1)
    (device.holder, device.custody, device.stage) = ("person:per_0000000000000001", "person", "assigned")
    try await fleet.add([device])
    try await fleet.addStudent("per_0000000000000001", "Lovelace", number: "100")
    try await fleet.addStudent("per_0000000000000002", "Byron", number: "101")
    let file = try await fleet.ask("/api/v1/reports/students?format=csv")
    #expect(file.text.contains("Lovelace,Ada,05,SN1001") && file.text.contains("Byron,Ada,05,,"), "\(file.text)")
    let first = try #require(fleet.journal.all.first)
    #expect(first.report == "students" && first.students == 2 && first.format == "csv" && first.purpose == .deviceCare)
    #expect(first.district == Fleet.cedar)
    let care = try await fleet.ask("/api/v1/reports/students?format=csv", as: "session-new")
    #expect(care.status == 200 && fleet.journal.all.last?.purpose == .deviceCare, "what the role is for")
    let refused = try await fleet.ask("/api/v1/reports/students?format=csv", as: "session-both")
    #expect(refused.status == 403 && refused.text.contains("report.purpose") && fleet.journal.all.count == 2)
    #expect(refused.text.contains("purpose=inventory") && refused.text.contains("--purpose"), "\(refused.text)")
    let asked = try await fleet.ask("/reports/students", as: "session-both")
    #expect(asked.status == 403 && asked.text.contains("Why do you look?") && !asked.text.contains("Lovelace"))
    #expect(!asked.text.contains("device-care"), "nobody chooses what a role is for")
    let said = try await fleet.ask("/api/v1/reports/students?format=csv&purpose=inventory", as: "session-both")
    #expect(said.status == 200 && fleet.journal.all.last?.purpose == .inventory)
    let page = try await fleet.ask("/reports/students", as: "session-audit")
    #expect(page.status == 200 && page.text.contains("Lovelace"))
    let last = try #require(fleet.journal.all.last)
    #expect(last.format == "page" && last.purpose == .audit && last.students == 2 && fleet.journal.all.count == 4)
  }

  @Test("Who sees no students reads in every report that a person has a device, and in none which one")
  func withheld() async throws {
    let fleet = try await Fleet()
    var devices = [Fleet.Device(1), Fleet.Device(2)]
    for index in devices.indices {
      devices[index].custody = "person"
      devices[index].holder = "person:per_000000000000000\(index + 1)"
    }
    devices[1].stage = "lost"
    try await fleet.add(devices)
    try await fleet.run(
      """
      INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
      VALUES (\(Fleet.cedar), \(Fleet.id(1)), 1, \(Fleet.now), 'controller', 'assigned', 'person:per_0000000000000001')
      """)
    for caller in ["reader", "warehouse", "state-reader", "school-reader", "it", "desk", "teacher", "auditor"] {
      let sees = ["it", "desk", "teacher", "auditor"].contains(caller)
      var told = ""
      for report in ReportCatalogue.all where !report.namesStudents {
        for format in ["json", "csv"] {
          let answer = try await fleet.ask("/api/v1/reports/\(report.id)?format=\(format)", as: caller)
          #expect(answer.status == 200 || answer.status == 403, "\(report.id) as \(caller): \(answer.text)")
          #expect(sees || !answer.text.contains("per_"), "\(report.id) as \(caller): \(answer.text)")
          if format == "json" { told += answer.text }
        }
        let page = try await fleet.ask("/reports/\(report.id)", as: caller)
        #expect(sees || !page.text.contains("per_"), "\(report.id) as \(caller)")
      }
      let list = try await fleet.ask("/devices?column=serial&column=holder", as: caller)
      #expect(list.status == 200 && (sees || !list.text.contains("per_")), "\(caller)")
      // Of the inventory, the losses and what changed.
      for (key, person) in [("holder", 1), ("holder", 2), ("at", 2), ("new", 1)] {
        let holder = sees ? "person:per_000000000000000\(person)" : "person"
        #expect(told.contains("\"\(key)\":\"\(holder)\""), "\(key) as \(caller): \(told)")
      }
    }
  }

  @Test("A student whose device is in repair has it still, and what cannot be given out is not called unassigned")
  func repair() async throws {
    let fleet = try await Fleet()
    var devices = (1...4).map { Fleet.Device($0) }
    (devices[0].stage, devices[0].custody, devices[0].holder) = ("in-repair", "vendor", "vendor")
    devices[0].owner = "person:per_0000000000000001"
    (devices[1].stage, devices[2].stage, devices[3].stage) = ("ordered", "shipped", "returned")
    try await fleet.add(devices)
    // One on loan meanwhile, and one who has none.
    devices = (5...6).map { Fleet.Device($0) }
    (devices[0].custody, devices[0].holder) = ("person", "person:per_0000000000000001")
    (devices[1].custody, devices[1].holder) = ("person", "person:per_0000000000000002")
    try await fleet.add(devices)
    for (number, name) in [(1, "Lovelace"), (2, "Byron"), (3, "Babbage")] {
      try await fleet.addStudent("per_000000000000000\(number)", name, number: "10\(number)")
    }
    let students = try await fleet.ask("/api/v1/reports/students?format=csv").text
    let lines = students.split(separator: "\r\n").dropFirst().map(String.init)
    let expected = ["Lovelace,Ada,05,SN1005", "Lovelace,Ada,05,SN1001", "Byron,Ada,05,SN1006", "Babbage,Ada,05,,"]
    #expect(lines.count == 4 && Set(expected.filter { students.contains($0) }).count == 4, "\(students)")
    #expect(students.contains("in repair"))
    let free = try await fleet.ask("/api/v1/reports/unassigned").text
    #expect(free.split(separator: "\n").count == 1 && free.contains("SN1004"), "\(free)")
  }

  @Test("Since when, what and which report are of the event that made the present stage")
  func losses() async throws {
    let fleet = try await Fleet()
    var devices = (1...3).map { Fleet.Device($0) }
    // In repair, lost there and found; stolen, then stolen again; lost as another event states it.
    (devices[0].stage, devices[1].stage, devices[2].stage) = ("in-repair", "stolen", "lost")
    try await fleet.add(devices)
    let events: [(Int, Int, Int64, String, String?, String?, String?)] = [
      (1, 1, 10, "sent-to-repair", "screen", nil, nil), (1, 2, 8, "lost", nil, "P-1", nil),
      (1, 3, 6, "found", nil, nil, nil),
      (2, 1, 9, "sent-to-repair", "keyboard", nil, nil), (2, 2, 5, "stolen", nil, "P-2", nil),
      (3, 1, 4, "lost", nil, "P-3", nil), (3, 2, 3, "found", nil, nil, nil), (3, 3, 2, "enrolled", nil, nil, "lost"),
    ]
    for (device, sequence, days, kind, category, police, stage) in events {
      try await fleet.run(
        """
        INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, category, police_report, stage)
        VALUES (\(Fleet.cedar), \(Fleet.id(device)), \(sequence), \(Fleet.now.milliseconds - days * Fleet.day), 'controller',
          \(kind), \(category), \(police), \(stage))
        """)
    }
    let text = try await fleet.ask("/api/v1/reports/losses?format=csv").text
    let rows = text.split(separator: "\r\n").dropFirst().map(String.init)
    #expect(rows.count == 3 && rows[0].contains("in repair,2026-11-08 11:06:40,screen,,"), "\(text)")
    #expect(rows.count == 3 && rows[1].contains("stolen,2026-11-13 11:06:40,,P-2,"), "\(text)")
    #expect(rows.count == 3 && rows[2].contains("lost,2026-11-16 11:06:40,,,"), "\(text)")
  }

  @Test("A workbook is sent when what it was read from is over, so that a slow reader holds no transaction")
  func sentAfterwards() async throws {
    let fleet = try await Fleet()
    try await fleet.add((1...40).map { Fleet.Device($0) })
    let watched = WatchedReads(base: fleet.database)
    let person = PrincipalID(random: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    let run = ReportRun(
      report: DeviceReports.inventory, columns: DeviceReports.all, question: Question(now: Fleet.now), scope: .state,
      districts: [Fleet.cedar], schools: nil, software: NoSoftware())
    let export = ReportExport(
      run: run, format: .xlsx, database: watched, place: try fleet.desk.gate.enter(by: person), piece: 64)
    let stream = try #require(export.reply(named: "x").stream)
    var pieces = 0
    try await stream.pour(patience: BodyStream.limit) { _ in
      pieces += 1
      #expect(watched.open == 0)
    }
    #expect(pieces > 2 * BodyPipe.capacity, "more than may wait")
  }

  @Test("Whoever has a file under way gets no second one, and others do")
  func oneEach() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.sample())
    let person = PrincipalID(random: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    let place = try fleet.desk.gate.enter(by: person)
    let refused = try await fleet.ask("/api/v1/reports/inventory")
    #expect(refused.status == 503 && refused.text.contains("request.overloaded"))
    let other = try fleet.desk.gate.enter(by: PrincipalID(random: [9, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
    other.leave()
    place.leave()
    for _ in 0..<5 { #expect(try await fleet.ask("/api/v1/reports/inventory").status == 200, "one after another") }
  }

  @Test("The views show a transaction of a district nothing of another one, whatever it asks")
  func views() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.sample())
    try await fleet.addStudent("per_0000000000000002", "Oaks", number: "200", of: Fleet.oak)
    try await fleet.run(
      """
      INSERT INTO registry_custody (district_id, device_id, holder, since)
      VALUES (\(Fleet.oak), \(Fleet.id(4)), 'district', \(Fleet.now))
      """)
    try await fleet.run(
      """
      INSERT INTO registry_change (district_id, device_id, sequence, at, section, field, old, new)
      VALUES (\(Fleet.oak), \(Fleet.id(4)), 1, \(Fleet.now), 'hardware', 'memoryBytes', '1', '2')
      """)
    // SQLite has no row level security: there the conditions of every query do it.
    guard TestDatabase.isPostgres else { return }
    for view in [
      "registry_report_district_v1", "registry_report_school_v1", "registry_report_device_v1",
      "registry_report_contact_v1", "registry_report_contact_v2", "registry_report_health_v1",
      "registry_report_change_v1",
      "registry_report_custody_v2", "checkin_report_summary_v2", "roster_report_person_v1",
    ] {
      let query = SQL(stringLiteral: "SELECT COUNT(*) AS count FROM \(view) WHERE district_id = 'oak'")
      let seen = try await fleet.database.read(in: .district(Fleet.cedar)) {
        try $0.row(query)?.get("count", as: Int.self)
      }
      let all = try await fleet.database.read(in: .state) { try $0.row(query)?.get("count", as: Int.self) }
      #expect(seen == 0 && (all ?? 0) > 0, "\(view): \(seen ?? -1) of \(all ?? -1)")
    }
  }
}

/// Counts the readings that are not over yet.
private final class WatchedReads: Database {
  private let base: any Database
  private let count = Mutex(0)

  init(base: any Database) { self.base = base }

  var open: Int { count.withLock { $0 } }

  func read<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    count.withLock { $0 += 1 }
    defer { count.withLock { $0 -= 1 } }
    return try await base.read(in: scope, body)
  }

  func write<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T { try await base.write(in: scope, body) }

  func close() async throws {}
}
