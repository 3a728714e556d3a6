internal import FoundationEssentials
internal import SwiftASN1

/// What a request should hold: a P-256 key, a signature with SHA-256, the machine's serial in its subject.
///
///     CsrAttrs { serialNumber, { id-ecPublicKey, { secp256r1 } }, ecdsa-with-SHA256 }
///
/// Source: RFC 7030, section 4.5.2.
enum RequestAttributes {
  static func body() throws(EnrollmentError) -> [UInt8] {
    do {
      var serializer = DER.Serializer()
      try serializer.appendConstructedNode(identifier: .sequence) { list in
        try list.serialize(ASN1ObjectIdentifier.serialNumberAttribute)
        try list.appendConstructedNode(identifier: .sequence) { attribute in
          try attribute.serialize([1, 2, 840, 10045, 2, 1] as ASN1ObjectIdentifier)
          try attribute.appendConstructedNode(identifier: .set) {
            try $0.serialize([1, 2, 840, 10045, 3, 1, 7] as ASN1ObjectIdentifier)
          }
        }
        try list.serialize([1, 2, 840, 10045, 4, 3, 2] as ASN1ObjectIdentifier)
      }
      return Array(Data(serializer.serializedBytes).base64EncodedData()) + Array("\r\n".utf8)
    } catch {
      throw EnrollmentError(.authority, "The request attributes could not be written: \(error).")
    }
  }
}
