package import Serving
package import Storage
package import Vocabulary

/// Somebody's look at what is linked to students, as the journal has it.
package struct ViewItem: Encodable, Sendable {
  package let id: EntryID
  package let at: String
  package let district: String
  /// The principal's id.
  package let actor: String
  package let kind: StudentViews.Look.Kind
  package let purpose: ViewPurpose?
  /// Whom, by the roster's ids; empty where everybody of a kind was listed, or retention dropped it.
  package let persons: [String]
  /// How many people were shown; nil once retention dropped it.
  package let shown: Int?
  /// The device on whose page they were shown.
  package let device: String?
  let position: Int64

  private enum CodingKeys: String, CodingKey { case id, at, district, actor, kind, purpose, persons, shown, device }

  /// Bodies of all features that record looks; what one does not tell is absent.
  private struct Body: Decodable {
    let purpose: String?
    let persons: [String]?
    let shown: Int?
    /// What a report counts.
    let students: Int?
    let device: String?
  }

  init(_ row: Row) throws {
    position = try row.get("position")
    id = try row.get("id")
    at = try row.get("at", as: Instant.self).rfc3339
    district = try row.get("district_id")
    actor = try row.get("actor")
    let action: String = try row.get("action")
    kind = StudentViews.Look.Kind.allCases.first { StudentViews.action($0) == action } ?? .person
    let body = try row.get("body", as: [UInt8]?.self).map { try JSONText.decode(Body.self, from: $0) }
    purpose = body?.purpose.flatMap(ViewPurpose.init(rawValue:))
    device = body?.device
    let object: String = try row.get("object")
    let isPerson = try row.get("object_kind", as: String.self) == "person"
    let persons = isPerson ? [object] : body?.persons ?? []
    self.persons = persons
    shown = body.map { $0.shown ?? $0.students ?? persons.count }
  }

  static let schema = Schema.object(
    [
      ("id", .string("The journal's entry")), ("at", .dateTime("When")), ("district", .string("Whose people")),
      ("actor", .string("Who looked, by id")),
      (
        "kind",
        .oneOf(
          StudentViews.Look.Kind.allCases.map(\.rawValue), "At one person, a list, results of a search or a report")
      ),
      ("purpose", .oneOf(ViewPurpose.allCases.map(\.rawValue), "Why, where it was said")),
      ("persons", .array(.string("The roster's id of somebody who was shown"))),
      ("shown", .integer("How many people were shown; absent once retention dropped the entry's body")),
      ("device", .string("The device on whose page they were shown")),
    ], required: ["id", "at", "district", "actor", "kind", "persons"])
}

