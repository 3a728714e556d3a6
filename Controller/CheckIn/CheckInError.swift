internal import Compression
package import HTTPTypes
internal import Serving
package import Vocabulary
internal import Wire

/// Why a check-in is not taken.
package struct CheckInError: StatusError {
  package enum Kind: String, CaseIterable, Sendable {
    /// The sequence number is not the one that is expected; the answer tells which is.
    case staleSequence = "checkin.stale-sequence"
    /// More wait than the controller takes in; come back after `Retry-After`.
    case busy = "checkin.busy"
    /// The database cannot store now; nothing of the check-in was kept.
    case unavailable = "checkin.unavailable"
    /// A `Content-Encoding` other than gzip or identity.
    case encoding = "checkin.encoding"
    /// What is stored cannot be read back; an operator has to look.
    case damaged = "checkin.damaged"
    /// Readings are added to those of a device that told vitals, and this one never did.
    case noVitals = "checkin.no-vitals"
  }

  package let kind: Kind
  package let message: String
  /// `checkin.stale-sequence`: what the next message has to carry.
  package let expectedSequence: Int64?
  package let headers: HTTPFields
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String, expectedSequence: Int64? = nil, headers: HTTPFields = [:]) {
    self.kind = kind
    self.message = message
    self.expectedSequence = expectedSequence
    self.headers = headers
  }

  package var status: HTTPResponse.Status {
    switch kind {
    case .staleSequence, .noVitals: .conflict
    case .busy, .unavailable: .serviceUnavailable
    case .encoding: .unsupportedMediaType
    case .damaged: .internalServerError
    }
  }

  static func stale(expected: Int64, got: Int64) -> CheckInError {
    CheckInError(
      .staleSequence, "The check-in has sequence \(got); expected is \(expected). Number the next one so.",
      expectedSequence: expected)
  }

  /// 503 with a `Retry-After` of 5 to 30 seconds, another for each device so that they do not return together.
  static func busy(_ why: String, jitter: UInt64) -> CheckInError {
    CheckInError(
      .busy, "\(why) Nothing was stored; send the same message again later.",
      headers: [.retryAfter: String(5 + jitter % 26)])
  }
}

/// A message that is refused by the code of the layer that could not read it.
package struct RefusedMessage: StatusError {
  package let code: ErrorCode
  package let message: String
  package let status: HTTPResponse.Status

  init(_ error: WireError) {
    code = error.code
    message = error.message
    status = error.kind == .tooLarge ? .contentTooLarge : .badRequest
  }

  init(_ error: CompressionError) {
    code = error.code
    message = error.message
    status =
      switch error.kind {
      case .tooLarge: .contentTooLarge
      case .unavailable: .serviceUnavailable
      default: .badRequest
      }
  }
}
