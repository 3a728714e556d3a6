import Access
import Audit
import Serving
import Storage
import Vocabulary

/// Rosters as archives: of a district, and of the state.
struct ImportRoutes: Sendable {
  /// The largest archive, in bytes: a state's 450,000 people with their classes.
  static let bodyLimit = 64 << 20

  let desk: RosterDesk

  private static let query = [
    Operation.Parameter("preview", "'true' tells what would change, and changes nothing"),
    Operation.Parameter(
      "allowRemoval",
      "The share of a district's students, staff, classes, guardians or memberships that may go, in per cent, 0 to 100; \(ImportGuard.standard) by default"
    ),
    Operation.Parameter(
      "demographics",
      "'true' reads birthDate and sex of demographics.csv for districts that chose 'on-request'; without it nothing of that file is read"
    ),
  ]

  private static let body = (
    type: "application/zip",
    schema: Schema.string("A OneRoster 1.1 or 1.2 archive: manifest.csv and the files that it names, at the root")
  )

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .post, "/api/v1/districts/{district}/roster/imports", .district(AccessRule.deviceManagers),
        Operation(
          "importRoster", "Take up a district's roster from an archive or a CSV of one's own, all of it or nothing",
          query: Self.query + [
            Operation.Parameter("mapping", "The saved mapping of the columns, where the body is a CSV")
          ],
          body: Self.body, csv: "A CSV of one's own, with 'mapping' in the query", answers: (200, ImportView.schema)),
        bodyLimit: Self.bodyLimit
      ) { call, context in try await take(call, context, only: try call.identifier("district")) },
      PeopleRoute(
        .post, "/api/v1/roster/imports", .state([.stateAdmin]),
        Operation(
          "importStateRoster",
          "Take up the rosters of every district in a state's archive: its orgs of type district are ours by identifier",
          query: Self.query, body: Self.body, answers: (200, ImportView.schema)), bodyLimit: Self.bodyLimit
      ) { call, context in try await take(call, context, only: nil) },
      PeopleRoute(
        .post, "/api/v1/districts/{district}/roster/undo", .district(AccessRule.deviceManagers),
        Operation(
          "undoRosterImport", "Put a district's roster back to what it was before its last import",
          answers: (200, UndoView.schema)), handle: undo),
      PeopleRoute(
        .post, "/api/v1/roster/undo", .state([.stateAdmin]),
        Operation(
          "undoStateRosterImport", "Undo the state's last import in every district that it changed",
          answers: (200, UndoView.schema)), handle: undoState),
      PeopleRoute(
        .get, "/api/v1/districts/{district}/roster/imports", .district(AccessRule.deviceManagers),
        Operation(
          "listRosterImports", "A district's imports, the newest first", query: PageRequest.parameters,
          answers: (200, Page<ImportItem>.schema(of: ImportItem.schema))), handle: list),
    ]
  }

  private func take(_ call: Call, _ context: OperatorContext, only: DistrictID?) async throws -> Reply {
    let isPreview = try call.flag("preview")
    let asked = RosterDesk.Asked(only: only, allowed: try Self.share(call))
    let demographics = try call.flag("demographics")
    let mapping = try call.query("mapping")
    let planned = try await desk.plan(
      call.body, only: only, on: CivilDate(call.now), mapping: mapping, demographics: demographics, in: context.scope)
    if isPreview {
      let plan = try planned.get()
      return try .json(ImportView(plan, id: nil, isPreview: true, allowed: asked.allowed))
    }
    let actor = try context.actor
    return try await desk.database.write(in: context.scope) { [desk] transaction in
      // Thrown in here, for an archive that is sent again gets its first answer, whatever it would get now.
      try Idempotency.reply(to: call, context, in: transaction) {
        let plan = try planned.get()
        let id = try desk.apply(
          plan, asked, file: Digest.sha256(call.body), by: actor, at: call.now, transaction)
        return try .json(ImportView(plan, id: id, isPreview: false, allowed: asked.allowed))
      }
    }
  }

  private func undo(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let actor = try context.actor
    return try await desk.database.write(in: context.scope) { [desk] transaction in
      try Idempotency.reply(to: call, context, in: transaction) {
        try desk.requireDistrict(district, transaction)
        let record = try desk.undo(district, as: .random(), by: actor, at: call.now, transaction)
        return try .json(UndoView(districts: [ImportItem(record)]))
      }
    }
  }

  private func undoState(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let actor = try context.actor
    return try await desk.database.write(in: context.scope) { [desk] transaction in
      try Idempotency.reply(to: call, context, in: transaction) {
        let records = try desk.undoState(as: .random(), by: actor, at: call.now, transaction)
        return try .json(UndoView(districts: records.map(ImportItem.init)))
      }
    }
  }

  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let page = try PageRequest(call)
    let before = try page.after.map { text throws(ServingError) in
      guard let number = Int64(text) else { throw ServingError(.query, "'after' is the 'next' of the page before.") }
      return number
    }
    let items = try await desk.database.read(in: context.scope) { [desk] transaction in
      try desk.requireDistrict(district, transaction)
      return try ImportStore.page(
        of: district, before: before ?? .max, limit: page.limit + 1, transaction
      ).map(ImportItem.init)
    }
    return try .json(Page(items, limit: page.limit, key: { String($0.number) }))
  }

  private static func share(_ call: Call) throws(ServingError) -> Int {
    guard let text = try call.query("allowRemoval") else { return ImportGuard.standard }
    guard let share = Int(text), (0...100).contains(share) else {
      throw ServingError(.query, "'allowRemoval' is a whole number of per cent from 0 to 100.")
    }
    return share
  }
}
