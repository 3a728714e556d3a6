import Audit
import Serving
import Storage
import Vocabulary

/// Districts and their schools.
struct DistrictRoutes: Sendable {
  let registry: DeviceRegistry

  var routes: [PeopleRoute] { districts + schools }

  private var districts: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/districts", .scoped(AccessRule.anyReader),
        Operation(
          "listDistricts", "The districts that you may see", query: PageRequest.parameters,
          answers: (200, Page<DistrictView>.schema(of: DistrictView.schema))), handle: list),
      PeopleRoute(
        .post, "/api/v1/districts", .state([.stateAdmin]),
        Operation(
          "createDistrict", "Make a district", body: ("application/json", DistrictView.newSchema),
          answers: (201, DistrictView.schema)), handle: create),
      PeopleRoute(
        .get, "/api/v1/districts/{district}", .district(AccessRule.anyReader),
        Operation("showDistrict", "One district", answers: (200, DistrictView.schema)), handle: show),
      PeopleRoute(
        .patch, "/api/v1/districts/{district}", .district(AccessRule.deviceManagers),
        Operation(
          "changeDistrict", "Change a district's name, what happens to unknown serials, or how long records are kept",
          body: ("application/json", DistrictView.patchSchema), answers: (200, DistrictView.schema)), handle: change),
    ]
  }

  private var schools: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/districts/{district}/schools", .district(AccessRule.anyReader),
        Operation(
          "listSchools", "A district's schools", query: PageRequest.parameters,
          answers: (200, Page<SchoolView>.schema(of: SchoolView.schema))), handle: listSchools),
      PeopleRoute(
        .post, "/api/v1/districts/{district}/schools", .district(AccessRule.deviceManagers),
        Operation(
          "createSchool", "Add a school to a district", body: ("application/json", SchoolView.newSchema),
          answers: (201, SchoolView.schema)), handle: createSchool),
    ]
  }

  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let page = try PageRequest(call)
    let found = try await registry.database.read(in: context.scope) { transaction in
      let stateWide = try RetentionStore.stateWide(transaction)
      return try DistrictStore.page(context.scope, after: page.after, limit: page.limit + 1, transaction).map {
        DistrictView($0, stateWide: stateWide)
      }
    }
    return try .json(Page(found, limit: page.limit, key: \.id.rawValue))
  }

  private func create(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district = try JSONText.decode(NewDistrict.self, from: call.body).checked(now: call.now)
    return try await registry.change(call, context) { change in
      try DistrictStore.insert(district, change.transaction)
      try change.journal(
        "district.create", ("district", district.id.rawValue), district.id,
        DistrictBody(unknownSerials: district.unknownSerials, kept: nil))
      let stateWide = try RetentionStore.stateWide(change.transaction)
      return try .json(DistrictView(district, stateWide: stateWide), status: .created)
    }
  }

  private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let id: DistrictID = try call.identifier("district")
    return try await registry.database.read(in: context.scope) { transaction in
      let district = try registry.existing(id, transaction)
      return try .json(DistrictView(district, stateWide: try RetentionStore.stateWide(transaction)))
    }
  }

  private func change(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let id: DistrictID = try call.identifier("district")
    let patch = try JSONText.decode(DistrictPatch.self, from: call.body)
    try patch.requireAny()
    return try await registry.change(call, context) { change in
      let district = try patch.applied(to: try registry.existing(id, change.transaction))
      try DistrictStore.update(district, change.transaction)
      let stateWide = try RetentionStore.stateWide(change.transaction)
      try change.journal(
        "district.change", ("district", id.rawValue), id,
        DistrictBody(unknownSerials: district.unknownSerials, kept: KeptBody(stateWide.with(district.kept))))
      return try .json(DistrictView(district, stateWide: stateWide))
    }
  }

  private func listSchools(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let id: DistrictID = try call.identifier("district")
    let page = try PageRequest(call)
    let found = try await registry.database.read(in: context.scope) { transaction in
      _ = try registry.existing(id, transaction)
      return try SchoolStore.page(of: id, after: page.after, limit: page.limit + 1, transaction)
    }
    return try .json(Page(found.map(SchoolView.init), limit: page.limit, key: \.id.rawValue))
  }

  private func createSchool(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let id: DistrictID = try call.identifier("district")
    let school = try JSONText.decode(NewSchool.self, from: call.body).checked(in: id, now: call.now)
    return try await registry.change(call, context) { change in
      _ = try registry.existing(id, change.transaction)
      try SchoolStore.insert(school, change.transaction)
      try change.journal("school.create", ("school", school.id.rawValue), id, NoDetails())
      return try .json(SchoolView(school), status: .created)
    }
  }

  private struct DistrictBody: JournalBody {
    let unknownSerials: District.UnknownSerials
    let kept: KeptBody?
  }
}

/// The days that records are kept, for the journal.
struct KeptBody: JournalBody {
  let factHistoryDays: Int
  let checkInHistoryDays: Int
  let journalBodyDays: Int

  init(_ retention: Retention) {
    factHistoryDays = retention[.factHistory]
    checkInHistoryDays = retention[.checkInHistory]
    journalBodyDays = retention[.journalBodies]
  }
}

/// `{}`.
struct NoDetails: JournalBody {}
