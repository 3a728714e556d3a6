import Glibc

/// Tells the service manager how the agent is; does nothing where there is none.
///
/// Source: sd_notify(3): datagrams of `KEY=value` lines to the socket that NOTIFY_SOCKET names
struct ServiceNotifier {
  /// A path, or `@name` in the abstract namespace.
  let socket: String?
  /// How often the manager wants to hear from us at least; nil for never. Source: WATCHDOG_USEC, sd_watchdog_enabled(3)
  let watchdog: Duration?

  init(environment: (String) -> String?) {
    socket = environment("NOTIFY_SOCKET")
    let isOurs = environment("WATCHDOG_PID").map { $0 == String(getpid()) } ?? true
    watchdog = isOurs ? environment("WATCHDOG_USEC").flatMap { Int64($0) }.map { .microseconds($0) } : nil
  }

  func ready() { send("READY=1") }
  func alive() { if watchdog != nil { send("WATCHDOG=1") } }
  func stopping() { send("STOPPING=1") }
  func status(_ text: String) { send("STATUS=\(text.split(separator: "\n").first ?? "")") }

  /// A manager that does not listen is no fault of the agent.
  private func send(_ message: String) {
    guard let socket, var address = Self.address(socket) else { return }
    let file = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard file >= 0 else { return }
    defer { close(file) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + socket.utf8.count)
    let bytes = Array(message.utf8)
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = sendto(file, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }

  /// Source: unix(7)
  private static func address(_ path: String) -> sockaddr_un? {
    var address = sockaddr_un()
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { space in
      space.copyBytes(from: bytes)
      if bytes[0] == UInt8(ascii: "@") { space[0] = 0 }
    }
    return address
  }
}
