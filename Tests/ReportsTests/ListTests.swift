import Foundation
import Serving
import Storage
import Testing
import Vocabulary

@testable import Reports

@Suite("Lists of devices, and changes of many") struct ListTests {
  private static let hostile = "<script>alert(1)</script>\"' onfocus=x"

  private static func devices(_ count: Int) -> [Fleet.Device] {
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

  @Test("A preview names how many can, which cannot and why, and changes nothing; then those that can are changed")
  func bulk() async throws {
    let fleet = try await Fleet()
    var devices = Self.devices(3)
    (devices[2].stage, devices[2].serial) = ("retired", "GONE-1")
    try await fleet.add(devices)
    let ids = (1...3).map { Fleet.id($0).rawValue }
    // Their ledgers say where they stand.
    for (number, kind) in [(1, "delivered"), (2, "delivered"), (3, "retired")] {
      try await fleet.run(
        """
        INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
        VALUES (\(Fleet.cedar), \(Fleet.id(number)), 1, \(Fleet.now), 'controller', \(kind), 'district')
        """)
    }
    let marked = ids.map { "device=\($0)" }.joined(separator: "&")
    let form = "\(marked)&which=marked&move=repair&category=screen&reason=drop"
    let preview = try await fleet.ask("/districts/cedar/devices/change", method: .post, form: form)
    #expect(preview.status == 200 && preview.text.contains("<h1>Send 2 devices to repair (screen)?</h1>"))
    #expect(preview.text.contains("GONE-1") && preview.text.contains("1 cannot"))
    #expect(try await stages(fleet) == ["delivered", "delivered", "retired"])
    let apply = "devices=\(ids.map { $0 + ":1" }.joined(separator: "+"))&move=repair&category=screen&reason=drop"
    let done = try await fleet.ask("/districts/cedar/devices/change/apply", method: .post, form: apply)
    #expect(done.status == 200 && done.text.contains("2 devices sent to repair (screen)"), "\(done.text)")
    #expect(done.text.contains("GONE-1"))
    #expect(try await stages(fleet) == ["in-repair", "in-repair", "retired"])
    let entries = try await fleet.database.read(in: .state) {
      try $0.rows("SELECT action FROM audit_entry").map { try $0.get("action", as: String.self) }
    }
    #expect(entries == ["custody.repair", "custody.repair"])
  }

  private func stages(_ fleet: Fleet) async throws -> [String] {
    try await fleet.database.read(in: .state) {
      try $0.rows("SELECT stage FROM registry_device ORDER BY device_id").map { try $0.get("stage", as: String.self) }
    }
  }

  @Test("All that the filters find are moved to a school; a school that there is not, or nothing marked, is told")
  func all() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(5))
    let form = "which=all&query=school%3Dnorth&move=move&school=south"
    let preview = try await fleet.ask("/districts/cedar/devices/change", method: .post, form: form)
    #expect(preview.text.contains("Move 5 devices to school south?"), "\(preview.text)")
    let ids = try #require(preview.text.firstMatch(of: /name="devices" value="([^"]*)"/)).output.1
    let done = try await fleet.ask(
      "/districts/cedar/devices/change/apply", method: .post,
      form: "devices=\(ids.replacing(" ", with: "+"))&move=move&school=south")
    #expect(done.text.contains("5 devices moved to school south"), "\(done.text)")
    let schools = try await fleet.database.read(in: .state) {
      try $0.rows("SELECT DISTINCT school_id FROM registry_device").map { try $0.get("school_id", as: String.self) }
    }
    #expect(schools == ["south"])
    for wrong in ["which=all&move=move&school=west", "which=marked&move=retire&reason=x", "move=retire&device=x", ""] {
      let refused = try await fleet.ask("/districts/cedar/devices/change", method: .post, form: wrong)
      #expect(refused.status == 422 && refused.text.contains("Nothing was changed"), "\(wrong): \(refused.status)")
    }
  }

  @Test("All that the filters find are those that have the software too, in the preview and in the way back")
  func allHaving() async throws {
    let fleet = try await Fleet(software: OnePackage())
    try await fleet.add(Self.devices(5))
    let list = try await fleet.ask("/devices?school=north&software=lib-1&below=120").text
    let query = try #require(list.firstMatch(of: /name="query" value="([^"]*)"/)).output.1
      .replacing("&amp;", with: "&")
    #expect(query == "school=north&software=lib-1&below=120")
    let form = "which=all&query=\(PercentEncoding.encode(String(query)))&move=move&school=south"
    let preview = try await fleet.ask("/districts/cedar/devices/change", method: .post, form: form).text
    #expect(preview.contains("<h1>Move 2 devices to school south?</h1>"), "\(preview)")
    #expect(preview.contains("school=north&amp;software=lib-1&amp;below=120&amp;district=cedar"))
  }

  @Test("A device that moved since the preview is refused, with what came first, and stays as it is")
  func moved() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(2))
    for number in 1...2 {
      try await fleet.run(
        """
        INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
        VALUES (\(Fleet.cedar), \(Fleet.id(number)), 1, \(Fleet.now), 'controller', 'delivered', 'district')
        """)
    }
    let marked = (1...2).map { "device=\(Fleet.id($0))" }.joined(separator: "&")
    let address = "/districts/cedar/devices/change"
    let preview = try await fleet.ask(
      address, method: .post, form: "\(marked)&which=marked&move=repair&category=screen"
    ).text
    let seen = try #require(preview.firstMatch(of: /name="devices" value="([^"]*)"/)).output.1
    #expect(seen == "\(Fleet.id(1)):1 \(Fleet.id(2)):1")
    // Somebody else moves the second one meanwhile.
    let other = try await fleet.ask(
      address + "/apply", method: .post, form: "devices=\(Fleet.id(2)):1&move=move&school=south")
    #expect(other.text.contains("1 device moved"), "\(other.text)")
    let done = try await fleet.ask(
      address + "/apply", method: .post,
      form: "devices=\(seen.replacing(" ", with: "+"))&move=repair&category=screen"
    ).text
    #expect(done.contains("1 device sent to repair (screen)") && done.contains("1 cannot"), "\(done)")
    #expect(done.contains("Something else came first"))
    #expect(try await stages(fleet) == ["in-repair", "delivered"])
    let bare = try await fleet.ask(
      address + "/apply", method: .post, form: "devices=\(Fleet.id(1))&move=repair&category=screen")
    #expect(bare.status == 422 && bare.text.contains("preview anew"))
  }

  @Test("A filter that means something with another one alone goes with it")
  func leaning() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(2))
    let page = try await fleet.ask("/devices?reason=battery&severity=failing&wellness=failing").text
    let removal = try #require(page.firstMatch(of: /href="([^"]*)" aria-label="Remove the filter Not well: battery"/))
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
    run.strides = [8, 16]
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

  @Test("A change needs the role, the district and the session's form token")
  func guarded() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(1))
    let form = "devices=\(Fleet.id(1)):0&move=retire&reason=x"
    let address = "/districts/cedar/devices/change/apply"
    #expect(try await fleet.ask(address, as: "oak", method: .post, form: form).status == 404)
    #expect(try await fleet.ask(address, as: "desk", method: .post, form: form).status == 403)
    #expect(try await fleet.ask(address, as: "session-audit", method: .post, form: form).status == 403)
    let signed = form + "&form-token=\(Fleet.formToken.masked())"
    #expect(try await fleet.ask(address, as: "session-audit", method: .post, form: signed).status == 200)
    let list = try await fleet.ask("/devices", as: "desk").text
    #expect(!list.contains("Change many at once"))
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
    #expect(week.contains("memoryBytes,4294967296,8589934592") && week.contains("custody,delivered,,district"))
    #expect(!week.contains("old-news"))
    let month = try await fleet.ask("/api/v1/reports/changes?format=csv&since=2026-10-20&section=hardware").text
    #expect(month.contains("old-news") && !month.contains("custody,delivered"))
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
