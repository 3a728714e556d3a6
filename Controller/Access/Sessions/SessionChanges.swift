import Audit
import Serving
import Vocabulary

/// Beginnings and ends of sessions, each with its entry in the journal.
extension AccessChanges {
  /// Of one account at once.
  static let mostSessions = 20

  /// A session of the actor; where it is one too many, the one that was used the longest ago ends.
  func beginSession(
    _ secret: AccessSecret, _ policy: SessionPolicy, _ browser: String, purpose: ViewPurpose? = nil
  ) throws {
    guard case .principal(let principal) = actor else { return }
    let session = Session(
      id: .random(), principal: principal, createdAt: now, usedAt: now, endsAt: now.advanced(by: policy.life),
      browser: browser)
    try SessionStore.insert(session, secretHash: secret.hash, in: transaction)
    if let purpose { try SessionStore.set(purpose, of: session.id, in: transaction) }
    try record("session.begin", ("session", session.id.rawValue), SessionBody(principal: principal))
    for former in try SessionStore.others(of: principal, than: session.id, past: Self.mostSessions - 1, in: transaction)
    {
      try endSession(former, of: principal)
    }
  }

  func endSession(_ id: SessionID, of principal: PrincipalID) throws {
    guard try SessionStore.end(id, of: principal, in: transaction) else { return }
    try record("session.end", ("session", id.rawValue), SessionBody(principal: principal))
  }

  /// Ends what a browser still had, whosever it is: at a shared one the session of whoever was there before.
  func endSession(of secret: AccessSecret, _ policy: SessionPolicy) throws {
    if let session = try SessionStore.standing(of: secret, policy, now: now, in: transaction) {
      try endSession(session.id, of: session.principal)
    } else {
      try SessionStore.remove(secret, in: transaction)
    }
  }

  func set(_ purpose: ViewPurpose, of session: SessionID) throws {
    try SessionStore.set(purpose, of: session, in: transaction)
    try record("session.purpose", ("session", session.rawValue), PurposeBody(purpose: purpose))
  }
}

private struct SessionBody: JournalBody { let principal: PrincipalID }

private struct PurposeBody: JournalBody { let purpose: ViewPurpose }
