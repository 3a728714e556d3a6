import Foundation
import Serving
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Reports

@Suite("The overview") struct OverviewTests {
  /// Many devices in all kinds of states, always the same.
  private static func many(_ count: Int, of district: DistrictID = Fleet.cedar, from first: Int = 0) -> [Fleet.Device] {
    (first..<first + count).map { number in
      var device = Fleet.Device(number)
      device.district = district
      device.school = ["north", "south", nil][number % 3]
      device.model = ["ThinkPad E14", "ThinkPad L13", "Latitude 3120", nil][number % 4]
      device.stage = number % 11 == 0 ? "retired" : number % 13 == 0 ? "lost" : "in-service"
      device.years = Int64(number % 9)
      device.seen = [0, 3, 8, 31, 95, nil][number % 6]
      device.health = ["well", "well", "well", "attention", "failing", "unknown"][number % 6]
      device.system = [("debian", "12"), ("debian", "11"), ("ubuntu", "24.04"), nil][number % 4]
      if number % 6 == 3 { device.reasons = [("updates", "attention")] }
      if number % 6 == 4 { device.reasons = [("battery", "failing"), ("disk", "attention")] }
      // Only expected; or imported, of which nothing else is known.
      if number % 17 == 5 { (device.stage, device.seen, device.reasons) = (number % 2 == 0 ? "ordered" : nil, nil, []) }
      return device
    }
  }

  private func numbers(_ fleet: Fleet, as caller: String = "it") async throws -> String {
    try await fleet.desk.counter.count(now: Fleet.now)
    let answer = try await fleet.ask("/overview", as: caller)
    try #require(answer.status == 200, "\(answer.text)")
    return answer.text
  }

