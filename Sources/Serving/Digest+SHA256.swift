import Crypto
package import Vocabulary

extension Vocabulary.Digest {
  /// SHA-256 over `bytes`, the controller's one way to make a digest.
  package static func sha256(_ bytes: [UInt8]) -> Vocabulary.Digest {
    // As large as the function's result, by its type.
    Vocabulary.Digest(SHA256.hash(data: bytes).withUnsafeBytes { $0.loadUnaligned(as: InlineArray<32, UInt8>.self) })
  }
}
