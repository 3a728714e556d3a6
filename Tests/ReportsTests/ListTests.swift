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

  @Test("What is printed is looked for to the end, and a list whose first page is empty can be changed as a whole")
  func sparse() async throws {
    let fleet = try await Fleet(pace: ReportPace(strides: [8, 16], patience: .zero))
    var devices = Self.devices(80)
    for index in devices.indices { (devices[index].custody, devices[index].seen) = ("person", 0) }
    for index in [60, 70, 79] { (devices[index].custody, devices[index].seen) = ("district", nil) }
    try await fleet.add(devices)
    for address in ["/reports/unassigned", "/reports/inventory?notSeen=never"] {
      let page = try await fleet.ask(address).text
      #expect(page.contains("it goes on with the next one") && page.contains("rel=\"next\""), "\(page)")
      let paper = try await fleet.ask(address + (address.contains("?") ? "&" : "?") + "view=print").text
      for serial in ["SN1061", "SN1071", "SN1080"] { #expect(paper.contains(serial), "\(address)") }
      #expect(!paper.contains("There is nothing of this") && !paper.contains("The whole is in the files"))
    }
    let list = try await fleet.ask("/devices?notSeen=never").text
    #expect(list.contains("the search goes on with the next page") && list.contains("Change many at once"), "\(list)")
    #expect(list.contains("All that the filters find") && !list.contains("Those marked above"))
    let preview = try await fleet.ask(
      "/districts/cedar/devices/change", method: .post,
      form: "which=all&query=notSeen%3Dnever&move=repair&category=screen"
    ).text
    #expect(preview.contains("<h1>Send 3 devices to repair (screen)?</h1>"), "\(preview)")
  }

  @Test("A page that has time goes on behind its steps until it is full")
  func patience() async throws {
    let fleet = try await Fleet(pace: ReportPace(strides: [8], patience: .seconds(3600)))
    var devices = Self.devices(80)
    for index in [60, 70, 79] { devices[index].seen = nil }
    try await fleet.add(devices)
    let page = try await fleet.ask("/devices?notSeen=never").text
    for serial in ["SN1061", "SN1071", "SN1080"] { #expect(page.contains(serial)) }
    #expect(!page.contains("rel=\"next\""))
  }

  @Test("Of the state, districts in which nothing was counted are passed over while the count is fresh, and no longer")
  func likely() async throws {
    let fleet = try await Fleet()
    var devices = Self.devices(20)
    devices += Self.devices(20).map { device in
      var device = device
      (device.number, device.district) = (device.number + 5000, Fleet.oak)
      return device
    }
    (devices[30].seen, devices[31].system, devices[32].years) = (nil, nil, 7)
    devices[33].seen = 45
    try await fleet.add(devices)
    func districts(after minutes: Int64, _ change: @Sendable (inout Question) -> Void) async throws -> [DistrictID] {
      var question = Question(now: Fleet.now.advanced(by: .seconds(minutes * 60)))
      question.use = .in
      change(&question)
      let run = ReportRun(
        report: DeviceReports.inventory, columns: DeviceReports.ids, question: question, scope: .state,
        districts: [Fleet.cedar, Fleet.oak], schools: nil, software: NoSoftware())
      return try await fleet.database.read(in: .state) { try run.likely($0) }
    }
    let both = [Fleet.cedar, Fleet.oak]
    let uncounted = try await districts(after: 0) { $0.notSeen = .never }
    #expect(uncounted == both, "nothing is counted yet")
    try await fleet.desk.counter.count(now: Fleet.now)
    let asked: [(words: String, minutes: Int64, change: @Sendable (inout Question) -> Void, found: [DistrictID])] = [
      ("never", 0, { $0.notSeen = .never }, [Fleet.oak]), ("40 days", 0, { $0.notSeen = .days(40) }, [Fleet.oak]),
      ("90 days", 0, { $0.notSeen = .days(90) }, []),
      ("for so short it is not counted", 0, { $0.notSeen = .days(3) }, both),
      ("system", 0, { $0.os = .unnamed }, [Fleet.oak]), ("age", 0, { $0.age = 6 }, [Fleet.oak]),
      ("exact at the moment", 0, { $0.wellness = "unknown" }, [Fleet.oak]),
      ("an old count", 11, { $0.notSeen = .never }, both),
      (
        "not only those in use", 0,
        { question in
          question.notSeen = .never
          question.use = nil
        }, both
      ),
    ]
    for one in asked {
      let found = try await districts(after: one.minutes, one.change)
      #expect(found == one.found, "\(one.words)")
    }
    let page = try await fleet.ask("/devices?use=in&notSeen=never&column=serial", as: "state").text
    #expect(page.contains("SN6011") && !page.contains("rel=\"next\""))
  }

  @Test("A list by a package is a file of the same devices")
  func having() async throws {
    let fleet = try await Fleet(software: OnePackage())
    try await fleet.add(Self.devices(3))
    let list = try await fleet.ask("/devices?software=lib-1&stage=delivered&column=serial").text
    let file = try #require(list.firstMatch(of: /<a href="([^"]*format=csv)">This list as CSV/)).output.1
    let csv = try await fleet.ask(String(file).replacing("&amp;", with: "&")).text
    #expect(csv.contains("SN1001") && csv.contains("SN1002") && !csv.contains("SN1003"), "\(csv)")
    #expect(try await fleet.ask("/api/v1/reports/inventory?version=1").status == 400, "of which package?")
  }

  @Test("The limits of a filter fit what machines tell: a long model is found, and a dash is none")
  func models() async throws {
    let fleet = try await Fleet()
    var devices = Self.devices(4)
    devices[0].model = String(repeating: "m", count: 1000)
    (devices[1].model, devices[2].model) = ("-", nil)
    try await fleet.add(devices)
    try await fleet.desk.counter.count(now: Fleet.now)
    let overview = try await fleet.ask("/overview").text
    let links = overview.matches(of: /<a href="(\/devices\?district=cedar&amp;use=in&amp;model=[^"]*)">(\d+)<\/a>/)
    #expect(links.count >= 3)
    for link in links {
      let page = try await fleet.ask(String(link.output.1).replacing("&amp;", with: "&"))
      let rows = page.text.matches(of: /<a href="\/devices\/dev_/).count
      #expect(page.status == 200 && rows == Int(link.output.2), "\(link.output.1)")
    }
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

  @Test("Of changes few of which are meant, a page looks at so many, says that it goes on, and each is found once")
  func changesByStep() async throws {
    let fleet = try await Fleet()
    var devices = Self.devices(12)
    for index in devices.indices where index % 4 == 0 { devices[index].school = "south" }
    try await fleet.add(devices)
    for device in 1...12 {
      for sequence in 1...6 {
        try await fleet.run(
          """
          INSERT INTO registry_change (district_id, device_id, sequence, at, section, field, old, new)
          VALUES (\(Fleet.cedar), \(Fleet.id(device)), \(sequence), \(Fleet.now.milliseconds - Int64(sequence / 2)),
            \(device == 7 && sequence == 5 ? "hardware" : "software"), 'bash', '1', \("\(device)-\(sequence)"))
          """)
      }
      try await fleet.run(
        """
        INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
        VALUES (\(Fleet.cedar), \(Fleet.id(device)), 1, \(Fleet.now.milliseconds - 2), 'controller', 'delivered', 'district')
        """)
    }
    let columns = OtherReports.changes.columns
    for (section, school) in [("hardware", nil), ("custody", nil), (nil, "south"), ("software", "south")]
      as [(String?, String?)]
    {
      var question = Question(now: Fleet.now)
      (question.section, question.school) = (
        section, school.flatMap(SchoolID.init(rawValue:)).map { Question.Place.named($0) }
      )
      for limit in [1, 3, 100] {
        var run = ReportRun(
          report: OtherReports.changes, columns: columns, question: question, scope: .state,
          districts: [Fleet.cedar, Fleet.oak], schools: nil, software: NoSoftware())
        run.pace = ReportPace(strides: [5], patience: .zero)
        let all = try await fleet.database.read(in: .state) { [run] transaction in
          var all: [[SQLValue]] = []
          try run.each(transaction) { all.append($0) }
          return all
        }
        var (rows, pages, after): ([[SQLValue]], Int, String?) = ([], 0, nil)
        repeat {
          let page = try await fleet.database.read(in: .state) { [run, after] in
            try run.page(after: after, limit: limit, $0)
          }
          rows += page.rows.map(\.values)
          (pages, after) = (pages + 1, page.next)
        } while after != nil && pages < 200
        #expect(rows == all && !all.isEmpty, "\(section ?? "") \(school ?? "") \(limit)")
        // 72 changes are not read for one page.
        if section != "custody" { #expect(pages > 5, "\(pages)") }
      }
    }
    let page = try await fleet.ask("/reports/changes?section=hardware").text
    #expect(page.contains("7-5") && !page.contains("rel=\"next\""))
  }

  @Test("People read words, and programs codes: who has it, what happened, and whether it is trusted")
  func words() async throws {
    let fleet = try await Fleet()
    var devices = Self.devices(3)
    (devices[0].stage, devices[0].custody, devices[0].holder) = ("in-repair", "vendor", "vendor:Depot")
    (devices[1].stage, devices[1].custody, devices[1].holder) = ("lost", "person", "person:per_0000000000000001")
    try await fleet.add(devices)
    let digest = String(repeating: "ab", count: 32)
    try await fleet.run(
      """
      INSERT INTO registry_change (district_id, device_id, sequence, at, section, field, old, new)
      VALUES (\(Fleet.cedar), \(Fleet.id(1)), 1, \(Fleet.now), 'key', \(digest), 'active', 'revoked: It was sold.')
      """)
    try await fleet.run(
      """
      INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
      VALUES (\(Fleet.cedar), \(Fleet.id(2)), 1, \(Fleet.now), 'controller', 'sent-to-repair', 'person:per_0000000000000001')
      """)
    let losses = try await fleet.ask("/reports/losses").text
    #expect(losses.contains("<bdi>Depot</bdi>") && losses.contains("<bdi>in repair</bdi>"), "\(losses)")
    #expect(losses.contains("a student or a member of staff") && !losses.contains("per_"))
    for changes in [
      try await fleet.ask("/reports/changes").text, try await fleet.ask("/api/v1/reports/changes?format=csv").text,
    ] {
      for words in ["Whether it is trusted", "its key", "refused: It was sold.", "Who has it", "sent to repair"] {
        #expect(changes.contains(words), "\(words)")
      }
      #expect(!changes.contains(digest) && !changes.contains("per_"))
    }
    let keys = try await fleet.ask("/api/v1/reports/changes?section=key").text
    #expect(keys.contains(digest) && keys.contains(#""section":"key""#) && !keys.contains("sent-to-repair"))
    #expect(try await fleet.ask("/api/v1/reports/losses").text.contains(#""at":"vendor:Depot""#))
  }

  @Test(
    "A report's stages and schools are chosen from, and a stage that there is not is answered with those that there are"
  )
  func choices() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(1))
    let losses = try await fleet.ask("/reports/losses").text
    #expect(
      losses.contains("<select id=\"stage\"") && losses.contains("<option value=\"in-repair\">in repair</option>"))
    #expect(!losses.contains("<option value=\"delivered\""))
    #expect(
      losses.contains("<select id=\"school\"") && losses.contains("<option value=\"north\">Cedar Falls north</option>"))
    #expect(!(try await fleet.ask("/reports/losses", as: "state")).text.contains("id=\"school\""))
    let teacher = try await fleet.ask("/reports/losses", as: "teacher").text
    #expect(teacher.contains("value=\"north\"") && !teacher.contains("value=\"south\""))
    let refused = try await fleet.ask("/api/v1/reports/losses?stage=In%20repair")
    #expect(refused.status == 400 && refused.text.contains("in-repair, lost, stolen"), "\(refused.text)")
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
