internal import Glibc

/// The mounts of this process's view.
///
/// Source: proc_pid_mountinfo(5): `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
struct MountTable {
  struct Mount: Equatable {
    var device: DeviceNumber
    /// The folder of the file system that is mounted; `/` for the whole of it.
    var folder: String
    var point: String
    var kind: String
    /// Such as `/dev/sda2`.
    var source: String
    /// Whether the file system itself is read-only, not this view of it: a hardened service sees read-only views.
    var readOnly: Bool
  }

  private(set) var mounts: [Mount] = []
  /// Why the table could not be read whole.
  var fault: String?

  init() {}

  init(_ bytes: Bytes) {
    bytes.eachLine { line in
      if mounts.count == 4096 {
        fault = "more than 4096 mounts"
        return false
      }
      if let mount = MountTable.mount(line) { mounts.append(mount) }
      return true
    }
  }

  /// What is mounted at `/`; the last one covers those before it.
  var rootMount: Mount? { mounts.last { $0.point == "/" } }

  private static func mount(_ line: Bytes) -> Mount? {
    let words = line.words()
    guard let dash = words.firstIndex(where: { $0.count == 1 && $0[0] == UInt8(ascii: "-") }), dash >= 6,
      words.count > dash + 3, let device = DeviceNumber(words[2]), let folder = unescaped(words[3]),
      let point = unescaped(words[4]), let kind = unescaped(words[dash + 1]), let source = unescaped(words[dash + 2])
    else { return nil }
    let readOnly = words[dash + 3].split(separator: UInt8(ascii: ",")).contains { $0.elementsEqual("ro".utf8) }
    return Mount(device: device, folder: folder, point: point, kind: kind, source: source, readOnly: readOnly)
  }

  /// Blank, tab, LF and backslash stand as `\` and three octal digits; nil for what is no text of a sane length.
  private static func unescaped(_ bytes: Bytes) -> String? {
    guard bytes.count <= 1024 else { return nil }
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let digits = bytes.part(index + 1..<index + 4)
      if bytes[index] == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
        result.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }))
        index += 4
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    guard let text = String(validating: result, as: UTF8.self), !result.contains(where: { $0 < 0x20 || $0 == 0x7f })
    else { return nil }
    return text
  }
}

extension DeviceNumber {
  /// Reads `254:0`.
  init?(_ bytes: Bytes) {
    guard let colon = bytes.first(UInt8(ascii: ":")), let major = bytes.part(0..<colon).number,
      let minor = bytes.part(colon + 1..<bytes.count).number, let major = UInt32(exactly: major),
      let minor = UInt32(exactly: minor)
    else { return nil }
    self.init(major: major, minor: minor)
  }
}

extension Tree {
  func mounts() -> MountTable {
    do throws(ReadFault) {
      if let table = try bytes("proc/self/mountinfo", { MountTable($0) }) { return table }
      var none = MountTable()
      none.fault = "absent: /proc/self/mountinfo"
      return none
    } catch {
      var none = MountTable()
      none.fault = error.reason
      return none
    }
  }
}
