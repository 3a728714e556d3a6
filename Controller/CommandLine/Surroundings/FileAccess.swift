import FoundationEssentials
import Glibc

/// The local files that the command reads and writes.
protocol FileAccess: Sendable {
  /// - Throws: ``CommandError`` naming the file and the reason.
  func read(_ path: String, limit: Int) throws(CommandError) -> [UInt8]
  /// Calls `body` with each line, from 1, without its newline; one line in memory at a time. Stops where `body` throws.
  ///
  /// - Parameter longest: bytes of a line; a longer one is refused.
  /// - Throws: ``CommandError`` naming the file and the reason; what `body` throws.
  func lines(of path: String, longest: Int, _ body: (Int, ArraySlice<UInt8>) throws(CommandError) -> Void)
    throws(CommandError)
  /// Begins a file that must not be there yet.
  ///
  /// - Throws: ``CommandError`` naming the file, where one is there or none can be made.
  func newPrivate(_ path: String) throws(CommandError) -> any NewFile
  /// Whole or not at all, readable by its owner alone, in place of a file of that name.
  func writePrivate(_ bytes: [UInt8], to path: String) throws(CommandError)
  /// False where there was none.
  func remove(_ path: String) throws(CommandError) -> Bool
  func exists(_ path: String) -> Bool
  /// The names in a folder, in their order; nil where there is no folder of that name.
  func names(in folder: String) -> [String]?
  func makePrivateFolder(_ path: String) throws(CommandError)
}

struct RealFiles: FileAccess {
  func read(_ path: String, limit: Int) throws(CommandError) -> [UInt8] {
    guard let file = fopen(path, "rbe") else { throw .ofFile(path, "cannot be read") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
      guard bytes.count <= limit else { throw CommandError(.refused, "\(path) is over \(limit) bytes.") }
    }
    guard ferror(file) == 0 else { throw .ofFile(path, "cannot be read") }
    return bytes
  }

  func lines(of path: String, longest: Int, _ body: (Int, ArraySlice<UInt8>) throws(CommandError) -> Void)
    throws(CommandError)
  {
    guard let file = fopen(path, "rbe") else { throw .ofFile(path, "cannot be read") }
    defer { fclose(file) }
    var splitter = LineSplitter(path: path, longest: longest)
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      try splitter.add(chunk[..<count], body)
    }
    guard ferror(file) == 0 else { throw .ofFile(path, "cannot be read") }
    try splitter.end(body)
  }

  func newPrivate(_ path: String) throws(CommandError) -> any NewFile {
    guard !exists(path) else {
      throw CommandError(.failure, "\(path) is there already and is not overwritten. Remove it, or name another file.")
    }
    return try TemporaryFile(for: path)
  }

  func writePrivate(_ bytes: [UInt8], to path: String) throws(CommandError) {
    try TemporaryFile(for: path).replace(bytes)
  }

  func remove(_ path: String) throws(CommandError) -> Bool {
    if unlink(path) == 0 { return true }
    guard errno == ENOENT else { throw .ofFile(path, "cannot be removed") }
    return false
  }

  /// Also of a link that leads nowhere.
  func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  func names(in folder: String) -> [String]? {
    try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  func makePrivateFolder(_ path: String) throws(CommandError) {
    var made = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: true) {
      made += made.isEmpty && !path.hasPrefix("/") ? String(part) : "/\(part)"
      guard mkdir(made, 0o700) == 0 || errno == EEXIST else { throw .ofFile(made, "cannot be made") }
    }
  }
}
