import Enrollment
import Foundation
import Roster
import Storage
import Vocabulary

/// The key with which guardians' contacts are sealed, in a file of the controller: the one place that reads and makes it.
enum ContactKeyFile {
  /// In front of the key in its file, so that another file is not taken for one.
  private static let mark = "rollcall-contact-key-1:"

  /// What `init` begins with: the key, made where there is none.
  ///
  /// - Throws: as ``read(_:)``.
  static func loadOrMake(_ settings: ControllerSettings) throws -> ContactKey {
    if !isThere(settings) { try make(settings) }
    return try read(settings)
  }

  /// The key of this database's guardians. One is made in the state folder alone, and only where none was in use: in place
  /// of a lost one it would read nothing of what is sealed.
  ///
  /// - Parameter isReplaced: whether somebody who knows that takes another key all the same.
  /// - Throws: `config.contact-key`; as ``read(_:)``.
  static func load(
    _ settings: ControllerSettings, on database: any Database, isReplaced: Bool
  ) async throws -> ContactKey {
    let path = settings.contactKeyPath
    if !isThere(settings) {
      guard settings.contactKey == nil || isReplaced else {
        throw ConfigurationError(
          .contactKey,
          "There is no contact key at \(path), which 'contact-key' names. Put it there, or run 'init', which makes it.")
      }
      let hasSealed = try await database.read(in: .state) { try ContactKeyStore.isInUse($0) }
      guard !hasSealed || isReplaced else { throw lost("The contact key \(path) is not there. With it") }
      try make(settings)
    }
    let key = try read(settings)
    try await claim(key, for: settings, on: database, isReplaced: isReplaced)
    return key
  }

  /// Keeps in the database by which key it is sealed.
  ///
  /// - Throws: `config.contact-key` where it is another one.
  static func claim(
    _ key: ContactKey, for settings: ControllerSettings, on database: any Database, isReplaced: Bool = false
  ) async throws {
    let isOwn = try await database.write(in: .state) {
      try ContactKeyStore.claim(key, isReplaced: isReplaced, in: $0)
    }
    guard isOwn else {
      throw lost("The contact key \(settings.contactKeyPath) is another than the one with which")
    }
  }

  private static func lost(_ what: String) -> ConfigurationError {
    ConfigurationError(
      .contactKey,
      "\(what) this database's guardians are sealed. Nothing was changed. Restore the key from a backup or from another controller; where it is lost, 'serve --replace-contact-key' takes another, and guardians are read again with the next whole roster of each district."
    )
  }

  static func isThere(_ settings: ControllerSettings) -> Bool {
    FileManager.default.fileExists(atPath: settings.contactKeyPath)
  }

  /// - Throws: `config.contact-key` where the file is readable by others or no such key; `config.state`, `enroll.file`.
  static func read(_ settings: ControllerSettings) throws -> ContactKey {
    let path = settings.contactKeyPath
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

  private static func make(_ settings: ControllerSettings) throws {
    if settings.contactKey == nil { try StateArchive.makeFolder(settings.state.rosterFolder) }
    try DurableFile.write(secret(), to: settings.contactKeyPath, mode: 0o600)
  }

  /// A new key, as its file has it.
  fileprivate static func secret() -> String {
    var generator = SystemRandomNumberGenerator()
    let secret = Data((0..<ContactKey.length).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    return mark + secret.base64EncodedString() + "\n"
  }
}

extension SharedItem {
  /// What seals guardians' contacts: made by `init`, or by the first `serve` that finds none anywhere, and nothing sealed.
  ///
  /// - Parameter named: where this controller was told that it is: there none is made.
  static func contacts(_ named: String?, _ state: StateFolder) -> SharedItem {
    let path = named ?? state.contactKey
    let make: @Sendable (any Transaction) throws -> [UInt8]? = {
      try ContactKeyStore.isInUse($0) ? nil : Array(ContactKeyFile.secret().utf8)
    }
    return SharedItem(
      name: "contacts", place: path,
      read: {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return Array(try DurableFile.text(of: path).utf8)
      },
      take: {
        if path == state.contactKey { try StateArchive.makeFolder(state.rosterFolder) }
        try DurableFile.write(String(decoding: $0, as: UTF8.self), to: path, mode: 0o600)
      }, make: named == nil ? make : nil)
  }
}
