import Glibc

/// A file that is being made, readable by its owner alone: whole under its name in the end, or not there at all.
protocol NewFile: AnyObject {
  /// Writes the bytes after those that were written before.
  ///
  /// - Throws: ``CommandError`` naming the file and the reason; it is to be abandoned then.
  func append(_ bytes: [UInt8]) throws(CommandError)
  /// Writes the bytes and gives the file its name, which no other file may have got in the meantime.
  ///
  /// - Throws: ``CommandError`` naming the file and the reason; nothing is left then.
  func finish(_ bytes: [UInt8]) throws(CommandError)
  /// Leaves nothing.
  func abandon()
}

/// A new file under a temporary name beside its own.
final class TemporaryFile: NewFile {
  private let path: String
  private let temporary: String
  private let descriptor: Int32

  init(for path: String) throws(CommandError) {
    self.path = path
    temporary = "\(path).\(getpid()).new"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .ofFile(path, "cannot be written") }
  }

  func append(_ bytes: [UInt8]) throws(CommandError) {
    guard put(bytes) else { throw .ofFile(path, "cannot be written") }
  }

  func finish(_ bytes: [UInt8]) throws(CommandError) {
    try finish(bytes) { temporary, path in
      if link(temporary, path) == 0 { return unlink(temporary) == 0 }
      // File systems without hard links, such as those of USB sticks.
      guard [EPERM, EOPNOTSUPP, ENOSYS].contains(errno), !RealFiles().exists(path) else { return false }
      return rename(temporary, path) == 0
    }
  }

  /// As ``finish(_:)``, in place of a file of that name.
  func replace(_ bytes: [UInt8]) throws(CommandError) {
    try finish(bytes) { temporary, path in rename(temporary, path) == 0 }
  }

  func abandon() {
    close(descriptor)
    unlink(temporary)
  }

  private func finish(_ bytes: [UInt8], _ named: (String, String) -> Bool) throws(CommandError) {
    guard put(bytes), fsync(descriptor) == 0, named(temporary, path) else {
      let error = CommandError.ofFile(path, "cannot be written")
      abandon()
      throw error
    }
    close(descriptor)
  }

  /// False where not all of it could be written; `errno` says why.
  private func put(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}

extension CommandError {
  /// What the system says of a file, as `errno` has it.
  static func ofFile(_ path: String, _ what: String) -> CommandError {
    CommandError(.failure, "\(path) \(what): \(String(cString: strerror(errno))).")
  }
}
