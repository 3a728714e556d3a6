import ArgumentParser
import Crypto
import Vocabulary
import Wire
import X509

/// Signs a fleet's certificates with a CA at hand, for servers that only check certificates.
struct MintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mint", abstract: "Sign the fleet's certificates with a CA of your own, without a controller.",
    discussion: "For measuring a peer such as nginx, and for tests; a controller does not know these keys.")

  @OptionGroup var fleet: FleetOptions

  @Option(help: "The CA's certificate, PEM.")
  var caCertificate: String

  @Option(help: "The CA's private key, PEM, P-256.")
  var caKey: String

  @Option(name: .customLong("fleet"), help: "The file that the devices are written to.")
  var path: String

  func run() throws {
    guard let certificateText = readText(caCertificate), let keyText = readText(caKey) else {
      throw SwarmError("Cannot read \(caCertificate) or \(caKey).")
    }
    let issuer = try Certificate(pemEncoded: certificateText)
    let signer = try Certificate.PrivateKey(pemEncoded: keyText)
    var file = FleetFile(seed: fleet.seed, intermediates: [try issuer.derBytes()])
    for index in fleet.indices {
      let identity = DeviceIdentity(index: index, seed: fleet.seed)
      file.devices.append(
        SimulatedDevice(index: index, leaf: try Self.certificate(identity, issuer, signer).derBytes()))
    }
    try file.write(to: path)
  }

  private static func certificate(
    _ identity: DeviceIdentity, _ issuer: Certificate, _ signer: Certificate.PrivateKey
  ) throws -> Certificate {
    var random = SeededRandom(seed: identity.seed, stream: UInt64(identity.index))
    let id = DeviceID(random: random.bytes(10))
    return try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(try identity.privateKey().publicKey),
      notValidBefore: issuer.notValidBefore, notValidAfter: issuer.notValidAfter, issuer: issuer.subject,
      subject: try DistinguishedName { CommonName(id.rawValue) }, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        SubjectAlternativeNames([.uniformResourceIdentifier(IdentityURI.device(id).text)])
        try ExtendedKeyUsage([.clientAuth])
      }, issuerPrivateKey: signer)
  }
}

extension Certificate {
  func derBytes() throws -> [UInt8] { try serializeAsPEM().derBytes }
}
