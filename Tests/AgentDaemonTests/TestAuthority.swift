import COpenSSL
import CurlClient
import Vocabulary

@testable import AgentTransport

/// A root and an issuing authority that sign what they are given, as a controller's do.
final class TestAuthority {
  let root: Certificate
  let issuing: Certificate
  private let rootKey: PrivateKey
  private let issuingKey: PrivateKey

  static let begin = Instant(rfc3339: "2026-11-01T00:00:00Z")!

  init() throws {
    rootKey = try PrivateKey.makeP256()
    issuingKey = try PrivateKey.makeP256()
    root = Self.sign(
      subject: "Test Root", key: rootKey.pointer, issuer: nil, with: rootKey, isAuthority: true, uri: nil,
      from: Self.begin, for: .seconds(3650 * 86_400))
    issuing = Self.sign(
      subject: "Test Issuing", key: issuingKey.pointer, issuer: root, with: rootKey, isAuthority: true, uri: nil,
      from: Self.begin, for: .seconds(3000 * 86_400))
  }

  /// A device certificate for the key of a PKCS#10 request, whose own signature has to be right.
  func certificate(
    for request: [UInt8], device: String = "dev_0123456789abcdef", from: Instant = begin,
    for life: Duration = .seconds(90 * 86_400)
  ) -> Certificate? {
    request.withUnsafeBufferPointer { buffer in
      var position = buffer.baseAddress
      guard let parsed = d2i_X509_REQ(nil, &position, buffer.count) else { return nil }
      defer { X509_REQ_free(parsed) }
      guard let key = X509_REQ_get0_pubkey(parsed), X509_REQ_verify(parsed, key) == 1 else { return nil }
      return Self.sign(
        subject: device, key: key, issuer: issuing, with: issuingKey, isAuthority: false,
        uri: "URI:urn:rollcall:device:\(device)", from: from, for: life)
    }
  }

  func issue(_ key: PrivateKey, subject: String, names: String, from: Instant, for life: Duration) -> Certificate {
    Self.sign(
      subject: subject, key: key.pointer, issuer: issuing, with: issuingKey, isAuthority: false, uri: names, from: from,
      for: life)
  }

  /// A certs-only message as EST answers: base64 of a PKCS#7 SignedData.
  static func message(_ certificates: [Certificate]) -> [UInt8] {
    let message = PKCS7_new()!
    defer { PKCS7_free(message) }
    PKCS7_set_type(message, NID_pkcs7_signed)
    PKCS7_content_new(message, NID_pkcs7_data)
    // Certs-only has no content.
    PKCS7_ctrl(message, PKCS7_OP_SET_DETACHED_SIGNATURE, 1, nil)
    for certificate in certificates { PKCS7_add_certificate(message, certificate.pointer) }
    return Base64.encodeLines(der { i2d_PKCS7(message, $0) })
  }

  private static func sign(
    subject: String, key: OpaquePointer, issuer: Certificate?, with issuerKey: PrivateKey, isAuthority: Bool,
    uri: String?, from: Instant, for life: Duration
  ) -> Certificate {
    let certificate = X509_new()!
    X509_set_version(certificate, 2)
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), .random(in: 1 ... .max))
    let name = X509_NAME_new()!
    defer { X509_NAME_free(name) }
    X509_NAME_add_entry_by_NID(
      name, NID_commonName, MBSTRING_UTF8, Array(subject.utf8), Int32(subject.utf8.count), -1, 0)
    X509_set_subject_name(certificate, name)
    X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0.pointer) } ?? name)
    ASN1_TIME_set(X509_getm_notBefore(certificate), Int(from.milliseconds / 1000))
    ASN1_TIME_set(X509_getm_notAfter(certificate), Int(from.advanced(by: life).milliseconds / 1000))
    X509_set_pubkey(certificate, key)
    add(NID_basic_constraints, isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE", to: certificate)
    if let uri { add(NID_subject_alt_name, uri, to: certificate) }
    X509_sign(certificate, issuerKey.pointer, EVP_sha256())
    return Certificate(taking: certificate)
  }

  private static func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer) {
    guard let part = X509V3_EXT_conf_nid(nil, nil, kind, value) else { return }
    X509_add_ext(certificate, part, -1)
    X509_EXTENSION_free(part)
  }
}
