import Foundation

/// Tells systemd how we are, where it asked to be told.
///
/// Source: sd_notify(3): datagrams of `KEY=value` to the socket in NOTIFY_SOCKET.
struct ServiceManager: Sendable {
  private let socket: String?
  /// How often a sign of life is due: half of WATCHDOG_USEC; nil where none is asked for.
  let watchdogInterval: Duration?

  init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    socket = environment["NOTIFY_SOCKET"]
    let mine = environment["WATCHDOG_PID"].map { Int32($0) == getpid() } ?? true
    watchdogInterval = environment["WATCHDOG_USEC"].flatMap(Int64.init).flatMap { micros in
      mine && micros > 0 ? .microseconds(micros / 2) : nil
    }
  }

  func ready() { send("READY=1\nSTATUS=Serving.") }
  func reloading() {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    send("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)")
  }
  /// The start takes longer, for a reason that an operator should read.
  func waiting(_ words: String) { send("EXTEND_TIMEOUT_USEC=90000000\nSTATUS=\(words)") }
  func stopping() { send("STOPPING=1") }
  func alive() { send("WATCHDOG=1") }

  private func send(_ text: String) {
    guard let socket, socket.utf8.count < 108 else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var path = Array(socket.utf8)
    // A name that begins with '@' lies in the abstract namespace.
    if path.first == UInt8(ascii: "@") { path[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    let message = Array(text.utf8)
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}
