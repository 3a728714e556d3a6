package import Serving
package import Storage
package import Vocabulary

/// An entry of the journal for people: ids, and what else it tells in words.
package struct JournalRow: Sendable {
  package let id: EntryID
  /// nil for the state as a whole.
  package let district: String?
  package let at: Instant
  package let actorKind: String
  /// Empty for the controller.
  package let actor: String
  package let action: String
  package let objectKind: String
  package let object: String
  /// Such as `added 3, left 1`; empty where it tells nothing else, or retention dropped it.
  package let details: String
  let position: Int64

  init(_ item: JournalItem) throws(ServingError) {
    guard let at = Instant(rfc3339: item.at) else { throw ServingError(.internalFault, "The entry has no time.") }
    self.at = at
    (id, district, position) = (item.id, item.district, item.position)
    (actorKind, actor, action) = (item.actor.kind, item.actor.id ?? "", item.action)
    (objectKind, object) = (item.object.kind, item.object.id ?? "")
    details = item.body.map(Self.words) ?? ""
  }

  /// Of an object its members, sorted; nested ones in brackets.
  private static func words(_ value: JSONValue) -> String {
    switch value {
    case .null: ""
    case .boolean(let held): held ? "yes" : "no"
    case .integer(let held): "\(held)"
    case .number(let held): "\(held)"
    case .text(let held): held
    case .array(let held): held.map(words).joined(separator: " ")
    case .object(let held):
      held.sorted { $0.key < $1.key }.map { name, value in
        if case .object = value { return "\(name) (\(words(value)))" }
        return "\(name) \(words(value))"
      }.joined(separator: ", ")
    }
  }
}

/// The journal for pages, newest first, within a scope.
package struct JournalReader: Sendable {
  private let database: any Database
  private let tenants: any JournalTenants

  package init(database: any Database, tenants: any JournalTenants) {
    (self.database, self.tenants) = (database, tenants)
  }

  /// Looks at what is linked to students are for those who may see who looked.
  ///
  /// - Parameter after: the `next` of the page before.
  /// - Throws: `request.query`; `request.not-found` for a district that the scope does not hold.
  package func page(
    _ question: JournalQuestion, after: String?, limit: Int, for context: OperatorContext
  ) async throws -> (rows: [JournalRow], next: String?) {
    let scope = try question.scope(within: context.scope)
    let scan = question.scan(in: scope, shown: StudentViews.shown(to: context))
    let before = try JournalFilter.position(after)
    let page = try await database.read(in: scope) { [tenants] transaction in
      try tenants.requireDistrict(of: scope, in: transaction)
      return try JournalRoutes.entries(scan, before: before, limit: limit, transaction)
    }
    return (try page.items.map(JournalRow.init), page.next)
  }
}