/// Which looks are asked for.
package struct ViewFilter: Sendable {
  package static let parameters: [Operation.Parameter] = [
    .init("district", "Only at this district's people"),
    .init(
      "person",
      "Only those that name this person: lists and reports of everybody name nobody, and are left out"),
    .init("actor", "Only by this principal"), .init("purpose", "Only with this purpose, such as 'family-calls'"),
    .init("from", "Only of this day and later, such as 2026-11-20 (UTC)"), .init("to", "Only of this day and before"),
  ]

  let person: PersonID?
  let actor: PrincipalID?
  let purpose: ViewPurpose?
  let from: Instant?
  let until: Instant?

  /// - Throws: `request.query`.
  package init(_ call: Call) throws(ServingError) {
    func told(_ name: String) throws(ServingError) -> String? {
      // Forms send what nobody filled in as nothing.
      try call.query(name).flatMap { $0.isEmpty ? nil : $0 }
    }
    func wrong(_ name: String, _ what: String) -> ServingError { ServingError(.query, "'\(name)' is \(what).") }
    func day(_ name: String) throws(ServingError) -> Instant? {
      guard let text = try told(name) else { return nil }
      guard text.utf8.count == 10, let instant = Instant(rfc3339: text + "T00:00:00Z") else {
        throw wrong(name, "a day, such as 2026-11-20")
      }
      return instant
    }
    person = try told("person").map { text throws(ServingError) in
      guard let id = PersonID(rawValue: text) else { throw wrong("person", "a person's id in the roster") }
      return id
    }
    actor = try told("actor").map { text throws(ServingError) in
      guard let id = PrincipalID(rawValue: text) else { throw wrong("actor", "a principal's id") }
      return id
    }
    purpose = try told("purpose").map { text throws(ServingError) in
      guard let purpose = ViewPurpose(rawValue: text) else {
        throw wrong("purpose", "one of " + ViewPurpose.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return purpose
    }
    from = try day("from")
    until = try day("to")?.advanced(by: .seconds(86_400))
  }

  func takes(_ item: ViewItem) -> Bool {
    if let person, !item.persons.contains(person.rawValue) { return false }
    if let actor, item.actor != actor.rawValue { return false }
    if let purpose, item.purpose != purpose { return false }
    return true
  }

  /// What the engine looks at; conditions that each begin with ` AND `.
  fileprivate var condition: SQL {
    var condition: SQL = ""
    if let actor { condition = condition + " AND actor = \(actor)" }
    if let person {
      // Searches name those whom they showed in their bodies.
      let named = Self.tells("\"\(person.rawValue)\"")
      condition = condition + " AND (object = \(person) OR (object_kind <> 'person' AND \(named)))"
    }
    if let purpose { condition = condition + " AND \(Self.tells("\"purpose\":\"\(purpose.rawValue)\""))" }
    return condition
  }

  /// That a body, which is JSON without spaces, has these letters: so that the engine passes over what ``takes(_:)`` would refuse.
  private static func tells(_ letters: String) -> SQL {
    let place = SQL.perEngine(sqlite: "instr", postgres: "pg_catalog.\"position\"")
    return "\(place)(body, \(Array(letters.utf8))) > 0"
  }
}

/// Looks at what is linked to students, the newest first.
package enum ViewLog {
  /// - Throws: `request.query`.
  package static func page(
    _ filter: ViewFilter, scope: TenantScope, page: PageRequest, _ transaction: any Transaction
  ) throws -> Page<ViewItem> { try self.page(filter, scope: scope, page: page, JournalScan.Bounds(), transaction) }

  static func page(
    _ filter: ViewFilter, scope: TenantScope, page: PageRequest, _ bounds: JournalScan.Bounds,
    _ transaction: any Transaction
  ) throws -> Page<ViewItem> {
    let scan = JournalScan(
      bounds: bounds, scope: scope, narrow: " AND \(StudentViews.condition)", filter: filter.condition,
      from: filter.from, until: filter.until)
    let before = try JournalFilter.position(page.after)
    return try scan.page(before: before, limit: page.limit, transaction, position: \.position) { row in
      let item = try ViewItem(row)
      return filter.takes(item) ? item : nil
    }
  }
}

/// Who looked at whom: for those who answer for a district's data.
package struct ViewRoutes: Sendable {
  package static let rule = AccessRule.scoped(StudentViews.readers)

  private let database: any Database
  private let tenants: any JournalTenants

  package init(database: any Database, tenants: any JournalTenants) {
    (self.database, self.tenants) = (database, tenants)
  }

  package var peopleRoutes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/views", Self.rule,
        Operation(
          "listViews",
          "Looks at what is linked to students, newest first: who, at whom, when and why. A page may have fewer items than asked for, or none, and a next one",
          query: ViewFilter.parameters + PageRequest.parameters,
          answers: (200, Page<ViewItem>.schema(of: ViewItem.schema)))
      ) { call, context in
        let scope = try context.scope.narrowed(by: call)
        return try .json(try await page(call, scope, PageRequest(call)))
      }
    ]
  }

  /// - Throws: `request.query`, `request.not-found`.
  package func page(_ call: Call, _ scope: TenantScope, _ page: PageRequest) async throws -> Page<ViewItem> {
    let filter = try ViewFilter(call)
    return try await database.read(in: scope) { [tenants] transaction in
      try tenants.requireDistrict(of: scope, in: transaction)
      return try ViewLog.page(filter, scope: scope, page: page, transaction)
    }
  }
}
