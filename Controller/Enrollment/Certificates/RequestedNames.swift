internal import Registry
internal import SwiftASN1
internal import Vocabulary
internal import Wire
internal import X509

/// What a request says in its subject and extensions: the identity it claims, and nothing it must not ask for.
struct RequestedNames {
  private(set) var identity = ClaimedIdentity()
  private let own: DeviceID?

  /// - Throws: `enroll.malformed-request`, `enroll.asks-for-ca`, `enroll.foreign-name`, `enroll.another-device`,
  ///   `enroll.too-many-extensions`.
  init(_ request: CertificateSigningRequest, own: DeviceID?) throws(EnrollmentError) {
    self.own = own
    try read(request.subject)
    let extensions: Certificate.Extensions
    let names: SubjectAlternativeNames
    let limits: BasicConstraints?
    let usage: KeyUsage?
    do {
      extensions = try request.attributes.extensionRequest?.extensions ?? Certificate.Extensions()
      names = try extensions.subjectAlternativeNames ?? SubjectAlternativeNames()
      limits = try extensions.basicConstraints
      usage = try extensions.keyUsage
    } catch {
      throw EnrollmentError(.malformed, "The request's extensions cannot be read.")
    }
    guard extensions.count <= CertificateRequest.extensionLimit, names.count <= CertificateRequest.nameLimit else {
      throw EnrollmentError(
        .tooManyExtensions,
        "The request has \(extensions.count) extensions and \(names.count) names; at most \(CertificateRequest.extensionLimit) and \(CertificateRequest.nameLimit) are read."
      )
    }
    if case .isCertificateAuthority? = limits { throw Self.asksForAuthority }
    if let usage, usage.keyCertSign || usage.cRLSign { throw Self.asksForAuthority }
    for name in names { try read(name) }
  }

  private mutating func read(_ subject: DistinguishedName) throws(EnrollmentError) {
    var serials: Set<String> = []
    for attribute in subject.lazy.flatMap({ $0 }) {
      guard let text = String(attribute.value) else { continue }
      switch attribute.type {
      case .RDNAttributeType.commonName:
        if let device = DeviceID(rawValue: text), device != own { throw Self.anotherDevice }
      case .serialNumberAttribute:
        serials.insert(text)
        identity.serial = Serial(text)
      default: break
      }
    }
    guard serials.count <= 1 else {
      throw EnrollmentError(.malformed, "The request's subject has \(serials.count) serial numbers; a machine has one.")
    }
  }

  private mutating func read(_ name: GeneralName) throws(EnrollmentError) {
    guard case .uniformResourceIdentifier(let text) = name else {
      throw EnrollmentError(
        .foreignName, "A device's request may name only URIs; this one names a \(Self.kind(of: name)).")
    }
    switch IdentityURI(text) {
    case .uuid(let uuid): identity.uuid = uuid
    case .board(let serial): identity.boardSerial = serial
    case .mac(let mac): if !identity.builtInMACs.contains(mac) { identity.builtInMACs.append(mac) }
    case .device(let device): if device != own { throw Self.anotherDevice }
    case nil:
      if text.hasPrefix("urn:rollcall:device:") { throw Self.anotherDevice }
      // A filler of the firmware, such as a UUID of zeros: not identity, and no reason to refuse.
      guard Self.identityPrefixes.contains(where: text.hasPrefix) else {
        throw EnrollmentError(.foreignName, "The request names a URI that is not a device's identity.")
      }
    }
  }

  private static let identityPrefixes = ["urn:uuid:", "urn:rollcall:board:", "urn:rollcall:mac:"]

  private static let asksForAuthority = EnrollmentError(
    .asksForAuthority, "The request asks for a certificate that may sign others. Devices never get one.")

  private static let anotherDevice = EnrollmentError(
    .anotherDevice, "The request names a device that it does not come from. The controller gives devices their names.")

  private static func kind(of name: GeneralName) -> String {
    switch name {
    case .dnsName: "DNS name"
    case .rfc822Name: "mail address"
    case .ipAddress: "network address"
    case .directoryName: "directory name"
    default: "name of another kind"
    }
  }
}
