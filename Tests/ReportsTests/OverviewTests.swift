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
      let page = try await fleet.ask(address, as: caller)
      #expect(page.status == 200, "\(address)")
    }
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
    let changes = try OtherReports.changes.query(in: Fleet.cedar, Question(now: Fleet.now))
      .rows(OtherReports.changes.columns, after: nil, limit: 51)
    let plan = try await fleet.database.read(in: .state) { transaction in
      try transaction.rows("EXPLAIN QUERY PLAN " + changes).map { try $0.get("detail", as: String.self) }
    }
    #expect(!plan.contains { $0.hasPrefix("SCAN registry_") }, "\(plan)")
  }
}

extension Report {
  fileprivate func query(in district: DistrictID, _ question: Question) throws -> TableQuery {
    guard case .tables(let query) = source else { throw CocoaError(.featureUnsupported) }
    return try query(district, question)
  }
}
