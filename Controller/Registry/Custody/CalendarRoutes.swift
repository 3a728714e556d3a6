import Audit
import Serving
import Storage
import Vocabulary

/// On which days a district's schools are open.
struct CalendarRoutes: Sendable {
  let registry: DeviceRegistry

  private static let path = "/api/v1/districts/{district}/calendar"

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, Self.path, .district(AccessRule.anyReader),
        Operation(
          "showCalendar", "On which days the district's schools are open; days begin at midnight UTC",
          answers: (200, CalendarView.schema)), handle: show),
      PeopleRoute(
        .patch, Self.path, .district(AccessRule.deviceManagers),
        Operation(
          "changeCalendar",
          "Set the school weekdays, or the closed days, or both; a list that is given replaces the former",
          body: ("application/json", CalendarView.patchSchema), answers: (200, CalendarView.schema)), handle: change),
    ]
  }

  private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    return try await registry.database.read(in: context.scope) { transaction in
      _ = try registry.existing(district, transaction)
      return try .json(CalendarView(CalendarStore.calendar(of: district, transaction)))
    }
  }

  private func change(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let patch = try JSONText.decode(CalendarPatch.self, from: call.body).checked()
    return try await registry.change(call, context) { change in
      _ = try registry.existing(district, change.transaction)
      var calendar = try CalendarStore.calendar(of: district, change.transaction)
      calendar.weekdays = patch.weekdays ?? calendar.weekdays
      calendar.closed = patch.closed ?? calendar.closed
      try CalendarStore.set(calendar, of: district, now: change.now, change.transaction)
      try change.journal(
        "calendar.change", ("district", district.rawValue), district,
        CalendarBody(
          weekdays: Weekday.allCases.filter(calendar.weekdays.contains), closedDays: calendar.closed.count))
      return try .json(CalendarView(calendar))
    }
  }

  private struct CalendarBody: JournalBody {
    let weekdays: [Weekday]
    let closedDays: Int
  }
}

/// A change of a calendar; what is absent stays.
private struct CalendarPatch: Decodable, Sendable {
  var weekdays: [String]?
  var closedDays: [String]?

  /// - Throws: `request.body` where it changes nothing; `registry.invalid` with every fault.
  func checked() throws -> (weekdays: Set<Weekday>?, closed: Set<Int64>?) {
    guard weekdays != nil || closedDays != nil else {
      throw ServingError(.body, "The body changes nothing: give 'weekdays', 'closedDays' or both.")
    }
    var check = FieldCheck()
    var open: Set<Weekday>?
    if let weekdays {
      guard (1...7).contains(weekdays.count) else {
        throw RegistryError(.invalid, "'weekdays' names 1 to 7 days, each once.")
      }
      open = Set(weekdays.compactMap { check.choice($0, "weekdays") })
    }
    var closed: Set<Int64>?
    if let closedDays {
      guard closedDays.count <= SchoolCalendar.closedLimit else {
        throw RegistryError(.invalid, "'closedDays' has \(SchoolCalendar.closedLimit) days at most.")
      }
      closed = []
      for text in closedDays {
        if let day = CivilDate.day(of: text) {
          closed?.insert(day)
        } else {
          check.add("closedDays", text, "'closedDays' are days such as 2026-12-24.")
        }
      }
    }
    try check.throwFaults()
    return (open, closed)
  }
}

/// A calendar as the API shows it.
struct CalendarView: Encodable, Sendable {
  let weekdays: [Weekday]
  let closedDays: [String]

  init(_ calendar: SchoolCalendar) {
    weekdays = Weekday.allCases.filter(calendar.weekdays.contains)
    closedDays = calendar.closed.sorted().map(CivilDate.text)
  }

  private static let members: [(name: String, schema: Schema)] = [
    ("weekdays", .array(.oneOf(Weekday.allCases.map(\.rawValue), "A day on which schools are open"))),
    ("closedDays", .array(.string("A day on which they are closed all the same, as 2026-12-24; 1,000 at most"))),
  ]

  static let schema = Schema.object(members, required: ["weekdays", "closedDays"])
  static let patchSchema = Schema.object(members, required: [])
}
