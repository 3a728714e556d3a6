internal import Audit
package import Storage
package import Vocabulary

/// What is done to all enrolment tokens at once.
package enum EnrollmentTokens {
  /// Revokes every token, within `restore`'s transaction: whoever kept one from before the backup must not use it.
  ///
  /// - Returns: how many were not revoked before.
  @discardableResult
  package static func revokeAll(at now: Instant, in transaction: any Transaction) throws -> Int {
    let count = try TokenStore.revokeAll(at: now, transaction)
    try Journal.record(
      JournalEntry(
        at: now, actor: .controller, action: "token.revoke-all", object: ("controller", "restore"), district: nil,
        body: RevokedBody(count: count)), in: transaction)
    return count
  }
}

private struct RevokedBody: JournalBody {
  let count: Int
}
