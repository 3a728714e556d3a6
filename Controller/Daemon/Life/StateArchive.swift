import Enrollment
import Foundation
import StoragePostgres
import StorageSQLite
import Vocabulary

/// The state folder as a folder of copies with checksums, and back.
enum StateArchive {
  private static let manifest = "SHA256SUMS"
  private static let database = "rollcall.sqlite"
  /// Stands in the state folder from the first copied file until the restore is whole: `serve` refuses meanwhile.
  private static let marker = "restore-unfinished"

  /// When the backup was made, RFC 3339: what is in it is not older. In the backup alone.
  private static let madeAt = "MADE-AT"

  /// - Returns: the size of the copy.
  /// - Throws: `config.state` where there is no controller or the folder exists; storage errors.
  static func backup(_ state: StateFolder, to folder: String, now: Instant = SystemClock.now) throws -> ByteCount {
    try requireReadable(state)
    guard exists(state.database) else { throw noController(state) }
    guard !exists(folder) else {
      throw ConfigurationError(.state, "\(folder) exists; a backup goes into a folder of its own. Nothing was written.")
    }
    let resolved = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    guard !resolved.hasPrefix(URL(fileURLWithPath: state.path).resolvingSymlinksInPath().path + "/") else {
      throw ConfigurationError(.state, "\(folder) lies in the state folder itself. Name a folder outside it.")
    }
    let draft = folder + ".partial"
    guard !exists(draft) else {
      throw ConfigurationError(.state, "\(draft) is left from a backup that did not end. Remove it, then try again.")
    }
    try makeFolder(draft)
    try DurableFile.write("\(now.rfc3339)\n", to: "\(draft)/\(madeAt)", mode: 0o600)
    try SQLiteBackup.copy(from: state.database, to: "\(draft)/\(database)")
    try AuthorityFiles(folder: state.authorityFolder).unchanged {
      for name in try files(of: state.path) { try copy("\(state.path)/\(name)", to: "\(draft)/\(name)") }
    }
    var lines = ""
    var size: Int64 = 0
    for name in try files(of: draft, withDatabase: true) {
      let path = "\(draft)/\(name)"
      lines += "\(try digest(path))  \(name)\n"
      size += (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64) ?? 0
      try sync(path)
    }
    try DurableFile.write(lines, to: "\(draft)/\(manifest)", mode: 0o600)
    try FileManager.default.moveItem(atPath: draft, toPath: folder)
    try sync(
      (folder as NSString).deletingLastPathComponent.isEmpty ? "." : (folder as NSString).deletingLastPathComponent)
    return ByteCount(size)
  }

  /// Copies a checked backup into an empty state folder and leaves it marked as unfinished.
  ///
  /// - Returns: when the backup was made; nil for one of a version that did not tell.
  /// - Throws: `config.state` where the backup is damaged or the folder holds a controller.
  @discardableResult
  static func restore(from folder: String, to state: StateFolder) throws -> Instant? {
    guard !exists(state.database) || exists("\(state.path)/\(marker)") else {
      throw ConfigurationError(
        .state, "\(state.path) holds a controller already; nothing was changed. Move that folder aside first.")
    }
    let names = try checkedNames(folder)
    try makeFolder(state.path)
    try DurableFile.write(
      "A restore was begun and did not end. Run it again.\n", to: "\(state.path)/\(marker)", mode: 0o600)
    for stale in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: state.database + stale) }
    for name in names where name != madeAt {
      try? FileManager.default.removeItem(atPath: "\(state.path)/\(name)")
      try copy("\(folder)/\(name)", to: "\(state.path)/\(name)")
      try sync("\(state.path)/\(name)")
    }
    guard names.contains(madeAt) else { return nil }
    return Instant(rfc3339: try DurableFile.text(of: "\(folder)/\(madeAt)").trimmingCharacters(in: .newlines))
  }

  static func commitRestore(_ state: StateFolder) throws {
    try FileManager.default.removeItem(atPath: "\(state.path)/\(marker)")
    try sync(state.path)
  }

  /// - Throws: `config.state` where there is no whole controller in the folder.
  static func requireWhole(_ state: StateFolder, database: PostgresAddress? = nil) throws {
    try requireReadable(state)
    guard exists(database == nil ? state.database : state.root) else { throw noController(state) }
    guard !exists("\(state.path)/\(marker)") else {
      throw ConfigurationError(.state, "A restore into \(state.path) did not end. Run 'rollcalld restore' again.")
    }
  }

  /// - Throws: `config.unreadable` where this user may not look into the folder, whatever it holds.
  static func requireReadable(_ state: StateFolder) throws {
    var info = stat()
    // A folder that may be passed through and not listed is as closed.
    guard stat(state.database, &info) != 0 ? errno == EACCES : access(state.database, R_OK) != 0 else { return }
    throw ConfigurationError(
      .unreadable,
      "\(state.path) is closed to this user (uid \(geteuid())): permission denied. Run this as the account of rollcalld or as root."
    )
  }

  /// The names in the backup's list, after every checksum was found right.
  private static func checkedNames(_ folder: String) throws -> [String] {
    guard exists("\(folder)/\(manifest)") else {
      throw ConfigurationError(
        .state, "\(folder) is no backup folder: there is no \(manifest) in it. Name one that 'rollcalld backup' made.")
    }
    let lines = try DurableFile.text(of: "\(folder)/\(manifest)").split(separator: "\n")
    let names = try lines.map { line -> String in
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
      let name = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
      guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
        throw ConfigurationError(.state, "The list of checksums in \(folder) is damaged. Use another backup.")
      }
      guard exists("\(folder)/\(name)"), try digest("\(folder)/\(name)") == String(parts[0]) else {
        throw ConfigurationError(
          .state, "\(folder)/\(name) is missing or damaged: its checksum is not the backup's. Use another backup.")
      }
      return name
    }
    guard names.contains(database) else {
      throw ConfigurationError(.state, "\(folder) is not a backup: it holds no database.")
    }
    return names
  }

  /// Certificates, keys and settings, without the database and its logs.
  private static func files(of folder: String, withDatabase: Bool = false) throws -> [String] {
    let found = try FileManager.default.subpathsOfDirectory(atPath: folder)
    return found.sorted().filter { name in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
      return !isFolder.boolValue && (withDatabase || !name.hasPrefix(database)) && name != marker && name != manifest
        && name != StateLock.name
    }
  }

  private static func noController(_ state: StateFolder) -> ConfigurationError {
    ConfigurationError(
      .state, "There is no controller in \(state.path). Run 'rollcalld init' first, or name another --state.")
  }

  private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// - Throws: `config.state` with the system's reason.
  static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw ConfigurationError(.state, "The folder \(path) cannot be made: \(FaultWords.of(error)).")
    }
  }

  /// Keeps the permissions: a private key stays 0600 from its first byte.
  private static func copy(_ source: String, to target: String) throws {
    try makeFolder((target as NSString).deletingLastPathComponent)
    try FileManager.default.copyItem(atPath: source, toPath: target)
  }

  private static func digest(_ path: String) throws -> String { try Vocabulary.Digest.file(path).description }

  private static func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ConfigurationError(.unreadable, "\(path) cannot be opened.") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw ConfigurationError(.state, "\(path) cannot be written to the disk: \(String(cString: strerror(errno))).")
    }
  }
}
