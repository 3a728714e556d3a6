#if canImport(Glibc)
  internal import Glibc
#endif

/// Small files that survive a power cut whole or not at all.
package enum DurableFile {
  /// The largest file that is read, in bytes.
  static let readLimit = 1 << 20

  /// Replaces the file at `path`: temporary beside it, fsync, rename, fsync of the folder.
  ///
  /// - Throws: `enroll.file` with the step and the system's reason.
  package static func write(_ text: String, to path: String, mode: UInt32) throws(EnrollmentError) {
    let temporary = path + ".new"
    // Left behind by a crash; its mode may be another.
    unlink(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard file >= 0 else { throw failure("create", temporary) }
    do throws(EnrollmentError) {
      defer { close(file) }
      guard fchmod(file, mode) == 0 else { throw failure("set the mode of", temporary) }
      try write(Array(text.utf8), to: file, temporary)
      guard fsync(file) == 0 else { throw failure("sync", temporary) }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      let error = failure("rename to", path)
      unlink(temporary)
      throw error
    }
    try syncFolder(of: path)
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
