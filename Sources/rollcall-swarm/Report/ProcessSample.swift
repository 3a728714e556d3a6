import Glibc

/// What the kernel says of a process at one moment.
struct ProcessSample: Sendable {
  /// User and system time of all its threads. Source: /proc/PID/stat utime, stime
  let cpuSeconds: Double
  /// Source: /proc/PID/status VmRSS
  let residentBytes: Int64
  /// The highest it ever was. Source: /proc/PID/status VmHWM
  let peakBytes: Int64

  /// nil where there is no such process, or it is not ours to see.
  init?(pid: Int32) {
    guard let stat = readText("/proc/\(pid)/stat"), let status = readText("/proc/\(pid)/status") else { return nil }
    self.init(stat: stat, status: status, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))))
  }

  init?(stat: String, status: String, ticksPerSecond: Double) {
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
    cpuSeconds = (user + system) / ticksPerSecond
    residentBytes = Self.kibibytes("VmRSS:", in: status)
    peakBytes = Self.kibibytes("VmHWM:", in: status)
  }

  private static func kibibytes(_ key: String, in status: String) -> Int64 {
    for line in status.split(separator: "\n") where line.hasPrefix(key) {
      return (Int64(line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first ?? "") ?? 0) * 1024
    }
    return 0
  }
}

/// A file's text, up to 1 GiB; nil where it cannot be read.
func readText(_ path: String) -> String? { readBytes(path).map { String(decoding: $0, as: UTF8.self) } }

func readBytes(_ path: String) -> [UInt8]? {
  guard let file = fopen(path, "rbe") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while bytes.count < 1 << 30 {
    let count = fread(&chunk, 1, chunk.count, file)
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  return bytes
}

/// Writes a file whole or not at all, readable by its owner alone.
func writeWhole(_ bytes: [UInt8], to path: String) throws {
  let temporary = path + ".new"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
  guard descriptor >= 0 else { throw SwarmError("Cannot write \(temporary): \(String(cString: strerror(errno))).") }
  defer { close(descriptor) }
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { throw SwarmError("Cannot write \(temporary): \(String(cString: strerror(errno))).") }
    rest = rest.dropFirst(count)
  }
  guard rename(temporary, path) == 0 else {
    throw SwarmError("Cannot replace \(path): \(String(cString: strerror(errno))).")
  }
}

/// What stops a run, in words.
struct SwarmError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
