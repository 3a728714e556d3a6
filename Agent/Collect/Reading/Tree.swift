internal import Glibc

/// The kernel's and the package database's files below a root: `/` on a machine, a folder in a test.
///
/// Files of /proc and /sys have no size before they are read, so everything is read to its end, into one buffer that
/// is used again and again. A body that is given bytes must not read another file meanwhile.
final class Tree {
  /// An attribute of sysfs is at most a page.
  static let attributeLimit = 4096
  /// Tables of /proc that grow with the machine.
  static let tableLimit = 2 << 20

  /// Without its trailing '/'.
  private let root: String
  /// Whose files are believed as root's: root's alone; of another machine's tree also its reader's own.
  var trusted: Set<UInt32> { root.isEmpty ? [0] : [0, geteuid()] }
  private var buffer: [UInt8]

  init(root: String) {
    var root = root
    while root.hasSuffix("/") { root.removeLast() }
    self.root = root
    buffer = [UInt8](repeating: 0, count: 64 << 10)
  }

  /// Gives `body` what the file holds; nil where there is no such file.
  func bytes<T>(_ path: String, limit: Int = Tree.tableLimit, _ body: (Bytes) -> T) throws(ReadFault) -> T? {
    guard let file = try open(path) else { return nil }
    defer { close(file) }
    return try whole(file, path, limit, body)
  }

  /// As ``bytes(_:limit:_:)``, for a plain file that none but `owners` can have written.
  func bytes<T>(
    _ path: String, limit: Int, writtenBy owners: Set<UInt32>, _ body: (Bytes) -> T
  ) throws(ReadFault) -> T? {
    guard let file = try open(path, also: O_NOFOLLOW) else { return nil }
    defer { close(file) }
    var facts = stat()
    guard fstat(file, &facts) == 0 else { throw ReadFault(errno: errno, path: "/" + path) }
    guard facts.st_mode & S_IFMT == S_IFREG else { throw ReadFault("no plain file: /\(path)") }
    guard owners.contains(facts.st_uid), facts.st_mode & 0o022 == 0 else {
      throw ReadFault("others than root may write it: /\(path)")
    }
    return try whole(file, path, limit, body)
  }

  private func whole<T>(_ file: Int32, _ path: String, _ limit: Int, _ body: (Bytes) -> T) throws(ReadFault) -> T {
    var filled = 0
    while true {
      if filled == buffer.count {
        guard filled < limit else { throw ReadFault("larger than \(limit) bytes: /\(path)") }
        buffer.append(contentsOf: repeatElement(0, count: min(buffer.count, limit - filled)))
      }
      let got = try read(file, path, at: filled, atMost: limit + 1)
      if got == 0 { break }
      filled += got
      if filled > limit { throw ReadFault("larger than \(limit) bytes: /\(path)") }
    }
    return buffer.withUnsafeBufferPointer { body($0.part(0..<filled)) }
  }

  /// Gives `body` each line of a file of any length up to `limit` bytes, through the one buffer; false where there is
  /// no such file. A line longer than 64 KiB is left out.
  func eachLine(_ path: String, limit: Int, _ body: (Bytes) -> Void) throws(ReadFault) -> Bool {
    guard let file = try open(path) else { return false }
    defer { close(file) }
    var carried = 0
    var total = 0
    var skipping = false
    while true {
      let got = try read(file, path, at: carried, atMost: buffer.count)
      total += got
      if total > limit { throw ReadFault("larger than \(limit) bytes: /\(path)") }
      let filled = carried + got
      let rest = buffer.withUnsafeBufferPointer { bytes in
        Tree.lines(of: bytes.part(0..<filled), last: got == 0, skipping: &skipping, body)
      }
      if got == 0 { return true }
      carried = filled - rest
      if carried == buffer.count {
        (carried, skipping) = (0, true)
      } else if rest > 0, carried > 0 {
        buffer.withUnsafeMutableBufferPointer { bytes in
          if let base = bytes.baseAddress { memmove(base, base + rest, carried) }
        }
      }
    }
  }

