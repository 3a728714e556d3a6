import COpenSSL
import Glibc
package import Vocabulary

/// An X.509 certificate. It belongs to one thread.
package final class Certificate {
  /// Valid as long as this object; for the calls of OpenSSL in this package.
  package let pointer: OpaquePointer

  /// Takes over one reference.
  package init(taking pointer: OpaquePointer) { self.pointer = pointer }

  deinit { X509_free(pointer) }

  /// The certificate in `der`, or nil where it is none or something follows it.
  package convenience init?(der: [UInt8]) {
    let pointer: OpaquePointer? = der.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return nil }
      var position: UnsafePointer<UInt8>? = start
      guard let pointer = d2i_X509(nil, &position, buffer.count) else { return nil }
      guard position == start + buffer.count else {
        X509_free(pointer)
        return nil
      }
      return pointer
    }
    ERR_clear_error()
    guard let pointer else { return nil }
    self.init(taking: pointer)
  }

  /// The certificates in a PEM text in their order; other blocks are passed over.
  package static func all(inPEM pem: [UInt8]) -> [Certificate] {
    pem.withUnsafeBytes { buffer in
      guard let bio = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)) else { return [] }
      defer {
        BIO_free(bio)
        ERR_clear_error()
      }
      var certificates: [Certificate] = []
      while certificates.count < 32, let pointer = PEM_read_bio_X509(bio, nil, nil, nil) {
        certificates.append(Certificate(taking: pointer))
      }
      return certificates
    }
  }

  package var der: [UInt8] { CurlClient.der { i2d_X509(self.pointer, $0) } }

  package var pem: [UInt8] {
    guard let bio = BIO_new(BIO_s_mem()) else { return [] }
    defer { BIO_free(bio) }
    guard PEM_write_bio_X509(bio, pointer) == 1 else { return [] }
    return bytes(of: bio)
  }

  /// SHA-256 over the DER form.
  ///
  /// - Throws: `transfer.digest-unavailable`.
  package var fingerprint: Digest { get throws(TransferError) { try SHA256.digest(der) } }
  /// The public key as SubjectPublicKeyInfo, DER, as the certificate has it.
  package var publicKey: [UInt8] { CurlClient.der { i2d_X509_PUBKEY(X509_get_X509_PUBKEY(self.pointer), $0) } }
  package var notBefore: Instant? { Self.instant(X509_get0_notBefore(pointer)) }
  package var notAfter: Instant? { Self.instant(X509_get0_notAfter(pointer)) }
  /// Whether it was issued for that key, wherever the key lives.
  package func belongs(to key: PrivateKey) -> Bool {
    defer { ERR_clear_error() }
    return X509_check_private_key(pointer, key.pointer) == 1 || publicKey == key.publicKey
  }
  /// Signed by its own key, and the signature is right.
  package var isSelfSigned: Bool { X509_self_signed(pointer, 1) == 1 }
  package var isAuthority: Bool { X509_check_ca(pointer) > 0 }

  /// The URIs of the subject alternative name.
  package var uris: [String] {
    let names = X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil).map { OpaquePointer($0) }
    defer { rc_names_free(names) }
    var uris: [String] = []
    var count: Int32 = 0
    while uris.count < 64, let text = rc_names_uri(names, Int32(uris.count), &count) {
      uris.append(String(decoding: UnsafeBufferPointer(start: text, count: Int(count)), as: UTF8.self))
    }
    return uris
  }

  /// Whether signatures lead from here through `intermediates` to `root`; dates are not looked at.
  package func leads(to root: Certificate, through intermediates: [Certificate]) -> Bool {
    guard let store = X509_STORE_new(), let context = X509_STORE_CTX_new(), let others = rc_certificates_new() else {
      return false
    }
    defer {
      X509_STORE_CTX_free(context)
      X509_STORE_free(store)
      rc_certificates_free(others)
      ERR_clear_error()
    }
    for certificate in intermediates { _ = rc_certificates_push(others, certificate.pointer) }
    guard X509_STORE_add_cert(store, root.pointer) == 1,
      X509_STORE_CTX_init(context, store, pointer, others) == 1
    else { return false }
    X509_STORE_CTX_set_flags(context, UInt(X509_V_FLAG_NO_CHECK_TIME))
    return withExtendedLifetime((root, intermediates)) { X509_verify_cert(context) == 1 }
  }

  static func instant(_ time: UnsafePointer<ASN1_TIME>?) -> Instant? {
    var fields = tm()
    guard ASN1_TIME_to_tm(time, &fields) == 1 else { return nil }
    return Instant(seconds: Int64(timegm(&fields)))
  }
}
