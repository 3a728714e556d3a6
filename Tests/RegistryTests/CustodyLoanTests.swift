import Serving
import Testing
import Vocabulary

@testable import Registry

@Suite("Loans and the school calendar")
struct CustodyLoanTests {
  /// 2026-09-21, a Monday.
  private static let monday = RegistryBench.now.day
  private static func days(_ count: Int64) -> Instant { RegistryBench.now.advanced(by: .seconds(count * 86_400)) }

  @Test("The sample's day is the one that this suite counts from")
  func sample() {
    #expect(CivilDate.text(of: Self.monday) == "2026-09-21")
    #expect(SchoolCalendar(weekdays: [.monday]).isOpen(Self.monday))
    #expect(SchoolCalendar(weekdays: [.thursday]).isOpen(0) && SchoolCalendar(weekdays: [.wednesday]).isOpen(-1))
  }

  @Test("School days skip weekends and closed days")
  func counting() {
    var calendar = SchoolCalendar.standard
    #expect(calendar.day(1, after: Self.monday) == Self.monday + 1)
    #expect(calendar.day(5, after: Self.monday) == Self.monday + 7)
    calendar.closed = [Self.monday + 2, Self.monday + 7]
    #expect(calendar.day(5, after: Self.monday) == Self.monday + 9)
    #expect(calendar.daysLate(Self.monday, today: Self.monday) == 0)
    #expect(calendar.daysLate(Self.monday, today: Self.monday + 8) == 4)
    #expect(calendar.daysLate(.min / 2, today: Self.monday) > 200)
    let never = SchoolCalendar(weekdays: [])
    #expect(never.day(1, after: Self.monday) == nil)
  }

  @Test("A loan stands for a device in repair, is due in school days, and overdue after its last day")
  func loan() async throws {
    let bench = try await CustodyBench()
    let broken = try await bench.device("PF3ABC01")
    let loaner = try await bench.device("LOANER07")
    _ = try await bench.registry.send(
      .patch, CustodyBench.path + "/calendar", body: #"{"closedDays":["2026-09-23","2026-09-23"]}"#)
    try await bench.move(broken, .assign, #"{"to":"student:1001"}"#)
    let early = try await bench.refused(loaner, .loan, #"{"to":"student:1001","days":5,"for":"PF3ABC01"}"#)
    #expect(early?.code == "custody.loan-for" && early?.message.contains("neither in repair nor lost") == true)
    try await bench.move(broken, .repair, #"{"category":"screen","to":"vendor:Depot"}"#)
    let made = try await bench.move(loaner, .loan, #"{"to":"student:1001","days":5,"for":"pf3abc01"}"#)
    let standing = try #require(made.json["standing"] as? [String: Any])
    let terms = try #require(standing["loan"] as? [String: Any])
    #expect(terms["due"] as? String == "2026-09-29" && terms["isOverdue"] as? Bool == false)
    #expect(terms["for"] as? String == broken.rawValue)

    func loans(_ overdue: Bool, after days: Int64) async throws -> [[String: Any]] {
      try await bench.registry.send(
        .get, CustodyBench.path + "/loans", query: overdue ? [("overdue", "true")] : [], at: Self.days(days)
      ).items
    }
    #expect(try await loans(true, after: 8).isEmpty, "its last day is not over")
    let late = try #require(try await loans(true, after: 10).first)
    #expect(late["serial"] as? String == "LOANER07" && late["daysLate"] as? Int == 2)
    #expect(late["holder"] as? String == "person:\(PersonID.numbered(1))")
    #expect(try await loans(false, after: 0).count == 1)

    try await bench.move(broken, .repaired)
    #expect(try await bench.standing(broken)["holder"] as? String == "person:\(PersonID.numbered(1))")
    let back = try await bench.move(loaner, .giveBack)
    #expect((back.json["event"] as? [String: Any])?["kind"] as? String == "loan-returned")
    #expect(try await loans(false, after: 10).isEmpty)
    try await bench.requireReplayed()
  }

  @Test("Loans come in the order in which they are due, page by page")
  func pages() async throws {
    let bench = try await CustodyBench()
    for number in 0..<7 {
      let device = try await bench.device("LOANER0\(number)")
      let due = CivilDate.text(of: Self.monday + Int64((number * 3) % 7))
      try await bench.move(device, .loan, #"{"to":"student:\#(1000 + number)","due":"\#(due)"}"#)
    }
    var seen: [String] = []
    var after: String?
    repeat {
      let query = [("limit", "2")] + (after.map { [("after", $0)] } ?? [])
      let page = try await bench.registry.send(.get, CustodyBench.path + "/loans", query: query)
      seen += page.items.compactMap { $0["due"] as? String }
      after = page.json["next"] as? String
    } while after != nil
    #expect(seen.count == 7 && seen == seen.sorted())
    for after in ["x", "1/2", "/", "9999999999999999999/dev_0000000000000000"] {
      #expect(
        try await bench.registry.refusal(.get, CustodyBench.path + "/loans", query: [("after", after)])
          == "request.query")
    }
    #expect(
      try await bench.registry.refusal(.get, CustodyBench.path + "/loans", query: [("overdue", "yes")])
        == "request.query")
  }

  @Test("A district's calendar is the standard one until it sets its own, and stays its own")
  func calendar() async throws {
    let bench = try await CustodyBench()
    let path = CustodyBench.path + "/calendar"
    let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"]
    #expect(try await bench.registry.send(.get, path).json["weekdays"] as? [String] == weekdays)
    _ = try await bench.registry.send(.patch, path, body: #"{"weekdays":["tuesday","monday"]}"#)
    let set = try await bench.registry.send(.patch, path, body: #"{"closedDays":["2026-12-24","2026-01-01"]}"#)
    #expect(set.json["weekdays"] as? [String] == ["monday", "tuesday"])
    #expect(set.json["closedDays"] as? [String] == ["2026-01-01", "2026-12-24"])
    let other = try await bench.registry.send(.get, "/api/v1/districts/oak-park/calendar")
    #expect(other.json["weekdays"] as? [String] == weekdays && other.json["closedDays"] as? [String] == [])
    for body in [
      #"{"weekdays":[]}"#, #"{"weekdays":["funday"]}"#, #"{"closedDays":["24 December"]}"#,
      #"{"closedDays":["2026-02-30"]}"#,
      #"{"closedDays":[\#((0...1000).map { #""\#(CivilDate.text(of: Int64($0)))""# }.joined(separator: ","))]}"#,
    ] { #expect(try await bench.registry.refusal(.patch, path, body: body) == "registry.invalid") }
    #expect(try await bench.registry.refusal(.patch, path, body: "{}") == "request.body")
    #expect(try await bench.registry.send(.get, path).json["closedDays"] as? [String] == ["2026-01-01", "2026-12-24"])
  }

  @Test(
    "A device on loan at a school stays its own school's, and comes back there; where it is moved for good, the loan ends"
  )
  func toSchool() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.device("PF3ABC01", school: "north")
    try await bench.move(device, .loan, #"{"to":"school:south","days":5}"#)
    try await bench.move(device, .giveBack)
    #expect(try await bench.standing(device)["holder"] as? String == "school:north")
    try await bench.move(device, .loan, #"{"to":"school:south","days":5}"#)
    try await bench.move(device, .transfer, #"{"to":"school:south"}"#)
  }
}
