import Crypto
import Foundation
import Serving
import SwiftASN1
import Vocabulary
import X509

@testable import Enrollment

/// A device's key, and requests as its agent makes them.
struct TestKey: Sendable {
  let key: P256.Signing.PrivateKey

  init() { key = P256.Signing.PrivateKey() }

  /// The same key for the same numbers.
  init(_ random: inout Seeded) throws {
    // Without the first byte it is less than the curve's order.
    let bytes = (0..<32).map { $0 == 0 ? 0 : UInt8.random(in: 0...255, using: &random) }
    key = try P256.Signing.PrivateKey(rawRepresentation: bytes)
  }

  var digest: Vocabulary.Digest { Vocabulary.Digest.sha256(Array(key.publicKey.derRepresentation)) }

  /// The body of an EST request.
  func request(serial: String? = nil, uris: [String] = [], name: String? = nil, extra: [Certificate.Extension] = [])
    throws -> [UInt8]
  {
    var names: [RelativeDistinguishedName] = []
    if let name { names.append(RelativeDistinguishedName(.init(type: .RDNAttributeType.commonName, utf8String: name))) }
    if let serial { names.append(RelativeDistinguishedName(.init(type: .serialNumberAttribute, utf8String: serial))) }
    var extensions = try Certificate.Extensions(extra)
    if !uris.isEmpty {
      try extensions.append(
        SubjectAlternativeNames(uris.map { .uniformResourceIdentifier($0) }).makeCertificateExtension())
    }
    let attributes =
      extensions.isEmpty
      ? CertificateSigningRequest.Attributes()
      : CertificateSigningRequest.Attributes([try .init(ExtensionRequest(extensions: extensions))])
    let request = try CertificateSigningRequest(
      version: .v1, subject: DistinguishedName(names), privateKey: Certificate.PrivateKey(key), attributes: attributes)
    var serializer = DER.Serializer()
    try serializer.serialize(request)
    return Array(Data(serializer.serializedBytes).base64EncodedData())
  }
}
