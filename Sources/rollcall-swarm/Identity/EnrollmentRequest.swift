import Crypto
import SwiftASN1
import Vocabulary
import Wire
import X509

/// What a device sends to `simpleenroll`: its certificate request, in base64 as RFC 8951 has it.
enum EnrollmentRequest {
  /// The attribute serialNumber of a subject. Source: RFC 5280, appendix A.1, id-at-serialNumber
  private static let serialNumber: ASN1ObjectIdentifier = [2, 5, 4, 5]

  static func body(of identity: DeviceIdentity, key: P256.Signing.PrivateKey) throws -> [UInt8] {
    let subject = DistinguishedName([
      RelativeDistinguishedName(
        try RelativeDistinguishedName.Attribute(type: serialNumber, printableString: identity.serial))
    ])
    var names: [GeneralName] = []
    if let uuid = HardwareUUID(identity.uuid) { names.append(.uniformResourceIdentifier(IdentityURI.uuid(uuid).text)) }
    if let board = Serial(identity.boardSerial) {
      names.append(.uniformResourceIdentifier(IdentityURI.board(board).text))
    }
    if let mac = MACAddress(identity.mac) { names.append(.uniformResourceIdentifier(IdentityURI.mac(mac).text)) }
    let extensions = try Certificate.Extensions { SubjectAlternativeNames(names) }
    let request = try CertificateSigningRequest(
      version: .v1, subject: subject, privateKey: Certificate.PrivateKey(key),
      attributes: CertificateSigningRequest.Attributes([.init(ExtensionRequest(extensions: extensions))]),
      signatureAlgorithm: .ecdsaWithSHA256)
    var serializer = DER.Serializer()
    try serializer.serialize(request)
    return Base64.encode(serializer.serializedBytes)
  }
}

/// The certificates of an EST answer.
enum IssuedCertificates {
  struct Malformed: Error {}

  /// Reads a base64 PKCS#7 certs-only answer into the DER of each certificate.
  ///
  /// Source: RFC 5652, section 5.1, SignedData; RFC 7030, section 4.1.3
  static func read(_ body: [UInt8]) throws -> [[UInt8]] {
    guard let der = Base64.decode(body) else { throw Malformed() }
    let contentInfo = try children(try DER.parse(der))
    guard contentInfo.count == 2, let signedData = try children(contentInfo[1]).first else { throw Malformed() }
    let set = ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific)
    guard let certificates = try children(signedData).first(where: { $0.identifier == set }) else { throw Malformed() }
    return try children(certificates).map { Array($0.encodedBytes) }
  }

  /// The one of `certificates` that was issued for `key`, first, then the others.
  static func chain(_ certificates: [[UInt8]], for key: P256.Signing.PrivateKey) throws -> [[UInt8]] {
    let point = key.publicKey.x963Representation
    let leaf = try certificates.first { der in
      guard let found = P256.Signing.PublicKey(try Certificate(derEncoded: der).publicKey) else { return false }
      return found.x963Representation == point
    }
    guard let leaf else { throw Malformed() }
    return [leaf] + certificates.filter { $0 != leaf }
  }

  private static func children(_ node: ASN1Node) throws -> [ASN1Node] {
    guard case .constructed(let nodes) = node.content else { throw Malformed() }
    return Array(nodes)
  }
}
