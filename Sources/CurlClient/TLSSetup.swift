import CCurl
import COpenSSL
import Vocabulary

/// Prepares OpenSSL's context before each handshake: the identity, and the time certificates are checked at.
///
/// libcurl 7.88 reads keys from files and engines only; setting them here takes any key that an OpenSSL provider
/// can load, so a key in a TPM or a token works like one in a file.
final class TLSSetup {
  let identity: ClientIdentity?
  private(set) var time: VerificationTime = .system
  /// Why the last set-up failed.
  private(set) var fault: TransferError?
  /// What was wrong with the server's chain; nil where nothing was. Source: openssl/x509_vfy.h, X509_V_ERR_
  private(set) var verification: Int32?
  /// From when until when the certificate holds that the server showed last; kept with the connection.
  private(set) var serverHolds: ClosedRange<Instant>?

  init(identity: ClientIdentity?) { self.identity = identity }

  static let callback: rc_tls_setup = { _, tls, context in
    guard let tls, let context else { return CURLE_SSL_CONNECT_ERROR }
    let setup = Unmanaged<TLSSetup>.fromOpaque(context).takeUnretainedValue()
    do throws(TransferError) {
      try setup.apply(to: OpaquePointer(tls))
      return CURLE_OK
    } catch {
      setup.fault = error
      return CURLE_SSL_CERTPROBLEM
    }
  }

  /// OpenSSL's own verification, whose verdict is kept: libcurl tells it in some cases only.
  private static let verify: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { chain, context in
    guard let chain, let context else { return 0 }
    let setup = Unmanaged<TLSSetup>.fromOpaque(context).takeUnretainedValue()
    setup.serverHolds = life(of: X509_STORE_CTX_get0_cert(chain))
    let result = X509_verify_cert(chain)
    if result != 1 {
      setup.verification = X509_STORE_CTX_get_error(chain)
    }
    return result
  }

  private static func life(of certificate: OpaquePointer?) -> ClosedRange<Instant>? {
    guard let begin = Certificate.instant(X509_get0_notBefore(certificate)),
      let end = Certificate.instant(X509_get0_notAfter(certificate)), begin <= end
    else { return nil }
    return begin...end
  }

  /// Forgets the last exchange.
  func begin(_ time: VerificationTime) {
    self.time = time
    fault = nil
    verification = nil
  }

  private func apply(to tls: OpaquePointer) throws(TransferError) {
    SSL_CTX_set_cert_verify_callback(tls, Self.verify, Unmanaged.passUnretained(self).toOpaque())
    let parameters = SSL_CTX_get0_param(tls)
    switch time {
    case .system: break
    case .at(let instant): X509_VERIFY_PARAM_set_time(parameters, Int(instant.milliseconds / 1000))
    case .ignoringDates: X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_NO_CHECK_TIME))
    }
    guard let identity else { return }
    guard let own = identity.certificates.first, SSL_CTX_use_certificate(tls, own.pointer) == 1 else {
      throw TransferError(.certificateUnusable, "OpenSSL does not take the certificate: \(OpenSSLFault.words).")
    }
    for certificate in identity.certificates.dropFirst() {
      guard rc_tls_add_chain(tls, certificate.pointer) == 1 else {
        throw TransferError(
          .certificateUnusable, "OpenSSL does not take the certificate's chain: \(OpenSSLFault.words).")
      }
    }
    guard SSL_CTX_use_PrivateKey(tls, identity.key.pointer) == 1, SSL_CTX_check_private_key(tls) == 1 else {
      throw TransferError(.keyUnusable, "The private key does not belong to the certificate: \(OpenSSLFault.words).")
    }
  }
}

/// OpenSSL's queue of errors in words.
package enum OpenSSLFault {
  /// The oldest error's words; empties the queue.
  package static var words: String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return "no reason given" }
    var text = [CChar](repeating: 0, count: 256)
    ERR_error_string_n(code, &text, text.count)
    return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }
}
