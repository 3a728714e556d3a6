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
          "listJournal",
          "Every change by people, tokens and keys, newest first; looks at what is linked to students for those who may list views. A page may have fewer items than asked for, or none, and a next one",
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
        let scope = try JournalFilter.scope(call, within: context.scope)
        let scan = try JournalQuestion(call).scan(in: scope, shown: StudentViews.shown(to: context))
        return try .json(try await list(scan, page: PageRequest(call)))
      }
    ] + TreeRoutes(database: database, tenants: tenants).peopleRoutes
  }

  private func list(_ scan: JournalScan, page: PageRequest) async throws -> Page<JournalItem> {
    let before = try JournalFilter.position(page.after)
    return try await database.read(in: scan.scope) { [tenants] transaction in
      try tenants.requireDistrict(of: scan.scope, in: transaction)
      return try Self.entries(scan, before: before, limit: page.limit, transaction)
    }
  }

  static func entries(
    _ scan: JournalScan, before: Int64, limit: Int, _ transaction: any Transaction
  ) throws -> Page<JournalItem> {
    try scan.page(before: before, limit: limit, transaction, position: \.position) { try JournalItem($0) }
  }
}

/// What of the journal is asked for.
enum JournalFilter {
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
