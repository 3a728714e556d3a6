package import Serving
import Storage
package import Vocabulary

extension SignInDesk {
  /// A principal's that are not over, the last used first.
  package func sessions(of principal: PrincipalID, now: Instant) async throws -> [Session] {
    try await database.read(in: .state) { [policy] in
      try SessionStore.sessions(of: principal, policy, now: now, in: $0)
    }
  }

  /// Everybody's that are not over, by id, at most `limit` after `after`; `next` where there are more.
  package func sessions(
    after: String?, limit: Int, now: Instant
  ) async throws -> (sessions: [Session], next: String?) {
    try await database.read(in: .state) { [policy] transaction in
      let page = PageRequest(after: after, limit: limit)
      let found = try SessionStore.sessions(of: nil, page, policy, now: now, in: transaction)
      let shown = Array(found.prefix(limit))
      return (shown, found.count > limit ? shown.last?.id.rawValue : nil)
    }
  }

  /// Ended again, it changes nothing.
  package func endSession(
    _ id: SessionID, of principal: PrincipalID, by actor: PrincipalID, now: Instant
  ) async throws {
    defer { directory.forgetAll() }
    try await database.write(in: .state) { try changes(actor, now, $0).endSession(id, of: principal) }
  }

  /// Keeps for the rest of the session why its owner looks at what is linked to students.
  ///
  /// - Throws: `request.not-found` where no session but a token proved the caller.
  package func choose(_ purpose: ViewPurpose, _ call: Call, _ context: OperatorContext) async throws {
    guard let session = context.session else {
      throw ServingError(.notFound, "A purpose is kept in a browser's session; there is none.")
    }
    let actor = try context.actor
    defer { directory.forgetAll() }
    try await database.write(in: .state) { try changes(actor, call.now, $0).set(purpose, of: session.id) }
  }
}
