import Dispatch
import Foundation
import Synchronization

/// A balancer of the test's own: passes connections on to a port of this machine, and sends some bytes before them.
final class Forwarder: Sendable {
  static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]

  /// PROXY, TCP over IPv4, from `source` to 127.0.0.1, with a TLV of no meaning behind.
  static func header(_ source: [UInt8]) -> [UInt8] {
    signature + [0x21, 0x11, 0, 17] + source + [127, 0, 0, 1, 0x82, 0x35, 0x20, 0xfb] + [0x04, 0, 2, 0, 0]
  }

  struct Failed: Error { let call: String }

  let port: Int
  private let listening: Int32
  private let isClosed = Atomic(false)

  /// - Parameter inBytes: each byte of `first` is sent by itself.
  init(to target: Int, sending first: [UInt8], inBytes: Bool = false) throws {
    let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    var address = Self.loopback(0)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listening, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard listening >= 0, bound == 0, listen(listening, 16) == 0 else { throw Failed(call: "listen") }
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listening, $0, &size) }
    }
    self.listening = listening
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread {
      while case let near = accept(listening, nil, nil), near >= 0 {
        Thread.detachNewThread { Self.pass(near, to: target, first, inBytes) }
      }
    }
  }

  deinit {
    shutdown(listening, Int32(SHUT_RDWR))
    close(listening)
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  private static func pass(_ near: Int32, to target: Int, _ first: [UInt8], _ inBytes: Bool) {
    let far = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    var (address, yes) = (loopback(target), Int32(1))
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(far, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    setsockopt(far, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    if connected == 0 {
      for part in inBytes ? first.map({ [$0] }) : [first] {
        _ = send(far, part, part.count, Int32(MSG_NOSIGNAL))
      }
      let isBack = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        copy(far, near)
        isBack.signal()
      }
      copy(near, far)
      isBack.wait()
    }
    close(near)
    close(far)
  }

  /// Until one side ends; then the other one is told.
  private static func copy(_ from: Int32, _ to: Int32) {
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while case let count = recv(from, &buffer, buffer.count, 0), count > 0 {
      var sent = 0
      while sent < count {
        let written = buffer.withUnsafeBytes {
          send(to, $0.baseAddress.map { $0 + sent }, count - sent, Int32(MSG_NOSIGNAL))
        }
        guard written > 0 else { break }
        sent += written
      }
      if sent < count { break }
    }
    shutdown(to, Int32(SHUT_WR))
    // Where the reading side is broken, what still comes from the other is not waited for.
    shutdown(from, Int32(SHUT_RD))
  }
}
