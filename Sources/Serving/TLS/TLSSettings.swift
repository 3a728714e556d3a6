package import NIOSSL

/// TLS as both listeners speak it: versions 1.2 and 1.3, forward secrecy and authenticated encryption only.
package enum TLSSettings {
  /// For people: a server certificate, no client certificate.
  ///
  /// - Throws: NIOSSL's error where a file is missing or the key does not fit the certificate.
  package static func people(chain: String, key: String) throws -> NIOSSLContext {
    try NIOSSLContext(configuration: configuration(chain: chain, key: key))
  }

  /// For devices: a client certificate is asked for; ``DeviceTrust`` verifies one that is presented.
  package static func devices(chain: String, key: String, authorities: [NIOSSLCertificate]) throws -> NIOSSLContext {
    var settings = try configuration(chain: chain, key: key)
    settings.certificateVerification = .optionalVerification
    settings.trustRoots = .certificates(authorities)
    return try NIOSSLContext(configuration: settings)
  }

  private static func configuration(chain: String, key: String) throws -> TLSConfiguration {
    var settings = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(chain).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    settings.minimumTLSVersion = .tlsv12
    settings.cipherSuiteValues = [
      .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
      .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
      .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]
    settings.curves = [.x25519, .secp256r1, .secp384r1]
    settings.applicationProtocols = ["http/1.1"]
    return settings
  }
}
