import Enrollment
import Foundation
import NIOSSL
import Serving
import Vocabulary
import X509

/// The controller's own server certificates: made by our CA, renewed before they end, read anew on reload.
enum ServerIdentities {
  /// A certificate is made anew when less than this is left of it.
  static let renewBefore = Duration.seconds(30 * 86_400)

  static func write(_ authority: CertificateAuthority, _ settings: ControllerSettings, now: Instant) throws {
    let folder = settings.state
    let devices = try authority.makeServerIdentity(names: settings.names, now: now)
    try DurableFile.write(devices.keyPEM, to: folder.devicesKey, mode: 0o600)
    try DurableFile.write(devices.chainPEM, to: folder.devicesCertificate, mode: 0o644)
    guard settings.peopleIdentity == nil else { return }
    let people = try authority.makeServerIdentity(names: settings.names, now: now)
    try DurableFile.write(people.keyPEM, to: folder.peopleKey, mode: 0o600)
    try DurableFile.write(people.chainPEM, to: folder.peopleCertificate, mode: 0o644)
  }

  /// Makes new ones where a file is missing, ends soon, names other names than the settings do, or is of a former issuer.
  static func refresh(_ authority: CertificateAuthority, _ settings: ControllerSettings, now: Instant) throws {
    let own = settings.peopleIdentity == nil ? [settings.state.peopleCertificate] : []
    for path in [settings.state.devicesCertificate] + own where try !isCurrent(path, authority, settings, now: now) {
      return try write(authority, settings, now: now)
    }
  }

  private static func isCurrent(
    _ path: String, _ authority: CertificateAuthority, _ settings: ControllerSettings, now: Instant
  ) throws -> Bool {
    guard FileManager.default.fileExists(atPath: path),
      let leaf = try NIOSSLCertificate.fromPEMFile(path).first, authority.signed(der: try leaf.toDERBytes())
    else { return false }
    let certificate = try Certificate(derEncoded: try leaf.toDERBytes())
    let end = Instant(seconds: Int64(certificate.notValidAfter.timeIntervalSince1970))
    guard now.advanced(by: renewBefore) < end else { return false }
    var names: Set<String> = []
    for name in try certificate.extensions.subjectAlternativeNames ?? SubjectAlternativeNames() {
      switch name {
      case .dnsName(let text): names.insert(text)
      case .ipAddress(let bytes): names.insert(IPText.text(Array(bytes.bytes)))
      default: break
      }
    }
    return settings.names.allSatisfy { names.contains(IPText.canonical($0)) }
  }

  static func devicesContext(_ settings: ControllerSettings, _ authority: CertificateAuthority) throws -> NIOSSLContext
  {
    try TLSSettings.devices(
      chain: settings.state.devicesCertificate, key: settings.state.devicesKey,
      authorities: try ([authority.issuingDER] + authority.former.map(\.der) + [authority.rootDER]).map {
        try NIOSSLCertificate(bytes: $0, format: .der)
      })
  }

  static func peopleContext(_ settings: ControllerSettings) throws -> NIOSSLContext {
    let own = settings.peopleIdentity
    return try TLSSettings.people(
      chain: own?.certificate ?? settings.state.peopleCertificate, key: own?.key ?? settings.state.peopleKey)
  }

  static func trust(_ authority: CertificateAuthority) throws -> DeviceTrust {
    DeviceTrust(
      issuers: try ([authority.issuingDER] + authority.former.map(\.der)).map { try Certificate(derEncoded: $0) })
  }
}

/// IP addresses as certificates and people write them.
enum IPText {
  static func text(_ bytes: [UInt8]) -> String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count))
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// An address in its canonical form; any other text as it is.
  static func canonical(_ name: String) -> String {
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, name, &four) == 1 { return text(withUnsafeBytes(of: four) { Array($0) }) }
    if inet_pton(AF_INET6, name, &six) == 1 { return text(withUnsafeBytes(of: six) { Array($0) }) }
    return name
  }
}
