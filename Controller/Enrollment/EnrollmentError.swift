package import HTTPTypes
package import Serving
package import Vocabulary

/// What Enrollment refuses, and why; equal by code.
package struct EnrollmentError: StatusError {
  package enum Kind: String, CaseIterable, Sendable {
    // The controller's own certificates.
    case authority = "enroll.authority"
    case authorityExpired = "enroll.authority-expired"
    case authorityExists = "enroll.authority-exists"
    case file = "enroll.file"
    // A certificate request.
    case malformed = "enroll.malformed-request"
    case badSignature = "enroll.bad-signature"
    case unknownSignature = "enroll.unknown-signature"
    case weakKey = "enroll.weak-key"
    case asksForAuthority = "enroll.asks-for-ca"
    case foreignName = "enroll.foreign-name"
    case anotherDevice = "enroll.another-device"
    case tooManyExtensions = "enroll.too-many-extensions"
    // The token.
    case token = "enroll.token"
    case tokenExpired = "enroll.token-expired"
    case tokenRevoked = "enroll.token-revoked"
    case tokenUsedUp = "enroll.token-used-up"
    case tokenSerial = "enroll.token-serial"
    case label = "enroll.label"
    /// The address that asks has presented too many bad tokens.
    case tooManyFailures = "enroll.too-many-failures"
    // The device.
    case unknownSerial = "enroll.unknown-serial"
    case rejected = "enroll.rejected"
    case handedOver = "enroll.handed-over"
    case keyRevoked = "enroll.key-revoked"
    case keyTaken = "enroll.key-taken"
    case identityMismatch = "enroll.identity-mismatch"
    /// The device got another new key within the hour.
    case tooSoon = "enroll.too-soon"
    /// Too many keys claim to be the device.
    case tooManyKeys = "enroll.too-many-keys"
    // People's requests.
    case batchExists = "enroll.batch-exists"
    case faults = "enroll.faults"
    case serialDuplicate = "enroll.serial-duplicate"
    case serialPlaceholder = "enroll.serial-placeholder"
    case serialMalformed = "enroll.serial-malformed"
    case serialElsewhere = "enroll.serial-elsewhere"
    case serialUnlisted = "enroll.serial-unlisted"
    case serialEnrolled = "enroll.serial-enrolled"
    case tokenRequest = "enroll.token-request"
    case notPending = "enroll.not-pending"
    case needsDevice = "enroll.needs-device"
  }

  package let kind: Kind
  package let message: String
  package let faults: [Fault]
  /// When to ask again, in seconds.
  package let retryAfter: Int?
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String, faults: [Fault] = [], retryAfter: Int? = nil) {
    self.kind = kind
    self.message = message
    self.faults = faults
    self.retryAfter = retryAfter
  }

  package var status: HTTPResponse.Status {
    switch kind {
    case .authority, .authorityExpired, .authorityExists, .file: .internalServerError
    case .malformed, .badSignature, .unknownSignature, .weakKey, .asksForAuthority, .foreignName, .anotherDevice,
      .tooManyExtensions, .tokenRequest:
      .badRequest
    case .token, .tokenExpired, .tokenRevoked, .tokenUsedUp: .unauthorized
    case .label: .notFound
    case .tooSoon, .tooManyFailures: .tooManyRequests
    case .tokenSerial, .unknownSerial, .tooManyKeys, .rejected, .handedOver, .keyRevoked, .keyTaken, .identityMismatch:
      .forbidden
    case .batchExists, .notPending, .needsDevice: .conflict
    case .faults, .serialDuplicate, .serialPlaceholder, .serialMalformed, .serialElsewhere, .serialUnlisted,
      .serialEnrolled:
      .unprocessableContent
    }
  }

  /// Whether the token is at fault, or where it was presented: what somebody who guesses meets.
  var isOfToken: Bool { status == .unauthorized || kind == .label }

  /// RFC 7030, section 3.2.3: the client may try again with other credentials.
  package var headers: HTTPFields {
    if status == .unauthorized { return [.wwwAuthenticate: "Basic realm=\"rollcall enrolment\""] }
    return retryAfter.map { [.retryAfter: String($0)] } ?? [:]
  }
}
