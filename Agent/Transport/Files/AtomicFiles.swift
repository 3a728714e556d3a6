import Glibc

/// Small files that are whole or absent, whenever the power fails.
///
/// A file is written beside its place, synced, renamed and its folder synced; each of these is a ``Step``.
package struct AtomicFiles: Sendable {
  package enum Step: String, Sendable, CaseIterable {
    case written, synced, renamed, folderSynced, removed
  }

  /// Called after each step; tests throw here to stand in for a killed process.
  package var after: @Sendable (Step, String) throws -> Void = { _, _ in }

  package init() {}

  /// - Throws: `agent.file-unwritable`, or what ``after`` throws.
  package func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws {
    let temporary = path + ".new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
    guard file >= 0 else { throw Self.fault("create", temporary) }
    do {
      defer { close(file) }
      // A left-over file keeps its old mode, and umask may have cut this one's.
      guard fchmod(file, mode) == 0 else { throw Self.fault("set the mode of", temporary) }
      Self.giveToOwner(ofFolder: Self.folder(of: path), file)
      try Self.writeAll(bytes, to: file, temporary)
      try after(.written, path)
      guard fsync(file) == 0 else { throw Self.fault("sync", temporary) }
      try after(.synced, path)
    }
    try rename(temporary, to: path)
  }

  /// Renames within a folder and makes the new name durable.
  ///
  /// - Throws: `agent.file-unwritable`, or what ``after`` throws.
  package func rename(_ old: String, to new: String) throws {
    guard Glibc.rename(old, new) == 0 else { throw Self.fault("rename \(old) to", new) }
    try after(.renamed, new)
    try syncFolder(of: new)
    try after(.folderSynced, new)
  }

  /// Removes the file, if it is there.
  ///
  /// - Throws: `agent.file-unwritable`, or what ``after`` throws.
  package func remove(_ path: String) throws {
    if unlink(path) != 0 {
      guard errno == ENOENT else { throw Self.fault("remove", path) }
      return
    }
    try after(.removed, path)
    try syncFolder(of: path)
  }

  /// The content, or nil where there is no such file.
  ///
  /// - Throws: `agent.file-unreadable`, also for more than `limit` bytes.
  package func read(_ path: String, limit: Int = 1 << 20) throws(AgentError) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw Self.unopened(path)
    }
    defer { close(file) }
    var content: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = Glibc.read(file, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw AgentError(.fileUnreadable, "\(path) cannot be read: \(String(cString: strerror(errno))).")
      }
      if count == 0 { return content }
      content += part[..<count]
      guard content.count <= limit else { throw AgentError(.fileUnreadable, "\(path) is over \(limit) bytes.") }
    }
  }

  /// Makes the folder and those above it, as far as they are missing.
  ///
  /// - Throws: `agent.file-unwritable`.
  package func makeFolder(_ path: String, mode: UInt32 = 0o700) throws(AgentError) {
    if mkdir(path, mode) == 0 {
      let made = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      defer { close(made) }
      Self.giveToOwner(ofFolder: Self.folder(of: path), made)
      return
    }
    if errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw Self.fault("make the folder", path)
    }
    try makeFolder(String(path[..<slash]), mode: 0o755)
    guard mkdir(path, mode) == 0 || errno == EEXIST else { throw Self.fault("make the folder", path) }
  }

  // MARK: - Steps

  private static func writeAll(_ bytes: [UInt8], to file: Int32, _ path: String) throws(AgentError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw fault("write", path) }
      rest = rest.dropFirst(count)
    }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// What root writes into a service's folder belongs to the service, or the service could not read its own key.
  package static func giveToOwner(ofFolder folder: String, _ file: Int32) {
    var facts = stat()
    guard geteuid() == 0, stat(folder, &facts) == 0, facts.st_uid != 0 else { return }
    _ = fchown(file, facts.st_uid, facts.st_gid)
  }

  private func syncFolder(of path: String) throws(AgentError) {
    let folder = Self.folder(of: path)
    let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw Self.fault("open the folder", folder) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw Self.fault("sync the folder", folder) }
  }

  private static func unopened(_ path: String) -> AgentError {
    let advice =
      [EACCES, EPERM].contains(errno)
      ? " This user may not read it: run as root, or as its owner (rollcall-agent for the service's files)." : ""
    return AgentError(.fileUnreadable, "\(path) cannot be opened: \(String(cString: strerror(errno))).\(advice)")
  }

  private static func fault(_ what: String, _ path: String) -> AgentError {
    let reason = String(cString: strerror(errno))
    let advice =
      switch errno {
      case ENOSPC, EDQUOT: " The disk is full: free some space."
      case EACCES, EPERM: " Run the agent as the user that owns the folder (root, or the service's user)."
      case EROFS: " The file system is read-only."
      default: ""
      }
    return AgentError(.fileUnwritable, "Cannot \(what) \(path): \(reason).\(advice)")
  }
}
