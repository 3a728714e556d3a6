package import CurlClient
package import Vocabulary

/// Something that carries a request to a server: ``Client``, or a test's stand-in.
package protocol Exchange {
  func send(_ request: Request, verifyingAt time: VerificationTime) throws(TransferError) -> Response
}

extension Client: Exchange {}

/// Makes an exchange for one trust and one identity.
package typealias ExchangeMaker = @Sendable (Trust, ClientIdentity?) throws(TransferError) -> any Exchange

/// The controller understood the request and did not do it.
package struct Refusal: CodedError {
  /// The HTTP status.
  package let status: Int
  /// The controller's own code, such as `checkin.stale-sequence`; `http.STATUS` where it gave none.
  package let code: ErrorCode
  package let message: String
  package let retryAfter: Duration?
  /// With `checkin.stale-sequence` only.
  package let expectedSequence: Int64?

  package init(
    status: Int, code: ErrorCode, message: String, retryAfter: Duration? = nil, expectedSequence: Int64? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.retryAfter = retryAfter
    self.expectedSequence = expectedSequence
  }

  /// Whether the same request may succeed later without anybody's doing.
  package var isTemporary: Bool { [408, 425, 429].contains(status) || status >= 500 }

  /// Whether there is no such route, and so perhaps another listener than the one that was meant.
  package var isUnknownAddress: Bool { status == 404 && (code == "request.not-found" || code == "http.404") }

  /// The codes of a key that the controller will never take again: only a new one helps.
  package static let endingKey: Set<ErrorCode> = ["device.key-revoked", "device.key-unknown"]
}
