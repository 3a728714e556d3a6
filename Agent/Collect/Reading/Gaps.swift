internal import Glibc
internal import Wire

/// Why something could not be read, in words for an operator.
struct ReadFault: Error, Hashable {
  let reason: String

  init(_ reason: String) { self.reason = reason }

  /// What the kernel answered for `path`.
  init(errno code: Int32, path: String) {
    let what =
      switch code {
      case EACCES, EPERM: "permission denied"
      case ENODATA: "no data"
      case EAGAIN: "not ready"
      case EIO: "input/output error"
      case ENOTTY, EINVAL, EOPNOTSUPP: "not supported"
      case ETIMEDOUT: "timed out"
      case EMFILE, ENFILE: "too many open files"
      case ENOMEM: "out of memory"
      case ELOOP: "a link stands where none may"
      case ENOENT, ENODEV, ENXIO, ENOTDIR: "absent"
      default: "error \(code)"
      }
    self.init("\(what): \(path)")
  }
}

/// What of a section could not be read; at most 64 entries, the last of which says so.
struct Gaps {
  static let limit = 64
  private(set) var list: [Unreadable] = []

  mutating func add(_ field: String, _ reason: String) {
    if list.count == Gaps.limit - 1 {
      list.append(Unreadable(field: "…", reason: "more could not be read"))
    } else if list.count < Gaps.limit {
      list.append(Unreadable(field: Gaps.bounded(field, 128), reason: Gaps.bounded(reason, 384)))
    }
  }

  mutating func add(_ field: String, _ fault: ReadFault) { add(field, fault.reason) }

  private static func bounded(_ text: String, _ bytes: Int) -> String {
    text.utf8.count <= bytes ? text : String(decoding: text.utf8.prefix(bytes), as: UTF8.self) + "…"
  }
}
