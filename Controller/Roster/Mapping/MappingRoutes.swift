import Access
import Audit
import Serving
import Storage
import Vocabulary

/// Saved mappings of a district's own CSV.
struct MappingRoutes: Sendable {
  let desk: RosterDesk

  private static let path = "/api/v1/districts/{district}/roster/mappings"
  private static let rule = AccessRule.district(AccessRule.deviceManagers)

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, Self.path, Self.rule,
        Operation(
          "listRosterMappings", "The columns of a district's own files",
          answers: (200, .object([("items", .array(MappingView.schema))], required: ["items"]))), handle: list),
      PeopleRoute(
        .post, Self.path, Self.rule,
        Operation(
          "setRosterMapping", "Save which columns of a file of one's own say what, in place of one of that name",
          body: ("application/json", MappingView.schema), answers: (200, MappingView.schema)), handle: set),
      PeopleRoute(
        .delete, Self.path + "/{mapping}", Self.rule,
        Operation("removeRosterMapping", "Forget a mapping", answers: (204, nil)), handle: remove),
    ]
  }

  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    return try await desk.database.read(in: context.scope) { [desk] transaction in
      try desk.requireDistrict(district, transaction)
      return try .json(MappingList(items: MappingStore.all(of: district, transaction).map(MappingView.init)))
    }
  }

  private func set(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let actor = try context.actor
    let told = try JSONText.decode(MappingView.self, from: call.body)
    let mapping = try ColumnMapping(columns: told.columns, role: told.role, whole: told.whole ?? false).checked()
    guard BatchID(rawValue: told.name) != nil else {
      throw RosterError(
        .invalid, "A mapping's name has 1 to 40 of a–z, 0–9 and '-', and begins with a letter or digit.")
    }
    return try await desk.database.write(in: context.scope) { [desk] transaction in
      try Idempotency.reply(to: call, context, in: transaction) {
        try desk.requireDistrict(district, transaction)
        try MappingStore.set(mapping, as: told.name, of: district, transaction)
        try desk.record(
          "roster.mapping-set", ("roster-mapping", told.name), district, by: actor, at: call.now,
          MappingBody(columns: mapping.columns.keys.sorted(), role: mapping.role, whole: mapping.whole), transaction)
        return try .json(MappingView(told.name, mapping))
      }
    }
  }

  private func remove(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let actor = try context.actor
    let name = call.parameters["mapping"] ?? ""
    return try await desk.database.write(in: context.scope) { [desk] transaction in
      try Idempotency.reply(to: call, context, in: transaction) {
        guard try MappingStore.remove(name, of: district, transaction) else {
          throw ServingError.missing("mapping", name.prefix(100), in: district)
        }
        try desk.record(
          "roster.mapping-remove", ("roster-mapping", name), district, by: actor, at: call.now, NoDetails(),
          transaction)
        return Reply(.noContent)
      }
    }
  }

  /// What the columns say; their titles are free text and stay out of it.
  private struct MappingBody: JournalBody {
    let columns: [String]
    let role: RosterPerson.Role
    let whole: Bool
  }
}

/// A mapping as the API shows and takes it.
struct MappingView: Codable, Sendable {
  let name: String
  let columns: [String: String]
  let role: RosterPerson.Role
  let whole: Bool?

  init(_ name: String, _ mapping: ColumnMapping) {
    (self.name, columns, role, whole) = (name, mapping.columns, mapping.role, mapping.whole)
  }

  static let schema = Schema.object(
    [
      ("name", .string("1 to 40 of a–z, 0–9 and '-'")),
      (
        "columns",
        .object(
          ColumnMapping.Meaning.allCases.map { ($0.rawValue, .string("The title of the column that tells it")) },
          required: ColumnMapping.Meaning.required.map(\.rawValue))
      ),
      ("role", .oneOf(RosterPerson.Role.allCases.map(\.rawValue), "Of whom the file tells")),
      ("whole", .boolean("Whether people of the role of whom it does not tell have left; false by default")),
    ], required: ["name", "columns", "role"])
}

struct MappingList: Encodable, Sendable {
  let items: [MappingView]
}
