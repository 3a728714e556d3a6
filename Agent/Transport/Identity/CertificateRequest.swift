import COpenSSL
package import CurlClient
package import Vocabulary
package import Wire

/// Which machine asks for a certificate, as its firmware says: a claim that the controller checks, never a credential.
package struct IdentityClaim: Hashable, Sendable {
  /// nil where the firmware has none or a placeholder.
  package let serial: Serial?
  /// Sorted as they are written: UUID, board, adapters.
  package let uris: [IdentityURI]
  /// A readable name for the request; no meaning is taken from it.
  package let commonName: String

  /// - Parameter hostname: used as the common name where there is no serial.
  package init(_ facts: IdentityFacts, hostname: String?) {
    serial = facts.serial.flatMap { Serial($0) }
    var uris: [IdentityURI] = []
    if let uuid = facts.uuid.flatMap({ HardwareUUID($0) }) { uris.append(.uuid(uuid)) }
    if let board = facts.boardSerial.flatMap({ Serial($0) }) { uris.append(.board(board)) }
    let addresses = facts.builtInMACs.compactMap { MACAddress($0) }.filter { !$0.isLocallyAdministered }
    uris += Set(addresses).sorted().prefix(8).map { .mac($0) }
    self.uris = uris
    let name = serial?.text ?? hostname ?? "unnamed device"
    commonName = String(String.UnicodeScalarView(name.unicodeScalars.filter { Self.isSafe($0) }.prefix(64)))
  }

  /// Source: RFC 5280, appendix A: PrintableString, without what means something in a name's text form
  private static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII
      && (scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value)
        || " -._".unicodeScalars.contains(scalar))
  }
}

/// A PKCS#10 request for a device certificate.
///
/// Source: RFC 2986; the subject's serialNumber is 2.5.4.5, identity URIs as ``IdentityURI`` says.
package enum CertificateRequest {
  /// The request in DER, signed by `key`.
  ///
  /// - Throws: `agent.request-unusable`.
  package static func make(for claim: IdentityClaim, key: PrivateKey) throws(AgentError) -> [UInt8] {
    guard let request = X509_REQ_new(), let subject = X509_NAME_new() else { throw fault("Out of memory") }
    defer {
      X509_REQ_free(request)
      X509_NAME_free(subject)
    }
    try add(claim.commonName.isEmpty ? "device" : claim.commonName, as: NID_commonName, to: subject)
    if let serial = claim.serial { try add(serial.text, as: NID_serialNumber, to: subject) }
    guard X509_REQ_set_version(request, 0) == 1, X509_REQ_set_subject_name(request, subject) == 1,
      X509_REQ_set_pubkey(request, key.pointer) == 1
    else { throw fault("The certificate request cannot be made") }
    if !claim.uris.isEmpty { try add(claim.uris, to: request) }
    guard X509_REQ_sign(request, key.pointer, EVP_sha256()) > 0 else {
      throw fault("The key does not sign the certificate request")
    }
    return der { i2d_X509_REQ(request, $0) }
  }

  /// Whether `request` was made for this key.
  package static func isFor(_ key: PrivateKey, _ request: [UInt8]) -> Bool {
    request.withUnsafeBufferPointer { buffer in
      var position = buffer.baseAddress
      guard let parsed = d2i_X509_REQ(nil, &position, buffer.count) else { return false }
      defer { X509_REQ_free(parsed) }
      return EVP_PKEY_eq(X509_REQ_get0_pubkey(parsed), key.pointer) == 1
    }
  }

  private static func add(_ text: String, as kind: Int32, to subject: OpaquePointer) throws(AgentError) {
    let bytes = Array(text.utf8)
    let done = X509_NAME_add_entry_by_NID(subject, kind, MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0)
    guard done == 1 else { throw fault("'\(text)' cannot stand in a certificate request") }
  }

  private static func add(_ uris: [IdentityURI], to request: OpaquePointer) throws(AgentError) {
    guard let names = rc_names_new() else { throw fault("Out of memory") }
    defer { rc_names_free(names) }
    for uri in uris {
      guard rc_names_add_uri(names, uri.text, Int32(uri.text.utf8.count)) == 1 else { throw fault("Out of memory") }
    }
    guard rc_request_set_names(request, names) == 1 else { throw fault("The identity cannot stand in the request") }
  }

  private static func fault(_ what: String) -> AgentError {
    AgentError(.requestUnusable, "\(what): \(OpenSSLFault.words).")
  }
}
