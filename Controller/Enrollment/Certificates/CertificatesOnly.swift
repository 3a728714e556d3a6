internal import FoundationEssentials
internal import SwiftASN1

/// PKCS#7 without content or signer: how EST carries certificates.
///
///     ContentInfo { signedData, [0] SignedData { 1, {}, { data }, [0] { certificates }, {} } }
///
/// Source: RFC 5652, sections 3 and 5.1; RFC 7030, sections 4.1.3 and 4.2.3.
enum CertificatesOnly {
  static let contentType = "application/pkcs7-mime; smime-type=certs-only"

  /// - Throws: `enroll.authority` where a certificate is not DER.
  static func der(_ certificates: [[UInt8]]) throws(EnrollmentError) -> [UInt8] {
    do {
      var serializer = DER.Serializer()
      try serializer.appendConstructedNode(identifier: .sequence) { contentInfo in
        try contentInfo.serialize(ASN1ObjectIdentifier.signedData)
        try contentInfo.appendConstructedNode(identifier: .tagged(0)) { tagged in
          try tagged.appendConstructedNode(identifier: .sequence) { try signedData(certificates, into: &$0) }
        }
      }
      return serializer.serializedBytes
    } catch {
      throw EnrollmentError(.authority, "The certificates could not be packed: \(error).")
    }
  }

  /// Base64 in lines of 76 characters, as RFC 8951, section 3, allows and every client reads.
  static func body(_ certificates: [[UInt8]]) throws(EnrollmentError) -> [UInt8] {
    let text = Array(Data(try der(certificates)).base64EncodedData())
    var lines: [UInt8] = []
    lines.reserveCapacity(text.count + text.count / 38 + 2)
    for start in stride(from: 0, to: text.count, by: 76) {
      lines += text[start..<min(start + 76, text.count)]
      lines += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    }
    return lines
  }

  private static func signedData(_ certificates: [[UInt8]], into coder: inout DER.Serializer) throws {
    try coder.serialize(1)
    coder.appendConstructedNode(identifier: .set) { _ in }
    try coder.appendConstructedNode(identifier: .sequence) { try $0.serialize(ASN1ObjectIdentifier.data) }
    let nodes = try certificates.map { try DER.parse($0) }
    try coder.serializeSetOf(nodes.map(Verbatim.init), identifier: .tagged(0))
    coder.appendConstructedNode(identifier: .set) { _ in }
  }

  private struct Verbatim: DERSerializable {
    let node: ASN1Node
    func serialize(into coder: inout DER.Serializer) throws { coder.serialize(node) }
  }
}

extension ASN1ObjectIdentifier {
  /// PKCS#7 signedData and data. Source: RFC 5652, sections 4 and 5.1.
  fileprivate static let signedData: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 7, 2]
  fileprivate static let data: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 7, 1]
}

extension ASN1Identifier {
  fileprivate static func tagged(_ number: UInt) -> ASN1Identifier {
    ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
  }
}
