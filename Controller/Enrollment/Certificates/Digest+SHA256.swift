internal import Crypto
internal import Vocabulary

extension Vocabulary.Digest {
  init(sha256Of bytes: some Collection<UInt8>) {
    var hash = SHA256()
    hash.update(data: Array(bytes))
    self = Self(exactly: Array(hash.finalize()))
  }

  /// A SHA-256 has 32 bytes by its type.
  private init(exactly bytes: [UInt8]) {
    guard let digest = Self(bytes: bytes) else { preconditionFailure("SHA-256 gave \(bytes.count) bytes") }
    self = digest
  }
}
