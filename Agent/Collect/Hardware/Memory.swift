internal import Vocabulary

/// Memory in bytes.
struct Memory: Equatable {
  var total: Int64?
  /// What programs may still take without swapping.
  var available: Int64?

  /// Source: /proc/meminfo MemTotal and MemAvailable, KiB
  init(_ bytes: Bytes) {
    bytes.eachLine { line in
      if let rest = line.rest(after: "MemTotal:") { total = Memory.amount(rest) }
      if let rest = line.rest(after: "MemAvailable:") { available = Memory.amount(rest) }
      return total == nil || available == nil
    }
  }

  init() {}

  private static func amount(_ text: Bytes) -> Int64? {
    guard let count = text.words(limit: 2).first?.number, count >= 0, count <= Int64.max / 1024 else { return nil }
    return ByteCount.kibibytes(count).bytes
  }
}

extension Tree {
  func memory(_ field: String, _ gaps: inout Gaps) -> Memory {
    do throws(ReadFault) {
      let memory = try bytes("proc/meminfo") { Memory($0) }
      if memory?.total == nil { gaps.add(field, "no MemTotal in /proc/meminfo") }
      return memory ?? Memory()
    } catch {
      gaps.add(field, error)
      return Memory()
    }
  }
}
