import Serving
import Vocabulary

/// Days as the API shows and takes them.
struct RetentionView: Codable, Sendable {
  var factHistoryDays: Int?
  var checkInHistoryDays: Int?
  var journalBodyDays: Int?

  /// The days that hold.
  init(_ retention: Retention) {
    factHistoryDays = retention[.factHistory]
    checkInHistoryDays = retention[.checkInHistory]
    journalBodyDays = retention[.journalBodies]
  }

  /// What a body chooses; 0 takes a choice back.
  var choice: [KeptRecord: Int] {
    var choice: [KeptRecord: Int] = [:]
    choice[.factHistory] = factHistoryDays
    choice[.checkInHistory] = checkInHistoryDays
    choice[.journalBodies] = journalBodyDays
    return choice
  }

  /// - Throws: `registry.invalid`.
  func checked() throws(RegistryError) -> [KeptRecord: Int] {
    var check = FieldCheck()
    check.days(choice)
    try check.throwFaults()
    return choice
  }

  static let fields: [(name: String, schema: Schema)] = [
    ("factHistoryDays", .integer("Days that changes of facts are kept")),
    ("checkInHistoryDays", .integer("Days that what a key said last is kept once it is silent")),
    ("journalBodyDays", .integer("Days that bodies of journal entries are kept; their leaf hashes stay")),
  ]
  static let schema = Schema.object(fields, required: fields.map(\.name))
  static let patchSchema = Schema.object(
    fields.map { ($0.name, .integer("30 to 36,500; 0 takes the choice back")) }, required: [])
}

/// For how long records are kept where a district has not chosen.
struct RetentionRoutes: Sendable {
  let registry: DeviceRegistry

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/retention", .state(AccessRule.anyReader),
        Operation(
          "showRetention", "For how long records are kept in districts that have not chosen",
          answers: (200, RetentionView.schema))
      ) { _, context in
        let retention = try await registry.database.read(in: context.scope) { try RetentionStore.stateWide($0) }
        return try .json(RetentionView(retention))
      },
      PeopleRoute(
        .patch, "/api/v1/retention", .state([.stateAdmin]),
        Operation(
          "changeRetention", "Choose for how long records are kept in districts that have not chosen",
          body: ("application/json", RetentionView.patchSchema), answers: (200, RetentionView.schema)), handle: change),
    ]
  }

  private func change(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let choice = try JSONText.decode(RetentionView.self, from: call.body).checked()
    guard !choice.isEmpty else {
      let names = KeptRecord.allCases.map(\.field).joined(separator: ", ")
      throw ServingError(.body, "The body changes nothing: give one of \(names).")
    }
    return try await registry.change(call, context) { change in
      try RetentionStore.set(choice, change.transaction)
      let retention = try RetentionStore.stateWide(change.transaction)
      try change.journal("retention.change", ("retention", "state"), nil, KeptBody(retention))
      return try .json(RetentionView(retention))
    }
  }
}
