package import Vocabulary

/// Why there is no answer.
package struct TransferError: CodedError {
  package enum Kind: String, CaseIterable, Sendable {
    case invalidRequest = "transfer.invalid-request"
    case nameNotFound = "transfer.name-not-found"
    case refused = "transfer.refused"
    case unreachable = "transfer.unreachable"
    case timeout = "transfer.timeout"
    case interrupted = "transfer.interrupted"
    case notTLS = "transfer.not-tls"
    case tlsFailed = "transfer.tls-failed"
    case tlsAlert = "transfer.tls-alert"
    case serverExpired = "transfer.server-certificate-expired"
    case serverNotYetValid = "transfer.server-certificate-not-yet-valid"
    case serverWrongName = "transfer.server-certificate-wrong-name"
    case serverUnknownCA = "transfer.server-certificate-unknown-ca"
    case trustUnusable = "transfer.trust-unusable"
    case keyUnusable = "transfer.key-unusable"
    case certificateUnusable = "transfer.certificate-unusable"
    case digestUnavailable = "transfer.digest-unavailable"
    case tooLarge = "transfer.too-large"
    case stopped = "transfer.stopped"
    case failed = "transfer.failed"
  }

  package let kind: Kind
  /// What happened and what to look at.
  package let message: String
  /// Whether the server may have seen the request: then it may have acted on it.
  package let mayHaveArrived: Bool
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String, mayHaveArrived: Bool = false) {
    self.kind = kind
    self.message = message
    self.mayHaveArrived = mayHaveArrived
  }
}

extension TransferError.Kind {
  /// One sentence for people; libcurl's own words follow it in ``TransferError/message``.
  var sentence: String {
    switch self {
    case .invalidRequest: "The request cannot be sent."
    case .nameNotFound: "The server's name was not found. Check the name and this machine's DNS."
    case .refused: "The server's machine refused the connection. Nothing listens on that port."
    case .unreachable: "The server's machine could not be reached. Check the network and firewalls."
    case .timeout: "The server did not answer in time."
    case .interrupted: "The connection broke off."
    case .notTLS: "The server does not speak TLS on that port."
    case .tlsFailed: "No TLS connection could be made."
    case .tlsAlert: "The server refused the TLS connection, mostly because of the client's certificate."
    case .serverExpired: "The server's certificate has expired, or this machine's clock is wrong."
    case .serverNotYetValid: "The server's certificate is not valid yet, or this machine's clock is wrong."
    case .serverWrongName: "The server's certificate is for another name."
    case .serverUnknownCA: "The server's certificate is not from a trusted authority."
    case .trustUnusable: "The trusted certificates cannot be read."
    case .keyUnusable: "The private key cannot be used."
    case .certificateUnusable: "The certificate cannot be used."
    case .digestUnavailable: "OpenSSL computes no SHA-256."
    case .tooLarge: "The server's answer is larger than allowed."
    case .stopped: "The exchange was stopped."
    case .failed: "The exchange failed."
    }
  }
}
