internal import Synchronization
internal import Vocabulary

/// The authority that enrolment signs with, replaced whole when the operator brings another issuing certificate.
package final class AuthorityInUse: Sendable {
  private let held: Mutex<CertificateAuthority>

  package init(_ authority: CertificateAuthority) { held = Mutex(authority) }

  package var current: CertificateAuthority { held.withLock { $0 } }

  /// - Throws: `enroll.authority` where `next` stands below another root: agents pin the root and would be lost.
  package func require(successor next: CertificateAuthority) throws(EnrollmentError) {
    guard next.rootDigest == current.rootDigest else {
      throw EnrollmentError(
        .authority,
        "The root certificate is another one than at the start. Agents trust the root that they enrolled under; put it back."
      )
    }
  }

  /// Signs with `next` from the next request on.
  ///
  /// - Throws: as ``require(successor:)``.
  package func replace(by next: CertificateAuthority) throws(EnrollmentError) {
    try require(successor: next)
    held.withLock { $0 = next }
  }
}