  /// Where the bytes begin that are no whole line yet.
  private static func lines(of bytes: Bytes, last: Bool, skipping: inout Bool, _ body: (Bytes) -> Void) -> Int {
    var start = 0
    while let end = bytes.first(10, from: start) {
      if !skipping { body(bytes.part(start..<end)) }
      skipping = false
      start = end + 1
    }
    if last, start < bytes.count, !skipping { body(bytes.part(start..<bytes.count)) }
    return start
  }

  /// The file names in a folder, sorted, at most 1,024; empty where there is no such folder.
  func names(in path: String) throws(ReadFault) -> [String] {
    guard let folder = opendir(full(path)) else {
      if Tree.isAbsence(errno) { return [] }
      throw ReadFault(errno: errno, path: "/" + path)
    }
    defer { closedir(folder) }
    var names: [String] = []
    while names.count < 1024, let entry = readdir(folder) {
      let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 19)
      guard let name = String(validatingCString: start.assumingMemoryBound(to: CChar.self)),
        name != ".", name != "..", !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f })
      else { continue }
      names.append(name)
    }
    return names.sorted()
  }

  /// A file's size in bytes and when it was last changed; nil where there is none.
  func stamp(_ path: String) -> (bytes: Int64, modified: Int64)? {
    var facts = stat()
    guard stat(full(path), &facts) == 0 else { return nil }
    let seconds = Int64(facts.st_mtim.tv_sec).multipliedReportingOverflow(by: 1000)
    let milliseconds = seconds.overflow ? 0 : seconds.partialValue &+ Int64(facts.st_mtim.tv_nsec) / 1_000_000
    return (Int64(facts.st_size), milliseconds)
  }

  /// Whether there is such a file, whoever may read it.
  func exists(_ path: String) -> Bool { access(full(path), F_OK) == 0 }

  /// The last part of where a symbolic link points, such as a driver's name; nil where there is no link.
  func linkName(_ path: String) -> String? {
    let target = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { room -> [UInt8] in
      guard let base = room.baseAddress else { return [] }
      let count = readlink(full(path), base, room.count)
      return count > 0 ? room[..<count].map { UInt8(bitPattern: $0) } : []
    }
    return target.split(separator: UInt8(ascii: "/")).last.map { String(decoding: $0.prefix(64), as: UTF8.self) }
  }

  /// The path below the root with every link followed, beginning with '/'; nil where it does not resolve in the root.
  func resolved(_ path: String) -> String? {
    guard let found = realpath(full(path), nil) else { return nil }
    defer { free(found) }
    let whole = String(cString: found)
    if root.isEmpty { return whole }
    guard let base = realpath(root, nil) else { return nil }
    defer { free(base) }
    let prefix = String(cString: base)
    return whole.hasPrefix(prefix + "/") ? String(whole.dropFirst(prefix.count)) : nil
  }

  // MARK: - Details

  /// As the kernel takes it.
  func full(_ path: String) -> String { root + "/" + path }

  /// nil where there is no such file.
  private func open(_ path: String, also flags: Int32 = 0) throws(ReadFault) -> Int32? {
    let file = Glibc.open(full(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags)
    if file >= 0 { return file }
    if Tree.isAbsence(errno) { return nil }
    throw ReadFault(errno: errno, path: "/" + path)
  }

  private func read(_ file: Int32, _ path: String, at offset: Int, atMost limit: Int) throws(ReadFault) -> Int {
    while true {
      let got = buffer.withUnsafeMutableBytes { bytes -> Int in
        let room = bytes[min(offset, bytes.count)..<min(limit, bytes.count)]
        return Glibc.read(file, UnsafeMutableRawBufferPointer(rebasing: room).baseAddress, room.count)
      }
      if got >= 0 { return got }
      if errno == EINTR { continue }
      throw ReadFault(errno: errno, path: "/" + path)
    }
  }

  /// Answers that mean "there is none", not "it may not be read".
  private static func isAbsence(_ code: Int32) -> Bool {
    code == ENOENT || code == ENOTDIR || code == ENODEV || code == ENXIO
  }
}
