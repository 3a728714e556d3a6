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
          "changeRoster",
          "Choose how long people who left are kept; for the district's administrators, whether demographics are read; for the state, what a source calls the district",
          body: ("application/json", RosterPatch.schema), answers: (200, RosterView.schema)), handle: change),
    ]
  }

  private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    return try await desk.database.read(in: context.scope) { [desk] transaction in
      try desk.requireDistrict(district, transaction)
      return try .json(RosterView(district, desk.registry, now: call.now, transaction))
    }
  }

  private func change(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let patch = try JSONText.decode(RosterPatch.self, from: call.body)
    let actor = try context.actor
    // By the identifier a state's file finds the district: who chose another's would be given its children.
    let scope = patch.identifier == nil ? context.scope : try Self.stateScope(context)
    if patch.demographics != nil { try Self.requireAdministrator(of: district, context) }
    return try await desk.database.write(in: scope) { [desk] transaction in
      try Idempotency.reply(to: call, context, in: transaction) {
        try desk.requireDistrict(district, transaction)
        let former = try RosterSettings.of(district, transaction)
        let settings = try patch.applied(to: former)
        if patch.identifier != nil { try settings.requireOwnIdentifier(district, transaction) }
        try settings.store(district, transaction)
        let isRenamed = settings.identifier != former.identifier
        let erased = settings.demographics == .never ? try DemographicsStore.removeAll(of: district, transaction) : 0
        try desk.record(
          "roster.change", ("district", district.rawValue), district, by: actor, at: call.now,
          SettingsBody(
            leftDays: settings.leftDays, identifierChanged: isRenamed ? true : nil, demographics: patch.demographics,
            demographicsErased: erased > 0 ? erased : nil), transaction)
        return try .json(RosterView(district, desk.registry, now: call.now, transaction))
      }
    }
  }

  /// - Throws: `access.forbidden` unless the caller administers the state.
  private static func stateScope(_ context: OperatorContext) throws(ServingError) -> TenantScope {
    guard let scope = context.caller?.scope(of: [.stateAdmin]), scope == .state else {
      throw ServingError(
        .forbidden,
        "What a source calls the district is chosen by who administers the state: by it a state's file finds the district. Ask them to run 'rollcall roster set --identifier'."
      )
    }
    return scope
  }

  /// What is kept of children is no question of how devices are run.
  ///
  /// - Throws: `access.forbidden` unless the caller administers the district or the state.
  private static func requireAdministrator(of district: DistrictID, _ context: OperatorContext) throws(ServingError) {
    guard context.caller?.holds([.stateAdmin, .districtAdmin], in: district) == true else {
      throw ServingError(
        .forbidden,
        "Whether birth dates and sexes are kept is chosen by who administers the district. Ask them to run 'rollcall roster set --demographics'."
      )
    }
  }

  private struct SettingsBody: JournalBody {
    let leftDays: Int?
    /// Absent where it is as it was.
    let identifierChanged: Bool?
    /// Absent where nothing was chosen.
    let demographics: DemographicsChoice?
    /// Of how many people they were erased with the choice.
    let demographicsErased: Int?
  }
}
