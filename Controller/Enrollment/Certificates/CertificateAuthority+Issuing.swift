internal import Crypto
internal import SwiftASN1
package import Vocabulary
package import X509

#if canImport(Glibc)
  internal import Glibc
#endif

extension CertificateAuthority {
  /// How long a device's certificate holds: 90 days.
  package static let deviceLife = Duration.seconds(90 * 86_400)
  /// How long a listener's certificate holds: 397 days.
  package static let serverLife = Duration.seconds(397 * 86_400)

  /// A device's client certificate: CN and a SAN URI name the device, OU its district, `serialNumber` the machine.
  ///
  /// The registry decides what they mean; after a restore they tell a person where a key it does not know came from.
  ///
  /// - Throws: `enroll.authority-expired`, `enroll.authority`.
  package func issue(
    to device: DeviceID, of district: DistrictID, serial: Serial?, key: Certificate.PublicKey, now: Instant
  ) throws(EnrollmentError) -> IssuedCertificate {
    var names = [
      RelativeDistinguishedName(.init(type: .RDNAttributeType.organizationalUnitName, utf8String: district.rawValue)),
      RelativeDistinguishedName(.init(type: .RDNAttributeType.commonName, utf8String: device.rawValue)),
    ]
    if let serial {
      names.append(RelativeDistinguishedName(.init(type: .serialNumberAttribute, utf8String: serial.text)))
    }
    let uri = "urn:rollcall:device:\(device.rawValue)"
    return try sign(key, subject: DistinguishedName(names), validity: Validity(from: now, for: Self.deviceLife)) {
      all in
      try all.append(Certificate.Extension(BasicConstraints.notCertificateAuthority, critical: true))
      try all.append(Certificate.Extension(KeyUsage(digitalSignature: true), critical: true))
      try all.append(ExtendedKeyUsage([.clientAuth]).makeCertificateExtension())
      try all.append(SubjectAlternativeNames([.uniformResourceIdentifier(uri)]).makeCertificateExtension())
    }
  }

  /// A new P-256 key and certificate for a listener that is reached by `names`: DNS names and IP addresses.
  ///
  /// - Throws: `enroll.authority` for a name that is neither; `enroll.authority-expired`.
  package func makeServerIdentity(names: [String], now: Instant) throws(EnrollmentError) -> ServerIdentity {
    var general: [GeneralName] = []
    for name in names { general.append(try Self.generalName(name)) }
    guard let first = names.first else {
      throw EnrollmentError(.authority, "A listener's certificate needs a DNS name or an IP address.")
    }
    let key = P256.Signing.PrivateKey()
    let common = RelativeDistinguishedName(
      .init(type: .RDNAttributeType.commonName, utf8String: String(first.prefix(64))))
    let issued = try sign(
      Certificate.PublicKey(key.publicKey), subject: DistinguishedName([common]),
      validity: Validity(from: now, for: Self.serverLife)
    ) { [general] all in
      try all.append(Certificate.Extension(BasicConstraints.notCertificateAuthority, critical: true))
      try all.append(Certificate.Extension(KeyUsage(digitalSignature: true), critical: true))
      try all.append(ExtendedKeyUsage([.serverAuth]).makeCertificateExtension())
      try all.append(SubjectAlternativeNames(general).makeCertificateExtension())
    }
    return ServerIdentity(
      chainPEM: issued.pem + issuingPEM, keyPEM: key.pemRepresentation + "\n", notAfter: issued.notAfter)
  }

  private static func generalName(_ name: String) throws(EnrollmentError) -> GeneralName {
    if let octets = addressOctets(name) { return .ipAddress(ASN1OctetString(contentBytes: octets[...])) }
    let allowed = name.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "*")
    }
    guard (1...253).contains(name.utf8.count), allowed else {
      throw EnrollmentError(.authority, "'\(name)' is neither a DNS name nor an IP address.")
    }
    return .dnsName(name)
  }

  /// The 4 or 16 octets of an address in text, nil for anything else.
  static func addressOctets(_ text: String) -> [UInt8]? {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var octets = [UInt8](repeating: 0, count: count)
      if inet_pton(family, text, &octets) == 1 { return octets }
    }
    return nil
  }
}

/// What a TLS listener needs of its certificate.
package struct ServerIdentity: Hashable, Sendable {
  /// The listener's certificate, then the issuing one.
  package let chainPEM: String
  package let keyPEM: String
  package let notAfter: Instant
}

extension ASN1ObjectIdentifier {
  /// `serialNumber` of a subject: the machine's, not the certificate's. Source: ITU-T X.520.
  static let serialNumberAttribute: ASN1ObjectIdentifier = [2, 5, 4, 5]
}