  /// Every number that is a link to a list, with the link.
  private static func links(_ page: String) -> [(count: Int, address: String)] {
    page.matches(of: /<a href="(\/devices[^"]*)"[^>]*>(?:<strong>)?([0-9,]+)(?:<\/strong>|<\/a>)/).compactMap { match in
      let address = String(match.output.1).replacing("&amp;", with: "&")
      return Int(match.output.2.replacing(",", with: "")).map { ($0, address) }
    }
  }

  /// How many devices the inventory has with the filters of a list.
  private func listed(_ address: String, _ fleet: Fleet, as caller: String) async throws -> Int {
    let query = address.split(separator: "?").dropFirst().joined()
    let answer = try await fleet.ask("/api/v1/reports/inventory?\(query)", as: caller)
    try #require(answer.status == 200, "\(address): \(answer.text)")
    return answer.text.split(separator: "\n").count
  }

  @Test("Every number is that of the list to which it leads", arguments: ["it", "state", "teacher"])
  func everyNumber(caller: String) async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.many(160) + Self.many(40, of: Fleet.oak, from: 1000))
    let links = Self.links(try await numbers(fleet, as: caller))
    #expect(links.count > 30, "\(links.count)")
    for (count, address) in links {
      #expect(try await listed(address, fleet, as: caller) == count, "\(address)")
      // Page by page it has as many.
      var (rows, next): (Int, String?) = (0, address)
      while let asked = next {
        let page = try await fleet.ask(asked, as: caller)
        try #require(page.status == 200, "\(asked)")
        rows += page.text.matches(of: /<a href="\/devices\/dev_/).count
        next = page.text.firstMatch(of: /<a href="([^"]*)" rel="next"/).map {
          String($0.output.1).replacing("&amp;", with: "&")
        }
      }
      #expect(rows == count, "\(address)")
    }
  }

  @Test("Every model is reached from the overview, page by page")
  func allModels() async throws {
    let fleet = try await Fleet()
    var devices = Self.many(130)
    for index in devices.indices {
      (devices[index].model, devices[index].stage) = ("Model \(1000 + index)", "in-service")
    }
    try await fleet.add(devices)
    let page = try await numbers(fleet)
    let link = try #require(page.firstMatch(of: /<a href="([^"]*)">And 115 more models<\/a>/)).output.1
    var (names, pages, next): ([String], Int, String?) = ([], 0, String(link))
    while let asked = next {
      let page = try await fleet.ask(asked).text
      names += page.matches(of: /<bdi>(Model \d+)<\/bdi>/).map { String($0.output.1) }
      pages += 1
      next = page.firstMatch(of: /<a href="([^"]*)" rel="next"/).map {
        String($0.output.1).replacing("&amp;", with: "&")
      }
    }
    #expect(names.count == 130 && Set(names).count == 130 && pages == 7)
    #expect(try await fleet.ask("/overview/models?after=x").status == 400)
  }

  @Test("A count that is still fresh is left alone, an old one is made anew, and what is gone is removed")
  func recount() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.many(30))
    #expect(try await fleet.desk.counter.count(now: Fleet.now) == 2, "both districts")
    #expect(try await fleet.desk.counter.count(now: Fleet.now.advanced(by: .seconds(60))) == 0)
    try await fleet.run("UPDATE registry_device SET model = 'Other' WHERE model = 'ThinkPad E14'")
    #expect(try await fleet.desk.counter.count(now: Fleet.now.advanced(by: .seconds(600))) == 2)
    let models = try await fleet.database.read(in: .state) { transaction in
      try transaction.rows(
        "SELECT DISTINCT value FROM reports_count WHERE kind = 'model' AND place = '' ORDER BY value"
      ).map { try $0.get("value", as: String.self) }
    }
    #expect(models == ["-", "Latitude 3120", "Other", "ThinkPad L13"])
  }

  @Test("The trend has a row a day, the last count of the day, and begins where counting began")
  func trend() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.many(30))
    for hours in [-30, -6, 0] {
      try await fleet.desk.counter.count(now: Fleet.now.advanced(by: .seconds(hours * 3600)))
    }
    let days = try await fleet.database.read(in: .state) { transaction in
      try transaction.rows("SELECT day FROM reports_day WHERE district_id = 'cedar' ORDER BY day").count
    }
    #expect(days == 2)
    let page = try await fleet.ask("/overview").text
    #expect(page.contains("<svg class=\"chart\"") && page.contains("role=\"img\""))
    #expect(page.contains("<th scope=\"row\">2026-11-18</th>") && page.contains("<th scope=\"row\">2026-11-17</th>"))
    let teacher = try await fleet.ask("/overview", as: "teacher").text
    #expect(!teacher.contains("<svg"), "what the district had is not told to who sees a school of it")
  }

  @Test("Before the first count the page says so, and another district's overview is not there")
  func before() async throws {
    let fleet = try await Fleet()
    let page = try await fleet.ask("/overview")
    #expect(page.text.contains("the first count is not done yet"))
    #expect(try await fleet.ask("/overview?district=oak").status == 404)
    #expect(try await fleet.ask("/overview?district=oak", as: "state").status == 200)
    #expect(try await fleet.ask("/overview?district=nowhere", as: "state").status == 404)
  }

  @Test("A system whose support ended is marked, and its date is that of the table")
  func support() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.many(8))
    let page = try await numbers(fleet)
    #expect(page.contains("Debian 11") && page.contains("2026-08-31") && page.contains("ended"))
    #expect(OSSupport.ends.allSatisfy { Instant(rfc3339: $0.ends) != nil })
  }

  @Test("Lists and counts of a district find their devices by an index, and never read all of them through")
  func plans() async throws {
    guard !TestDatabase.isPostgres else { return }
    let fleet = try await Fleet()
    try await fleet.add(Self.many(300))
    for query in [
      "", "school=north", "model=ThinkPad%20E14", "stage=lost", "wellness=failing", "reason=battery",
      "reason=battery&severity=failing", "os=debian-12",
    ] {
      let call = Call(
        .get, "/x",
        query: query.split(separator: "&").map { pair in
          let sides = pair.split(separator: "=").map { PercentEncoding.decode($0) ?? "" }
          return (name: sides[0], value: sides[1])
        }, now: Fleet.now)
      let question = try Question(call, DeviceReports.filters, stages: ["lost"])
      let rows = DeviceTables.query(in: Fleet.cedar, question).rows(DeviceReports.all, after: ["dev"], limit: 51)
      let plan = try await fleet.database.read(in: .state) { transaction in
        try transaction.rows("EXPLAIN QUERY PLAN " + rows).map { try $0.get("detail", as: String.self) }
      }
      #expect(!plan.contains { $0.hasPrefix("SCAN") && !$0.contains("subquery") }, "\(query): \(plan)")
      #expect(!plan.contains { $0.contains("USE TEMP B-TREE") }, "\(query): \(plan)")
    }
    guard case .merged(let arms) = OtherReports.changes.source else { throw CocoaError(.featureUnsupported) }
    var question = Question(now: Fleet.now)
    question.school = .named(Fleet.north)
    let attention = try DeviceReports.attention.query(in: Fleet.cedar, question)
    let queries =
      try arms(Fleet.cedar, question).map {
        $0.rows(OtherReports.changes.columns, after: ["5", "dev", "1"], limit: 51)
      } + [
        attention.rows(DeviceReports.attention.columns, after: ["dev"], limit: 51)
      ]
    #expect(queries.count == 3)
    guard case .merged(let holders) = OtherReports.students.source else { throw CocoaError(.featureUnsupported) }
    for (arm, index) in zip(try holders(Fleet.cedar, question), ["registry_custody_holder", "registry_custody_owner"]) {
      let students = arm.rows(OtherReports.students.columns, after: ["per", "", "0"], limit: 51)
      let plan = try await fleet.database.read(in: .state) { transaction in
        try transaction.rows("EXPLAIN QUERY PLAN " + students).map { try $0.get("detail", as: String.self) }
      }
      #expect(!plan.contains { $0.hasPrefix("SCAN") } && plan.contains { $0.contains(index) }, "\(plan)")
    }
    for query in queries {
      let plan = try await fleet.database.read(in: .state) { transaction in
        try transaction.rows("EXPLAIN QUERY PLAN " + query).map { try $0.get("detail", as: String.self) }
      }
      let isWhole = plan.contains { line in
        ["SCAN", "MATERIALIZE", "CO-ROUTINE", "USE TEMP B-TREE"].contains { line.hasPrefix($0) }
      }
      #expect(!isWhole, "\(plan)")
    }
  }

  @Test("Unseen in the trend is unseen in the list: what was never seen is told by itself")
  func unseen() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.many(60))
    let page = try await numbers(fleet)
    let trend = try #require(page.firstMatch(of: /data-label="Unseen for 30 days">([0-9]+)</)).output.1
    let list = try #require(page.firstMatch(of: /notSeen=30" aria-label="30 days or longer: ([0-9]+)"/)).output.1
    #expect(trend == list && trend != "0")
  }

  @Test("Before anything is counted nothing is called well, and the trend's table has the picture's days and parts")
  func honest() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.many(30))
    #expect(try await fleet.ask("/overview").text.contains("The reasons are not counted yet."))
    try await fleet.run("UPDATE checkin_summary SET reasons = 0")
    #expect(
      try await numbers(fleet).contains("The reasons are not counted yet."), "what is not well has no reasons yet")
    for days in 1...19 {
      try await fleet.run("UPDATE reports_counted SET at = 0")
      try await fleet.desk.counter.count(now: Fleet.now.advanced(by: .seconds(-86_400 * days)))
    }
    try await fleet.run("UPDATE registry_contact SET health = 'well'")
    let page = try await numbers(fleet)
    #expect(page.contains("Nothing is known to be wrong with any device."))
    #expect(page.matches(of: /<th scope="row">2026-1[01]-[0-9]{2}<\/th>/).count == 20)
    #expect(page.contains("data-label=\"Well\"") && page.contains("data-label=\"Unknown\""))
  }

  @Test(
    "Support ends with the last day, not before it",
    arguments: [
      ("2026-08-30T23:59:59Z", "tomorrow", false), ("2026-08-31T00:00:01Z", "today", false),
      ("2026-08-31T23:59:59Z", "today", false), ("2026-09-01T00:00:00Z", "ended", true),
      ("2026-08-01T12:00:00Z", "in 30 days", false),
    ])
  func lastDay(now: String, words: String, isOver: Bool) throws {
    let told = OSSupport.words(OSSupport.end(of: "debian-11"), now: try #require(Instant(rfc3339: now)))
    #expect(told.text == words && told.isOver == isOver)
  }

  @Test(
    "A share of less than all is never told as all", arguments: [(399_000, "> 99 %"), (400_000, "100 %"), (1, "< 1 %")])
  func share(part: Int, words: String) { #expect(Words.share(part, of: 400_000) == words) }

  @Test("The shares of schools are drawn for one district alone")
  func chart() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.many(30))
    #expect(try await fleet.ask("/reports/fleet-health", as: "state").text.contains("<svg") == false)
    #expect(try await fleet.ask("/reports/fleet-health?district=cedar", as: "state").text.contains("<svg"))
  }
}

extension Report {
  fileprivate func query(in district: DistrictID, _ question: Question) throws -> TableQuery {
    guard case .tables(let query) = source else { throw CocoaError(.featureUnsupported) }
    return try query(district, question)
  }
}
