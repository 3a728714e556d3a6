import COpenSSL
package import Vocabulary

/// SHA-256 through OpenSSL.
package enum SHA256 {
  /// - Throws: `transfer.digest-unavailable` where OpenSSL has no SHA-256, or no memory for it.
  package static func digest(_ bytes: [UInt8]) throws(TransferError) -> Digest {
    try digest(bytes, with: EVP_sha256())
  }

  /// - Parameter algorithm: nil stands for an OpenSSL without SHA-256.
  static func digest(_ bytes: [UInt8], with algorithm: OpaquePointer?) throws(TransferError) -> Digest {
    var result = [UInt8](repeating: 0, count: 32)
    let done = algorithm != nil && EVP_Digest(bytes, bytes.count, &result, nil, algorithm, nil) == 1
    guard done, let digest = Digest(bytes: result) else {
      throw TransferError(.digestUnavailable, "OpenSSL computes no SHA-256: \(OpenSSLFault.words).")
    }
    return digest
  }
}
