import Crypto
import Enrollment
import Foundation

/// The key that what controllers share through their database is sealed with: who reads the database, or a copy of it, does
/// not have the issuing key. It lies in a file on each controller and nowhere else.
struct SealKey: Sendable {
  /// In front of the key in its file, so that another file is not taken for one.
  private static let mark = "rollcall-seal-key-1:"
  /// Of a key, in bytes.
  private static let length = 32

  private let key: SymmetricKey

  /// - Throws: `config.seal-key` where the file is missing, readable by others, or no such key.
  static func load(_ path: String) throws -> SealKey {
    var info = stat()
    guard stat(path, &info) == 0 else {
      throw ConfigurationError(
        .sealKey,
        "The seal key \(path) cannot be read: \(String(cString: strerror(errno))). Copy it from another controller; 'rollcalld init' makes the first one."
      )
    }
    guard info.st_mode & 0o077 == 0 else {
      throw ConfigurationError(
        .sealKey, "The seal key \(path) can be read by others than its owner. Run: chmod 600 \(path)")
    }
    let text = try DurableFile.text(of: path).trimmingCharacters(in: .whitespacesAndNewlines)
    guard text.hasPrefix(mark), let bytes = Data(base64Encoded: String(text.dropFirst(mark.count))),
      bytes.count == length
    else {
      throw ConfigurationError(
        .sealKey, "\(path) is no seal key: it is one line that begins with '\(mark)'. Copy it from another controller.")
    }
    return SealKey(key: SymmetricKey(data: bytes))
  }

  /// Reads the file, or makes it (0600) where there is none.
  ///
  /// - Throws: `config.seal-key`, `enroll.file`.
  static func loadOrMake(_ path: String) throws -> SealKey {
    if !FileManager.default.fileExists(atPath: path) {
      let key = SymmetricKey(size: .bits256)
      let text = key.withUnsafeBytes { mark + Data($0).base64EncodedString() + "\n" }
      try DurableFile.write(text, to: path, mode: 0o600)
    }
    return try load(path)
  }

  /// AES-256-GCM; the name and the revision are authenticated with it, so that no row stands in for another.
  func seal(_ content: [UInt8], as name: String, revision: Int64) throws -> [UInt8] {
    let box = try AES.GCM.seal(content, using: key, authenticating: Self.context(name, revision))
    return [UInt8](box.nonce) + [UInt8](box.ciphertext) + [UInt8](box.tag)
  }

  /// - Throws: `config.seal-key` where it was sealed with another key, or was changed.
  func open(_ sealed: [UInt8], as name: String, revision: Int64) throws -> [UInt8] {
    do {
      return [UInt8](
        try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key, authenticating: Self.context(name, revision)))
    } catch {
      throw ConfigurationError(
        .sealKey,
        "What the database keeps as '\(name)' cannot be opened with this seal key: it is another controller's, or the row was changed. Give the key that 'rollcalld init' was given."
      )
    }
  }

  private static func context(_ name: String, _ revision: Int64) -> [UInt8] {
    Array("rollcall shared 1\n\(name)\n\(revision)".utf8)
  }
}
