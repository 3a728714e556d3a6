import COpenSSL
package import CurlClient
import Wire

/// A certs-only PKCS#7 message, as EST answers: base64 of DER, with or without line ends.
///
/// Source: RFC 7030, sections 4.1.3 and 4.2.3; RFC 8951
package enum CertificateMessage {
  /// - Throws: `agent.reply-unusable`.
  package static func certificates(in body: [UInt8]) throws(AgentError) -> [Certificate] {
    guard body.count <= Limits.replyBytes, let der = Base64.decode(body), !der.isEmpty else {
      throw AgentError(.replyUnusable, "The controller's answer is not base64. Is it a Rollcall controller?")
    }
    let message: OpaquePointer? = der.withUnsafeBufferPointer { buffer in
      var position = buffer.baseAddress
      return d2i_PKCS7(nil, &position, buffer.count).map { OpaquePointer($0) }
    }
    defer { ERR_clear_error() }
    guard let message else {
      throw AgentError(.replyUnusable, "The controller's answer is not a PKCS#7 message.")
    }
    let pointer = UnsafeMutablePointer<PKCS7>(message)
    defer { PKCS7_free(pointer) }
    let stack = rc_pkcs7_certificates(pointer)
    let count = rc_certificate_count(stack)
    guard (1...16).contains(count) else {
      throw AgentError(.replyUnusable, "The controller's answer holds \(count) certificates; 1 to 16 make sense.")
    }
    return (0..<count).compactMap { index in
      guard let certificate = rc_certificate_at(stack, index), X509_up_ref(certificate) == 1 else { return nil }
      return Certificate(taking: certificate)
    }
  }
}
