package import Serving
package import Storage
package import Vocabulary

/// The districts that there are; Registry answers.
package protocol JournalTenants: Sendable {
  /// - Throws: an error of status 404 where `scope` is one district that there is not.
  func requireDistrict(of scope: TenantScope, in transaction: any Transaction) throws
}

/// The journal as people read it: newest first, within their districts.
package struct JournalRoutes: Sendable {
  private let database: any Database
  private let tenants: any JournalTenants

  package init(database: any Database, tenants: any JournalTenants) {
    self.database = database
    self.tenants = tenants
  }

  package var peopleRoutes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/journal", .scoped(AccessRule.journalReaders),
        Operation(
          "listJournal", "Every change by people, tokens and keys, newest first",
          query: [
            .init("district", "Only this district's entries; '*' for those of the state as a whole"),
            .init("action", "Only this action, such as 'batch.create'"),
            .init("object", "Only entries about the object with this id"),
            .init("actor", "Only changes by this principal, key digest or enrolment token"),
            .init("from", "Only changes of this day, as 2026-11-22 in UTC, or later"),
            .init("until", "Only changes of this day or earlier"),
          ] + PageRequest.parameters,
          answers: (200, Page<JournalItem>.schema(of: JournalItem.schema)))
      ) { call, context in
        let filter = try JournalFilter(call)
        return try .json(
          try await list(filter, page: PageRequest(call), scope: JournalFilter.scope(call, within: context.scope)))
      }
    ] + TreeRoutes(database: database, tenants: tenants).peopleRoutes
  }

  private func list(_ filter: JournalFilter, page: PageRequest, scope: TenantScope) async throws -> Page<JournalItem> {
    let before = try JournalFilter.position(page.after)
    return try await database.read(in: scope) { [tenants] transaction in
      try tenants.requireDistrict(of: scope, in: transaction)
      return try Self.entries(filter.condition, before: before, limit: page.limit, in: scope, transaction)
    }
  }

  static func entries(
    _ condition: SQL, before: Int64, limit: Int, in scope: TenantScope, _ transaction: any Transaction
  ) throws -> Page<JournalItem> {
    let items = try transaction.rows(
      """
      SELECT district_id, position, id, at, actor_kind, actor, action, object_kind, object, body, leaf_hash,
        leaf_index
      FROM audit_entry WHERE \(scope)\(condition) AND position < \(before)
      ORDER BY position DESC LIMIT \(limit + 1)
      """
    ).map(JournalItem.init)
    return Page(items, limit: limit) { String($0.position) }
  }
}

/// What of the journal is asked for.
struct JournalFilter {
  /// Conditions that each begin with ` AND `; empty where nothing is filtered.
  let condition: SQL

  /// - Throws: `request.query`.
  init(_ call: Call) throws(ServingError) { condition = try JournalQuestion(call).condition }

  /// What of `scope` is asked for. The state's own entries are no district's: who sees districts alone finds none.
  ///
  /// - Throws: `request.query`, `request.not-found`.
  static func scope(_ call: Call, within scope: TenantScope) throws(ServingError) -> TenantScope {
    guard try call.query("district") == Journal.stateTenant else { return try scope.narrowed(by: call) }
    guard scope == .state else { throw ServingError.notFound }
    return scope
  }

  /// The position before which the page begins; without one, the end.
  ///
  /// - Throws: `request.query`.
  static func position(_ after: String?) throws(ServingError) -> Int64 {
    guard let after else { return .max }
    guard let position = Int64(after), position > 0 else {
      throw ServingError(.query, "'after' is the 'next' of a page of the journal.")
    }
    return position
  }
}
