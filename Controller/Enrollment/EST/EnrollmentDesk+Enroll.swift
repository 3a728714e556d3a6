internal import HTTPTypes
internal import Serving
internal import Storage
internal import Vocabulary

extension EnrollmentDesk {
  /// Refuses a token that is not ours before any work is done for who presents it: by a read alone, and by none where it
  /// was presented before.
  ///
  /// - Throws: `enroll.token`, `enroll.label`.
  func requireToken(_ secret: TokenSecret, label: String?) async throws {
    let digest = secret.digest
    if let place = tokenPlaces.place(of: digest), place.answers(to: label) { return }
    let token = try await database.read(in: .state) { try EnrollmentStore.token(digest, label: label, $0) }
    tokenPlaces.remember(token.place, of: digest)
  }

  /// Everything of an enrolment in one transaction, which others may share: the token's count, the certificate, the key, the ledger, the journal.
  ///
  /// - Throws: `enroll.token`, `enroll.label`, what ``decide(_:)`` throws, `request.overloaded`.
  func enroll(
    _ request: CertificateRequest, secret: TokenSecret, label: String?, now: Instant
  ) async throws -> EnrollmentOutcome {
    guard enrolments.waiting < queue else {
      throw ServingError(
        .overloaded, "As many devices enrol as the controller can take in. Try again shortly; the token is as it was.",
        headers: [.retryAfter: "30"])
    }
    let ask = EnrollmentAsk(request: request, secret: secret.digest, label: label, now: now)
    let done = try await enrolments.commit(ask)
    registry.apply(done.changes)
    return done.outcome
  }

  /// Decides as ``enroll(_:secret:label:now:)`` does, by a read alone, which spares the writer what cannot succeed.
  ///
  /// - Throws: `enroll.token`, `enroll.label`, what ``decide(_:)`` throws.
  func foresee(
    _ request: CertificateRequest, secret: TokenSecret, label: String?, now: Instant
  ) async throws {
    let ask = EnrollmentAsk(request: request, secret: secret.digest, label: label, now: now)
    try await database.read(in: .state) { [store] in try store.foresee(ask, $0) }
  }

  /// Takes note of a bad token: the error itself, or what its origin is told after too many.
  func counted(_ error: EnrollmentError, of call: Call) -> EnrollmentError {
    badTokens.increment()
    guard let origin = call.origin, let wait = throttle.fail(origin, now: call.now) else { return error }
    throttled.increment()
    return EnrollmentError(
      .tooManyFailures,
      "Too many bad enrolment tokens came from this address; this one is bad as well: \(error.message) Good ones are still taken.",
      retryAfter: wait)
  }
}
