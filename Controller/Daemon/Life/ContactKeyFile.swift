import Enrollment
import Foundation
import Roster
import Vocabulary

/// The key with which guardians' contacts are sealed, in a file of the controller: the one place that reads and makes it.
enum ContactKeyFile {
  /// In front of the key in its file, so that another file is not taken for one.
  private static let mark = "rollcall-contact-key-1:"

  /// The key, made where there is none.
  ///
  /// - Throws: `config.contact-key` where the file is readable by others or no such key; `config.state`, `enroll.file`.
  static func load(_ settings: ControllerSettings) throws -> ContactKey {
    let path = settings.contactKey ?? settings.state.contactKey
    if !FileManager.default.fileExists(atPath: path) { try make(path, settings) }
    var info = stat()
    guard stat(path, &info) == 0 else {
      throw ConfigurationError(
        .contactKey, "The contact key \(path) cannot be read: \(String(cString: strerror(errno))).")
    }
    guard info.st_mode & 0o077 == 0 else {
      throw ConfigurationError(
        .contactKey, "The contact key \(path) can be read by others than its owner. Run: chmod 600 \(path)")
    }
    let text = try DurableFile.text(of: path).trimmingCharacters(in: .whitespacesAndNewlines)
    guard text.hasPrefix(mark), let secret = Data(base64Encoded: String(text.dropFirst(mark.count))),
      let key = ContactKey(secret: Array(secret))
    else {
      throw ConfigurationError(
        .contactKey,
        "\(path) is no contact key: it is one line that begins with '\(mark)'. Restore it from a backup, or move it aside and import the rosters again."
      )
    }
    return key
  }

  private static func make(_ path: String, _ settings: ControllerSettings) throws {
    if settings.contactKey == nil { try StateArchive.makeFolder(settings.state.rosterFolder) }
    var generator = SystemRandomNumberGenerator()
    let secret = Data((0..<ContactKey.length).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    try DurableFile.write(mark + secret.base64EncodedString() + "\n", to: path, mode: 0o600)
  }
}

extension SharedItem {
  /// What seals guardians' contacts: made by `init`, or by the first `serve` that finds none anywhere.
  static func contacts(_ state: StateFolder) -> SharedItem {
    SharedItem(
      name: "contacts",
      read: {
        guard FileManager.default.fileExists(atPath: state.contactKey) else { return nil }
        return Array(try DurableFile.text(of: state.contactKey).utf8)
      },
      take: {
        try StateArchive.makeFolder(state.rosterFolder)
        try DurableFile.write(String(decoding: $0, as: UTF8.self), to: state.contactKey, mode: 0o600)
      }, make: nil)
  }
}
