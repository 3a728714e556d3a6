import Audit
import Serving
import Storage
import Vocabulary

/// One change by a person, inside its transaction.
struct RegistryChange {
  let transaction: any Transaction
  let actor: PrincipalID
  let now: Instant
  /// What it does to keys; applied in memory after the commit.
  var keys = KeyChanges()

  /// The journal's entry of this change: ids, codes and counts, never a text that a person typed.
  func journal(
    _ action: String, _ object: (kind: String, id: String), _ district: DistrictID?, _ body: some JournalBody
  ) throws {
    let entry = JournalEntry(
      at: now, actor: .principal(actor), action: action, object: object, district: district, body: body)
    try Journal.record(entry, in: transaction)
  }
}

extension DeviceRegistry {
  /// Runs `body` in a transaction, once for each Idempotency-Key, and lets its keys count when it is durable.
  ///
  /// - Parameter scope: the caller's, unless `body` has to look at other districts; it then tells nothing of them.
  func change(
    _ call: Call, _ context: OperatorContext, in scope: TenantScope? = nil,
    _ body: @escaping @Sendable (inout RegistryChange) throws -> Reply
  ) async throws -> Reply {
    let actor = try context.actor
    let (reply, changes) = try await database.write(in: scope ?? context.scope) { transaction in
      var change = RegistryChange(transaction: transaction, actor: actor, now: call.now)
      let reply = try Idempotency.reply(to: call, context, in: transaction) { try body(&change) }
      return (reply, change.keys)
    }
    apply(changes)
    return reply
  }

  /// - Throws: `request.not-found`, as for another tenant's.
  func existing(_ district: DistrictID, _ transaction: any Transaction) throws -> District {
    guard let found = try DistrictStore.district(district, transaction) else {
      throw ServingError.missing("district", district)
    }
    return found
  }

  /// - Throws: `request.not-found`, as for another tenant's.
  func existing(_ device: DeviceID, of district: DistrictID, _ transaction: any Transaction) throws -> Device {
    guard let found = try DeviceStore.device(device, in: district, transaction) else {
      throw ServingError.missing("device", device, in: district)
    }
    return found
  }
}
