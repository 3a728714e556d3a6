internal import Glibc

/// Asks systemd for its failed units and how long the start took, over a socket, without libsystemd and without `systemctl`.
///
/// ```
/// collector                            systemd (or the system bus)
///   │ \0AUTH EXTERNAL <uid in hex>, BEGIN  ──▶ │
///   │ ◀── OK <guid>                     │
///   │ [Hello], ListUnitsFiltered(["failed"]) ──▶ │
///   │ ◀── a(ssssssouso)                 │
/// ```
/// Root speaks to systemd itself; anyone else to the system bus, whose policy lets everyone list units.
enum UnitManager {
  private static let name = "org.freedesktop.systemd1"

  static func failedUnits() throws(DeviceFault) -> [String] { try units(connected()) }

  static func bootTimes() throws(DeviceFault) -> BootTimes {
    let connection = try connected()
    return BootTimes(
      firmware: try number("FirmwareTimestampMonotonic", connection, serial: 2),
      finished: try number("FinishTimestampMonotonic", connection, serial: 3))
  }

  private static func connected() throws(DeviceFault) -> BusConnection {
    if geteuid() == 0, let direct = try? BusConnection(path: "/run/systemd/private") { return direct }
    let bus = try BusConnection(path: "/run/dbus/system_bus_socket")
    _ = try bus.reply(
      to: BusMessage.call(
        "Hello", of: "org.freedesktop.DBus", at: "/org/freedesktop/DBus", to: "org.freedesktop.DBus", serial: 1),
      serial: 1)
    return bus
  }

  private static func number(
    _ property: String, _ connection: BusConnection, serial: UInt32
  ) throws(DeviceFault) -> UInt64 {
    let call = BusMessage.call(
      "Get", of: "org.freedesktop.DBus.Properties", at: "/org/freedesktop/systemd1", to: name, serial: serial,
      texts: [name + ".Manager", property])
    return try connection.reply(to: call, serial: serial).variantNumber()
  }

  private static func units(_ connection: BusConnection) throws(DeviceFault) -> [String] {
    let call = BusMessage.call(
      "ListUnitsFiltered", of: name + ".Manager", at: "/org/freedesktop/systemd1", to: name, serial: 2,
      arguments: ["failed"])
    return try connection.reply(to: call, serial: 2).unitNames()
  }
}

/// One authenticated connection; every wait is at most two seconds, every message at most 4 MiB.
final class BusConnection {
  private let path: String
  private let socket: Int32
  private var received: [UInt8] = []

  init(path: String) throws(DeviceFault) {
    self.path = path
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw DeviceFault(errno: errno, path) }
    var limit = timeval(tv_sec: 2, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let connected = withUnsafePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard connected == 0 else { throw DeviceFault(errno: errno, path) }
    try authenticate()
  }

  deinit { if socket >= 0 { close(socket) } }

  /// Source: D-Bus Specification, "Authentication Protocol", EXTERNAL
  private func authenticate() throws(DeviceFault) {
    // The user's decimal number, each digit's byte (0x30 to 0x39) as two hexadecimal digits.
    let user = String(geteuid()).utf8.flatMap { [0x30 + $0 / 16, 0x30 + $0 % 16] }
    // BEGIN goes along: systemd does not look again at a call that it reads together with a later BEGIN, and waits.
    try send([0] + Array("AUTH EXTERNAL ".utf8) + user + Array("\r\nBEGIN\r\n".utf8))
    while !received.contains(10) {
      guard received.count < 1024 else { throw DeviceFault("no D-Bus greeting: \(path)") }
      try receive()
    }
    let end = received.firstIndex(of: 10).map { $0 + 1 } ?? received.count
    guard received.starts(with: "OK ".utf8) else { throw DeviceFault("permission denied: \(path)") }
    received.removeFirst(end)
  }

  /// Sends a call and waits for its answer, past signals and answers to others.
  func reply(to call: [UInt8], serial: UInt32) throws(DeviceFault) -> BusMessage {
    try send(call)
    for _ in 0..<64 {
      let message = try next()
      guard message.replyTo == serial else { continue }
      if message.kind == .error { throw DeviceFault("\(message.errorName ?? "a D-Bus error"): \(path)") }
      return message
    }
    throw DeviceFault("no answer: \(path)")
  }

  private func next() throws(DeviceFault) -> BusMessage {
    while true {
      if let length = try BusMessage.length(received), received.count >= length {
        let message = try BusMessage(Array(received.prefix(length)))
        received.removeFirst(length)
        return message
      }
      try receive()
    }
  }

  private func send(_ bytes: [UInt8]) throws(DeviceFault) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent < 0, errno == EINTR { continue }
      guard sent > 0 else { throw DeviceFault(errno: errno, path) }
      rest = rest.dropFirst(sent)
    }
  }

  private func receive() throws(DeviceFault) {
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    let got = chunk.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
    if got < 0, errno == EINTR { return }
    if got < 0, errno == EAGAIN { throw DeviceFault("no answer within 2 s: \(path)") }
    guard got > 0 else { throw got == 0 ? DeviceFault("closed: \(path)") : DeviceFault(errno: errno, path) }
    received += chunk[..<got]
  }
}
