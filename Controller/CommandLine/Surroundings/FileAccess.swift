import Glibc

/// The local files that the command reads and writes.
protocol FileAccess: Sendable {
  /// - Throws: ``CommandError`` naming the file and the reason.
  func read(_ path: String, limit: Int) throws(CommandError) -> [UInt8]
  /// Whole or not at all, readable by its owner alone.
  func writePrivate(_ bytes: [UInt8], to path: String) throws(CommandError)
  /// False where there was none.
  func remove(_ path: String) throws(CommandError) -> Bool
  func exists(_ path: String) -> Bool
  func makePrivateFolder(_ path: String) throws(CommandError)
}

struct RealFiles: FileAccess {
  func read(_ path: String, limit: Int) throws(CommandError) -> [UInt8] {
    guard let file = fopen(path, "rbe") else { throw fault("cannot be read", path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
      guard bytes.count <= limit else { throw CommandError(.refused, "\(path) is over \(limit) bytes.") }
    }
    guard ferror(file) == 0 else { throw fault("cannot be read", path) }
    return bytes
  }

  func writePrivate(_ bytes: [UInt8], to path: String) throws(CommandError) {
    let temporary = "\(path).\(getpid()).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw fault("cannot be written", temporary) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    let stored = rest.isEmpty && fsync(descriptor) == 0
    close(descriptor)
    guard stored, rename(temporary, path) == 0 else {
      let error = fault("cannot be written", path)
      unlink(temporary)
      throw error
    }
  }

  func remove(_ path: String) throws(CommandError) -> Bool {
    if unlink(path) == 0 { return true }
    guard errno == ENOENT else { throw fault("cannot be removed", path) }
    return false
  }

  func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  func makePrivateFolder(_ path: String) throws(CommandError) {
    var made = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: true) {
      made += made.isEmpty && !path.hasPrefix("/") ? String(part) : "/\(part)"
      guard mkdir(made, 0o700) == 0 || errno == EEXIST else { throw fault("cannot be made", made) }
    }
  }

  private func fault(_ what: String, _ path: String) -> CommandError {
    CommandError(.failure, "\(path) \(what): \(String(cString: strerror(errno))).")
  }
}
