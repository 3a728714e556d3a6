import Foundation
import Serving
import Storage
import Testing
import Vocabulary

@testable import Reports

@Suite("Lists of devices") struct ListTests {
  private static let hostile = "<script>alert(1)</script>\"' onfocus=x"

  static func devices(_ count: Int) -> [Fleet.Device] {
    (1...count).map { number in
      var device = Fleet.Device(number)
      (device.stage, device.custody) = ("delivered", "school")
      return device
    }
  }

  @Test("A list goes on page by page, each device once, over districts")
  func paging() async throws {
    let fleet = try await Fleet()
    var others = Self.devices(30).map { device in
      var device = device
      (device.number, device.district) = (device.number + 5000, Fleet.oak)
      return device
    }
    others[0].model = Self.hostile
    try await fleet.add(Self.devices(70) + others)
    var seen: [String] = []
    var address: String? = "/devices?use=in"
    while let asked = address {
      let page = try await fleet.ask(asked, as: "state").text
      seen += page.matches(of: /href="\/devices\/(dev_[0-9a-z]+)"/).map { String($0.output.1) }
      #expect(!page.contains("<script>alert"))
      address = page.firstMatch(of: /<a href="([^"]*)" rel="next"/).map {
        String($0.output.1).replacing("&amp;", with: "&")
      }
    }
    #expect(seen.count == 100 && Set(seen).count == 100)
  }

  @Test("Columns are those that were chosen, and software is a filter beside the others")
  func columns() async throws {
    let fleet = try await Fleet(software: OnePackage())
    var devices = Self.devices(3)
    devices[1].health = "failing"
    try await fleet.add(devices)
    let page = try await fleet.ask("/devices?column=serial&column=battery").text
    #expect(page.contains("<th scope=\"col\">Serial</th>") && page.contains("Battery holds (%)</th>"))
    #expect(!page.contains(">Stage</th>"))
    let having = try await fleet.ask("/devices?software=lib-1&column=serial").text
    #expect(having.contains("SN1001") && having.contains("SN1002") && !having.contains("SN1003"))
    let failing = try await fleet.ask("/devices?software=lib-1&wellness=failing&column=serial").text
    #expect(!failing.contains("SN1001") && failing.contains("SN1002"))
    let software = try await fleet.ask("/software?prefix=lib-").text
    #expect(software.contains("lib-1") && software.contains("What 7 devices told last is not counted yet"))
  }

  @Test("A filter that means something with another one alone goes with it")
  func leaning() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(2))
    let page = try await fleet.ask("/devices?reason=battery&severity=failing&wellness=failing").text
    let removal = try #require(page.firstMatch(of: /href="([^"]*)" aria-label="Remove the filter Not well: Battery"/))
    #expect(removal.output.1 == "/devices?wellness=failing")
    let lonely = try await fleet.ask("/devices?severity=failing&version=1").text
    #expect(
      lonely.contains("SN1001") && !lonely.contains("How bad")
        && !lonely.contains("name=\"severity\" value=\"failing\""))
  }

  @Test("Where no index tells which devices are meant, a page looks at some and goes on, and each is found once")
  func walk() async throws {
    let fleet = try await Fleet()
    var devices = Self.devices(60)
    for index in devices.indices where index % 20 == 7 { devices[index].seen = nil }
    devices += Self.devices(20).map { device in
      var device = device
      (device.number, device.district, device.seen) = (device.number + 5000, Fleet.oak, 3)
      return device
    }
    devices[79].seen = nil
    try await fleet.add(devices)
    var question = Question(now: Fleet.now)
    question.notSeen = .never
    var run = ReportRun(
      report: DeviceReports.inventory, columns: DeviceReports.ids, question: question, scope: .state,
      districts: [Fleet.cedar, Fleet.oak], schools: nil, software: NoSoftware())
    run.pace = ReportPace(strides: [8, 16], patience: .zero)
    var (found, pages, after): ([String], Int, String?) = ([], 0, nil)
    repeat {
      let page = try await fleet.database.read(in: .state) { [run, after] in try run.page(after: after, limit: 2, $0) }
      found += page.rows.compactMap { CellText.text($0.values[1], .text) }
      (pages, after) = (pages + 1, page.next)
    } while after != nil && pages < 50
    #expect(found == [8, 28, 48, 5020].map { Fleet.id($0).rawValue } && (4..<20).contains(pages), "\(found) \(pages)")
  }

  @Test("What needs attention is told with its words, a row a thing, whole over pages, and as its filters say")
  func attention() async throws {
    let fleet = try await Fleet()
    var devices = Self.devices(6)
    devices[1].reasons = [("battery", "failing"), ("updates", "attention")]
    devices[3].reasons = [("battery", "attention")]
    (devices[4].reasons, devices[4].stage) = ([("disk", "failing")], "retired")
    devices[5].reasons = [("disk", "failing")]
    try await fleet.add(devices)
    let whole = try await fleet.ask("/api/v1/reports/attention?format=csv").text.split(separator: "\r\n").dropFirst()
    #expect(whole.count == 4 && whole.first?.contains("SN1002") == true)
    #expect(whole.first?.contains("battery,failing,The battery is failing.") == true, "\(whole)")
    let battery = try await fleet.ask("/api/v1/reports/attention?reason=battery").text
    #expect(battery.split(separator: "\n").count == 2 && !battery.contains("updates\",\"verdict"))
    let failing = try await fleet.ask("/api/v1/reports/attention?severity=failing").text
    #expect(failing.split(separator: "\n").count == 2 && !failing.contains("\"attention\""), "\(failing)")
    let run = ReportRun(
      report: DeviceReports.attention, columns: DeviceReports.attention.columns, question: Question(now: Fleet.now),
      scope: .state, districts: [Fleet.cedar, Fleet.oak], schools: nil, software: NoSoftware())
    var (rows, after): ([[SQLValue]], String?) = ([], nil)
    repeat {
      let page = try await fleet.database.read(in: .state) { [after] in try run.page(after: after, limit: 1, $0) }
      rows += page.rows.map(\.values)
      after = page.next
    } while after != nil && rows.count < 20
    let all = try await fleet.database.read(in: .state) { transaction in
      var all: [[SQLValue]] = []
      try run.each(transaction) { all.append($0) }
      return all
    }
    #expect(rows == all && all.count == 4)
  }

  @Test("What changed since a day: facts and moves, the oldest first")
  func changes() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(1))
    for (sequence, days, new) in [(1, 20, "old-news"), (2, 3, "8589934592")] {
      try await fleet.run(
        """
        INSERT INTO registry_change (district_id, device_id, sequence, at, section, field, old, new)
        VALUES (\(Fleet.cedar), \(Fleet.id(1)), \(sequence), \(Fleet.now.milliseconds - Int64(days) * Fleet.day),
          'hardware', 'memoryBytes', '4294967296', \(new))
        """)
    }
    try await fleet.run(
      """
      INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
      VALUES (\(Fleet.cedar), \(Fleet.id(1)), 1, \(Fleet.now.milliseconds - Fleet.day), 'controller', 'delivered', 'district')
      """)
    let week = try await fleet.ask("/api/v1/reports/changes?format=csv").text
    #expect(week.contains("Hardware,memory,4 GiB,8 GiB") && week.contains("Who has it,delivered,,the district"))
    #expect(!week.contains("old-news"))
    let month = try await fleet.ask("/api/v1/reports/changes?format=csv&since=2026-10-20&section=hardware").text
    #expect(month.contains("Hardware,memory,4 GiB,not known") && !month.contains("delivered"))
    #expect(
      try await fleet.ask("/api/v1/reports/changes?since=2025-10-10").status == 400, "longer than anything is kept")
  }

  @Test("Facts and moves come in the order of time, device, facts first, and pages go on anywhere in it")
  func order() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(3))
    // Several at one moment, of one device and of others, of both kinds.
    for (device, sequence, at) in [(1, 1, 5), (2, 1, 5), (2, 2, 5), (1, 2, 9), (3, 1, 2)] as [(Int, Int, Int64)] {
      try await fleet.run(
        """
        INSERT INTO registry_change (district_id, device_id, sequence, at, section, field, old, new)
        VALUES (\(Fleet.cedar), \(Fleet.id(device)), \(sequence), \(Fleet.now.milliseconds - at), 'system', 'kernel', 'a', 'b')
        """)
      try await fleet.run(
        """
        INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
        VALUES (\(Fleet.cedar), \(Fleet.id(device)), \(sequence), \(Fleet.now.milliseconds - at), 'controller', 'transferred',
          'district')
        """)
    }
    let columns = OtherReports.changes.columns.filter { ["at", "section", "device"].contains($0.key) }
    let run = ReportRun(
      report: OtherReports.changes, columns: columns, question: Question(now: Fleet.now), scope: .state,
      districts: [Fleet.cedar, Fleet.oak], schools: nil, software: NoSoftware())
    let all = try await fleet.database.read(in: .state) { transaction in
      var all: [[SQLValue]] = []
      try run.each(transaction) { all.append($0) }
      return all
    }
    func row(_ at: Int64, _ section: String, _ device: Int) -> [SQLValue] {
      [.integer(Fleet.now.milliseconds - at), .text(section), .text(Fleet.id(device).rawValue)]
    }
    let expected: [[SQLValue]] = [
      row(9, "system", 1), row(9, "custody", 1), row(5, "system", 1), row(5, "custody", 1), row(5, "system", 2),
      row(5, "system", 2), row(5, "custody", 2), row(5, "custody", 2), row(2, "system", 3), row(2, "custody", 3),
    ]
    #expect(all == expected)
    for limit in [1, 2, 3, 7] {
      var (rows, after): ([[SQLValue]], String?) = ([], nil)
      repeat {
        let page = try await fleet.database.read(in: .state) { [after] in try run.page(after: after, limit: limit, $0) }
        rows += page.rows.map(\.values)
        after = page.next
      } while after != nil && rows.count < 40
      #expect(rows == expected, "\(limit)")
    }
  }

  @Test("A page of a report goes on after its last row, and its view for printing says what, where, when and for whom")
  func report() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(130))
    let first = try await fleet.ask("/reports/inventory")
    let next = try #require(first.text.firstMatch(of: /<a href="([^"]*)" rel="next"/)).output.1
    let second = try await fleet.ask(String(next).replacing("&amp;", with: "&"))
    let count = { (text: String) in text.matches(of: /<a href="\/devices\/dev_/).count }
    #expect(count(first.text) == 100 && count(second.text) == 30)
    let print = try await fleet.ask("/reports/inventory?view=print").text
    #expect(print.components(separatedBy: "<tr><td").count == 131 && !print.contains("To print"))
    #expect(print.contains("Inventory register · Cedar Falls (cedar) · 2026-11-18 11:06 UTC · for Test it"))
    #expect(try await fleet.ask("/reports/inventory?view=odd").status == 400)
    #expect(try await fleet.ask("/reports/inventory?after=oak").status == 400)
  }
}
