internal import SwiftASN1

/// The algorithms of a certificate request, read before the certificate library sees it: that one refuses what it does
/// not know without saying which part, and devices are refused by code.
///
///     CertificationRequest { { version, subject, { { algorithm, parameters }, key }, [0] attributes }, { algorithm }, signature }
///
/// Source: RFC 2986, section 4.
struct RequestOutline: Hashable, Sendable {
  enum Key: Hashable, Sendable {
    case curve(ASN1ObjectIdentifier)
    /// The length of the modulus, in bits.
    case rsa(Int)
    case other
  }

  let signature: ASN1ObjectIdentifier
  let key: Key

  /// - Throws: `enroll.malformed-request`.
  init(der: [UInt8]) throws(EnrollmentError) {
    do {
      (key, signature) = try DER.sequence(DER.parse(der), identifier: .sequence) { parts in
        guard let info = parts.next(), let algorithm = parts.next(), let signature = parts.next(),
          // The library passes over the count of unused bits, so one request could be written in two ways.
          try ASN1BitString(derEncoded: signature).paddingBits == 0
        else { throw Malformed() }
        return (try Self.key(inInfo: info), try Self.algorithm(algorithm).oid)
      }
    } catch {
      throw EnrollmentError(.malformed, "The body is not a PKCS#10 certificate request in base64 of DER.")
    }
  }

  /// Whether the key is strong enough for years: P-256, P-384, P-521, or RSA of 3,072 to 8,192 bits.
  var isStrong: Bool {
    switch key {
    case .curve(let curve): Self.curves.contains(curve)
    case .rsa(let bits): (3072...8192).contains(bits)
    case .other: false
    }
  }

  var signatureIsKnown: Bool { Self.signatures.contains(signature) }

  private static func key(inInfo info: ASN1Node) throws -> Key {
    try DER.sequence(info, identifier: .sequence) { parts in
      guard parts.next() != nil, parts.next() != nil, let key = parts.next(), parts.next() != nil else {
        throw Malformed()
      }
      return try DER.sequence(key, identifier: .sequence) { parts in
        guard let algorithm = parts.next(), let bits = parts.next() else { throw Malformed() }
        let (oid, parameters) = try Self.algorithm(algorithm)
        switch oid {
        case .ellipticCurveKey:
          guard let parameters, let curve = try? ASN1ObjectIdentifier(derEncoded: parameters) else { return .other }
          return .curve(curve)
        case .rsaKey: return .rsa(try modulusBits(ASN1BitString(derEncoded: bits).bytes))
        default: return .other
        }
      }
    }
  }

  private static func algorithm(_ node: ASN1Node) throws -> (oid: ASN1ObjectIdentifier, parameters: ASN1Node?) {
    try DER.sequence(node, identifier: .sequence) { parts in
      guard let oid = parts.next() else { throw Malformed() }
      return (try ASN1ObjectIdentifier(derEncoded: oid), parts.next())
    }
  }

  /// Source: RFC 8017, appendix A.1.1.
  private static func modulusBits(_ key: ArraySlice<UInt8>) throws -> Int {
    try DER.sequence(DER.parse(key), identifier: .sequence) { parts in
      guard let modulus = parts.next(), parts.next() != nil, modulus.identifier == .integer,
        case .primitive(let bytes) = modulus.content
      else { throw Malformed() }
      let significant = bytes.drop { $0 == 0 }
      guard let first = significant.first else { return 0 }
      return significant.count * 8 - first.leadingZeroBitCount
    }
  }

  private struct Malformed: Error {}

  /// P-256, P-384, P-521. Source: RFC 5480, section 2.1.1.1.
  private static let curves: Set<ASN1ObjectIdentifier> = [
    [1, 2, 840, 10045, 3, 1, 7], [1, 3, 132, 0, 34], [1, 3, 132, 0, 35],
  ]

  /// ECDSA and RSA (PKCS#1 v1.5) with SHA-256, SHA-384 and SHA-512. Source: RFC 5758, section 3.2; RFC 8017, appendix A.2.4.
  private static let signatures: Set<ASN1ObjectIdentifier> = [
    [1, 2, 840, 10045, 4, 3, 2], [1, 2, 840, 10045, 4, 3, 3], [1, 2, 840, 10045, 4, 3, 4],
    [1, 2, 840, 113549, 1, 1, 11], [1, 2, 840, 113549, 1, 1, 12], [1, 2, 840, 113549, 1, 1, 13],
  ]
}

extension ASN1ObjectIdentifier {
  fileprivate static let ellipticCurveKey: ASN1ObjectIdentifier = [1, 2, 840, 10045, 2, 1]
  fileprivate static let rsaKey: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 1]
}
