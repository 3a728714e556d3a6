#if canImport(Glibc)
  internal import Glibc
#endif

/// Small files that survive a power cut whole or not at all.
package enum DurableFile {
  /// The largest file that is read, in bytes.
  static let readLimit = 1 << 20

  /// Replaces the file at `path`: temporary beside it, fsync, rename, fsync of the folder.
  ///
  /// - Parameter model: a file whose owner becomes this one's, where root runs a command for the controller's account.
  /// - Throws: `enroll.file` with the step and the system's reason.
  package static func write(
    _ text: String, to path: String, mode: UInt32, ownedAs model: String? = nil
  ) throws(EnrollmentError) {
    let temporary = path + ".new"
    // Left behind by a crash; its mode may be another.
    unlink(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard file >= 0 else { throw failure("create", temporary) }
    do throws(EnrollmentError) {
      defer { close(file) }
      if let model, geteuid() == 0 {
        var info = stat()
        guard stat(model, &info) == 0 else { throw failure("look at", model) }
        guard fchown(file, info.st_uid, info.st_gid) == 0 else { throw failure("set the owner of", temporary) }
      }
      guard fchmod(file, mode) == 0 else { throw failure("set the mode of", temporary) }
      try write(Array(text.utf8), to: file, temporary)
      guard fsync(file) == 0 else { throw failure("sync", temporary) }
    } catch {
      unlink(temporary)
      throw error
    }
    do throws(EnrollmentError) { try move(temporary, to: path) } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Puts the file at `source` in the place of that at `target`, in the same folder.
  ///
  /// - Throws: `enroll.file`.
  static func move(_ source: String, to target: String) throws(EnrollmentError) {
    guard rename(source, target) == 0 else { throw failure("rename to", target) }
    try syncFolder(of: target)
  }

  /// Takes a file away.
  ///
  /// - Throws: `enroll.file`.
  static func remove(_ path: String) throws(EnrollmentError) {
    guard unlink(path) == 0 else { throw failure("remove", path) }
    try syncFolder(of: path)
  }

  /// Makes a folder for its owner alone, unless it is there.
  ///
  /// - Throws: `enroll.file`.
  static func makeFolder(_ path: String, ownedAs model: String? = nil) throws(EnrollmentError) {
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw failure("make", path) }
    // By its handle from here on, and no link: root works here in a folder that another account owns, which could put
    // something else in its place meanwhile.
    let handle = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard handle >= 0 else { throw failure("open", path) }
    defer { close(handle) }
    if let model {
      var info = stat()
      guard lstat(model, &info) == 0 else { throw failure("look at", model) }
      if geteuid() == 0, fchown(handle, info.st_uid, info.st_gid) != 0 { throw failure("set the owner of", path) }
    }
    try syncFolder(of: path)
  }

  /// The names in a folder, sorted; none where there is no such folder.
  ///
  /// - Throws: `enroll.file`.
  static func names(in folder: String) throws(EnrollmentError) -> [String] {
    guard let handle = opendir(folder) else {
      guard errno == ENOENT else { throw failure("open", folder) }
      return []
    }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Runs `body` while no other process changes the folder's files together.
  ///
  /// Source: flock(2). The kernel lets go of the lock when the process ends, however it ends.
  /// - Throws: `enroll.file` where the folder cannot be opened; what `body` throws.
  static func locked<T>(
    _ folder: String, exclusively: Bool, _ body: () throws(EnrollmentError) -> T
  ) throws(EnrollmentError) -> T {
    let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard handle >= 0 else { throw failure("open", folder) }
    defer { close(handle) }
    while flock(handle, exclusively ? LOCK_EX : LOCK_SH) != 0 {
      guard errno == EINTR else { throw failure("lock", folder) }
    }
    return try body()
  }

  /// The file's text.
  ///
  /// - Throws: `enroll.file`.
  package static func text(of path: String) throws(EnrollmentError) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("open", path) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = read(file, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("read", path) }
      if count == 0 { break }
      bytes += chunk[0..<count]
      guard bytes.count <= readLimit else { throw EnrollmentError(.file, "'\(path)' is over \(readLimit) bytes.") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw EnrollmentError(.file, "'\(path)' is not text.")
    }
    return text
  }

  private static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws(EnrollmentError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("write", path) }
      rest = rest.dropFirst(count)
    }
  }

  private static func syncFolder(of path: String) throws(EnrollmentError) {
    let cut = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = cut.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard handle >= 0 else { throw failure("open", folder) }
    defer { close(handle) }
    guard fsync(handle) == 0 else { throw failure("sync", folder) }
  }

  private static func failure(_ step: String, _ path: String) -> EnrollmentError {
    let number = errno
    let reason = strerror(number).map { String(cString: $0) } ?? "error \(number)"
    return EnrollmentError(.file, "Cannot \(step) '\(path)': \(reason).")
  }
}
