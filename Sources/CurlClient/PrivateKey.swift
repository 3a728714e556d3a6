import COpenSSL

/// A private key: in memory, or in hardware behind an OpenSSL provider. It belongs to one thread.
package final class PrivateKey {
  /// Valid as long as this object; for the calls of OpenSSL in this package.
  package let pointer: OpaquePointer

  private init(taking pointer: OpaquePointer) { self.pointer = pointer }

  deinit { EVP_PKEY_free(pointer) }

  /// A new P-256 key from OpenSSL's random source.
  ///
  /// - Throws: `transfer.key-unusable`.
  package static func makeP256() throws(TransferError) -> PrivateKey {
    guard let pointer = rc_p256() else { throw fault("No key could be made") }
    return PrivateKey(taking: pointer)
  }

  /// - Throws: `transfer.key-unusable`.
  package convenience init(pem: [UInt8]) throws(TransferError) {
    let pointer: OpaquePointer? = pem.withUnsafeBytes { buffer in
      guard let bio = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)) else { return nil }
      defer { BIO_free(bio) }
      return PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
    }
    guard let pointer else { throw Self.fault("This is not a private key in PEM without a passphrase") }
    self.init(taking: pointer)
  }

  /// The key at an OpenSSL store's URI, such as `pkcs11:token=…` or `handle:0x81000001`, through the providers that
  /// OpenSSL's configuration loads; or `file:/path`.
  ///
  /// - Throws: `transfer.key-unusable`.
  package convenience init(uri: String) throws(TransferError) {
    guard let pointer = rc_load_key(uri) else {
      throw Self.fault("No private key was found at '\(uri)'. Is the provider set up in openssl.cnf?")
    }
    self.init(taking: pointer)
  }

  /// PKCS#8 PEM, not encrypted.
  ///
  /// - Throws: `transfer.key-unusable` where the key cannot leave its hardware.
  package func pem() throws(TransferError) -> [UInt8] {
    guard let bio = BIO_new(BIO_s_mem()) else { throw Self.fault("Out of memory") }
    defer { BIO_free(bio) }
    guard rc_write_private_key(bio, pointer) == 1 else { throw Self.fault("The private key cannot be written") }
    return bytes(of: bio)
  }

  /// The public key as SubjectPublicKeyInfo, DER.
  package var publicKey: [UInt8] { der { i2d_PUBKEY(self.pointer, $0) } }

  private static func fault(_ what: String) -> TransferError {
    TransferError(.keyUnusable, "\(what): \(OpenSSLFault.words).")
  }
}

/// The whole content of a memory BIO.
package func bytes(of bio: OpaquePointer) -> [UInt8] {
  var start: UnsafeMutablePointer<CChar>?
  let count = rc_bio_bytes(bio, &start)
  guard let start, count > 0 else { return [] }
  return Array(UnsafeRawBufferPointer(start: start, count: count))
}

/// What an `i2d_` function writes; empty where it fails.
package func der(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
  var start: UnsafeMutablePointer<UInt8>?
  let count = encode(&start)
  defer { rc_free(start) }
  guard let start, count > 0 else { return [] }
  return Array(UnsafeBufferPointer(start: start, count: Int(count)))
}
