import Enrollment
import Foundation
import Logging
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

  /// Makes new ones where a file is missing or damaged, ends soon, names other names than the settings do, or is of a
  /// former issuer. The operator's own are never touched.
  static func refresh(
    _ authority: CertificateAuthority, _ settings: ControllerSettings, now: Instant, logger: Logger = Logs.silent
  ) throws {
    let folder = settings.state
    let own = settings.peopleIdentity == nil ? [(folder.peopleCertificate, folder.peopleKey)] : []
    for (chain, key) in [(folder.devicesCertificate, folder.devicesKey)] + own {
      guard let reason = reasonToRenew(chain, key, authority, settings, now: now) else { continue }
      try write(authority, settings, now: now)
      logger.notice("server certificates were made anew", metadata: ["file": "\(chain)", "reason": "\(reason)"])
      return
    }
  }

  /// nil where the pair can be used as it is.
  private static func reasonToRenew(
    _ path: String, _ key: String, _ authority: CertificateAuthority, _ settings: ControllerSettings, now: Instant
  ) -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return "missing" }
    guard let leaf = try? NIOSSLCertificate.fromPEMFile(path).first, let der = try? leaf.toDERBytes(),
      let certificate = try? Certificate(derEncoded: der),
      let held = try? certificate.extensions.subjectAlternativeNames ?? SubjectAlternativeNames(),
      (try? TLSSettings.people(chain: path, key: key)) != nil
    else { return "damaged" }
    guard authority.signed(der: der) else { return "of a former issuer" }
    let end = Instant(seconds: Int64(certificate.notValidAfter.timeIntervalSince1970))
    guard now.advanced(by: renewBefore) < end else { return "ends soon" }
    var names: Set<String> = []
    for name in held {
      switch name {
      case .dnsName(let text): names.insert(text)
      case .ipAddress(let bytes): names.insert(IPText.text(Array(bytes.bytes)))
      default: break
      }
    }
    return settings.names.allSatisfy { names.contains(IPText.canonical($0)) } ? nil : "other names"
  }

  /// - Throws: `config.unreadable` with the file.
  static func devicesContext(_ settings: ControllerSettings, _ authority: CertificateAuthority) throws -> NIOSSLContext
  {
    let (chain, key) = (settings.state.devicesCertificate, settings.state.devicesKey)
    let trusted = try ([authority.issuingDER] + authority.former.map(\.der) + [authority.rootDER]).map {
      try NIOSSLCertificate(bytes: $0, format: .der)
    }
    do { return try TLSSettings.devices(chain: chain, key: key, authorities: trusted) } catch {
      throw fault(chain, key, advice: "Remove both; 'rollcalld serve' makes new ones.")
    }
  }

  /// - Throws: `config.unreadable` with the file.
  static func peopleContext(_ settings: ControllerSettings) throws -> NIOSSLContext {
    guard let own = settings.peopleIdentity else {
      let (chain, key) = (settings.state.peopleCertificate, settings.state.peopleKey)
      do { return try TLSSettings.people(chain: chain, key: key) } catch {
        throw fault(chain, key, advice: "Remove both; 'rollcalld serve' makes new ones.")
      }
    }
    do { return try TLSSettings.people(chain: own.certificate, key: own.key) } catch {
      throw fault(
        own.certificate, own.key,
        advice: "Put your chain and its key there as PEM, or drop people-certificate and people-key from the settings.")
    }
  }

  /// Says which of the two files is at fault.
  private static func fault(_ chain: String, _ key: String, advice: String) -> ConfigurationError {
    let why =
      if ((try? NIOSSLCertificate.fromPEMFile(chain)) ?? []).isEmpty {
        FaultWords.ofPEM(chain)
      } else if (try? NIOSSLPrivateKey(file: key, format: .pem)) == nil {
        FaultWords.ofPEM(key)
      } else {
        "\(key) is not the key of \(chain)"
      }
    return ConfigurationError(.unreadable, "A server certificate cannot be used: \(why). \(advice)")
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
