import Access
import Audit
import Serving
import Storage
import Vocabulary

/// How a district's roster stands, and what the district chose for it.
struct RosterRoutes: Sendable {
  let desk: RosterDesk

  private static let path = "/api/v1/districts/{district}/roster"

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, Self.path, .district(AccessRule.deviceManagers),
        Operation("showRoster", "How a district's roster stands, in counts", answers: (200, RosterView.schema)),
        handle: show),
      PeopleRoute(
        .patch, Self.path, .district(AccessRule.deviceManagers),
        Operation(
          "changeRoster", "Choose what a source calls the district, and how long people who left are kept",
          body: ("application/json", RosterPatch.schema), answers: (200, RosterView.schema)), handle: change),
    ]
  }

  private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    return try await desk.database.read(in: context.scope) { [desk] transaction in
      try desk.requireDistrict(district, transaction)
      return try .json(RosterView(district, transaction))
    }
  }

  private func change(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let patch = try JSONText.decode(RosterPatch.self, from: call.body)
    let actor = try context.actor
    return try await desk.database.write(in: context.scope) { [desk] transaction in
      try Idempotency.reply(to: call, context, in: transaction) {
        try desk.requireDistrict(district, transaction)
        let settings = try patch.applied(to: RosterSettings.of(district, transaction))
        try settings.store(district, transaction)
        try desk.record(
          "roster.change", ("district", district.rawValue), district, by: actor, at: call.now,
          SettingsBody(leftDays: settings.leftDays), transaction)
        return try .json(RosterView(district, transaction))
      }
    }
  }

  private struct SettingsBody: JournalBody {
    let leftDays: Int?
  }
}
