internal import FoundationEssentials
internal import Registry
internal import Serving
internal import SwiftASN1
internal import Vocabulary
internal import Wire
internal import X509

/// A certificate request that proved its key and asks for nothing that a device may not have.
///
/// Nothing of it but the key is copied into a certificate: names come from the registry, uses from the authority.
struct CertificateRequest: Sendable {
  /// Extensions, and names in the subject alternative name, that one request may have.
  static let extensionLimit = 16
  static let nameLimit = 32

  let publicKey: Certificate.PublicKey
  /// SHA-256 over the DER SubjectPublicKeyInfo.
  let key: Digest
  let identity: ClaimedIdentity

  /// - Parameters:
  ///   - body: base64 of DER, or PEM.
  ///   - own: the device that asks, where it is known: it may name itself.
  /// - Throws: `enroll.malformed-request`, `enroll.unknown-signature`, `enroll.weak-key`, `enroll.bad-signature`,
  ///   `enroll.asks-for-ca`, `enroll.foreign-name`, `enroll.another-device`, `enroll.too-many-extensions`.
  init(body: [UInt8], own: DeviceID? = nil) throws(EnrollmentError) {
    let der = try Self.der(of: body)
    let outline = try RequestOutline(der: der)
    guard outline.signatureIsKnown else {
      throw EnrollmentError(
        .unknownSignature,
        "The request is signed with \(outline.signature); use ECDSA or RSA with SHA-256, SHA-384 or SHA-512.")
    }
    guard outline.isStrong else {
      throw EnrollmentError(
        .weakKey, "The key is too weak or of an unknown kind; use P-256, P-384, P-521, or RSA of 3,072 bits and more.")
    }
    let request: CertificateSigningRequest
    do {
      request = try CertificateSigningRequest(derEncoded: der)
    } catch {
      throw EnrollmentError(.malformed, "The certificate request cannot be read.")
    }
    guard request.publicKey.isValidSignature(request.signature, for: request) else {
      throw EnrollmentError(.badSignature, "The request's signature is not by its own key. Make the request anew.")
    }
    publicKey = request.publicKey
    key = try request.publicKey.digest
    identity = try RequestedNames(request, own: own).identity
  }

  /// The DER in a body of base64 with spaces, tabs and line ends anywhere, or of PEM.
  static func der(of body: [UInt8]) throws(EnrollmentError) -> [UInt8] {
    guard body.count <= Limits.certificateRequestBytes else {
      throw EnrollmentError(.malformed, "The request is over \(Limits.certificateRequestBytes) bytes.")
    }
    var kept: [UInt8] = []
    kept.reserveCapacity(body.count)
    for line in body.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
      let text = line.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
      if text.starts(with: Array("-----BEGIN".utf8)) || text.starts(with: Array("-----END".utf8)) { continue }
      kept += text
    }
    guard !kept.isEmpty, let der = Data(base64Encoded: Data(kept)) else {
      throw EnrollmentError(.malformed, "The body is not base64 of a PKCS#10 certificate request.")
    }
    return Array(der)
  }
}
