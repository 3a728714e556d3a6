import Crypto
import Foundation
import Vocabulary

extension Vocabulary.Digest {
  /// SHA-256 of a file's content, a mebibyte in memory at a time.
  ///
  /// - Throws: `config.unreadable`.
  static func file(_ path: String) throws -> Vocabulary.Digest {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw ConfigurationError(.unreadable, "\(path) cannot be read.")
    }
    defer { try? file.close() }
    var hash = SHA256()
    while let part = try file.read(upToCount: 1 << 20), !part.isEmpty { hash.update(data: part) }
    return Vocabulary.Digest(bytes: hash.finalize()) ?? .zero
  }
}
