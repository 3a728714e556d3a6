internal import Audit
internal import Serving
internal import Storage
internal import Vocabulary

/// A change by a person within its transaction, with who and when.
struct PersonsChange {
  let principal: PrincipalID
  let district: DistrictID
  let now: Instant
  let transaction: any Transaction

  var actor: JournalEntry.Actor { .principal(principal) }

  func record(_ action: String, _ kind: String, _ id: String, _ body: some JournalBody) throws {
    try Journal.record(
      JournalEntry(at: now, actor: actor, action: action, object: (kind, id), district: district, body: body),
      in: transaction)
  }

  /// - Throws: `request.not-found`.
  func batch(_ id: BatchID) throws -> Batch { try BatchStore.existing(id, in: district, transaction) }
}

extension EnrollmentDesk {
  /// Runs `body` in one transaction of the path's district, once for each `Idempotency-Key`.
  ///
  /// - Parameter scope: the caller's, unless `body` has to look at other districts; it then tells nothing of them.
  func change(
    _ call: Call, _ context: OperatorContext, in scope: TenantScope? = nil,
    forRepeats: @escaping @Sendable (Reply) throws -> Reply = { $0 },
    _ body: @escaping @Sendable (PersonsChange) throws -> Reply
  ) async throws -> Reply {
    let begin = try beginning(call, context)
    return try await database.write(in: scope ?? context.scope) { transaction in
      try Idempotency.reply(to: call, context, in: transaction, forRepeats: forRepeats) {
        try body(begin(transaction))
      }
    }
  }

  /// As ``change(_:_:in:forRepeats:_:)`` for a page's form, which has no `Idempotency-Key`.
  func changeByForm<Made: Sendable>(
    _ call: Call, _ context: OperatorContext, _ body: @escaping @Sendable (PersonsChange) throws -> Made
  ) async throws -> Made {
    let begin = try beginning(call, context)
    return try await database.write(in: context.scope) { try body(begin($0)) }
  }

  private func beginning(
    _ call: Call, _ context: OperatorContext
  ) throws -> @Sendable (any Transaction) throws -> PersonsChange {
    let principal = try context.actor
    let (district, now): (DistrictID, Instant) = (try call.identifier("district"), call.now)
    return { [registry] transaction in
      guard try registry.district(district, in: transaction) != nil else {
        throw ServingError.missing("district", district)
      }
      return PersonsChange(principal: principal, district: district, now: now, transaction: transaction)
    }
  }
}
