import Foundation
import Testing

@testable import rollcalld

/// What systemd would be told, read from a socket that the test binds.
@Suite struct ServiceManagerTests {
  /// A datagram socket with a name, as a service manager has one. A datagram is there once `sendto` has returned.
  private final class Ear {
    let name: String
    private let descriptor: Int32

    init(abstract: Bool) throws {
      let unique = String(UUID().uuidString.prefix(13))
      name = abstract ? "@rollcall-\(unique)" : "/tmp/rollcall-\(unique).sock"
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      try #require(descriptor >= 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      var bytes = Array(name.utf8)
      if abstract { bytes[0] = 0 }
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
      let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
      let (descriptor, bound) = (descriptor, address)
      let result = withUnsafePointer(to: bound) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
      }
      try #require(result == 0)
    }

    deinit {
      close(descriptor)
      if name.hasPrefix("/") { unlink(name) }
    }

    /// The next datagram, nil where there is none.
    func heard() -> String? {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }
  }

  @Test("Each turn of the controller's life is one datagram", arguments: [false, true])
  func datagrams(abstract: Bool) throws {
    let ear = try Ear(abstract: abstract)
    let manager = ServiceManager(environment: ["NOTIFY_SOCKET": ear.name])
    manager.ready()
    #expect(ear.heard()?.hasPrefix("READY=1\n") == true)
    manager.alive()
    #expect(ear.heard() == "WATCHDOG=1")
    manager.reloading()
    let lines = try #require(ear.heard()).split(separator: "\n")
    #expect(lines.first == "RELOADING=1")
    let time = try #require(lines.last?.split(separator: "=").last.flatMap { Int64($0) })
    #expect(lines.last?.hasPrefix("MONOTONIC_USEC=") == true && time > 0)
    manager.stopping()
    #expect(ear.heard() == "STOPPING=1")
    #expect(ear.heard() == nil)
  }

  @Test("READY is said once both listeners listen, and not before", arguments: [false, true])
  func bothPorts(devicesFirst: Bool) throws {
    let ear = try Ear(abstract: false)
    let ports = BoundPorts(manager: ServiceManager(environment: ["NOTIFY_SOCKET": ear.name]), logger: Logs.silent)
    if devicesFirst { ports.bound(devices: 2) } else { ports.bound(people: 1) }
    #expect(ear.heard() == nil)
    if devicesFirst { ports.bound(people: 1) } else { ports.bound(devices: 2) }
    #expect(ear.heard()?.hasPrefix("READY=1\n") == true)
    #expect(ear.heard() == nil)
  }

  @Test("A sign of life is due at half of what the service manager allows, where it is meant for this process")
  func interval() {
    func interval(_ environment: [String: String]) -> Duration? {
      ServiceManager(environment: environment).watchdogInterval
    }
    #expect(interval(["WATCHDOG_USEC": "30000000"]) == .seconds(15))
    #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "\(getpid())"]) == .seconds(15))
    #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"]) == nil)
    #expect(interval(["WATCHDOG_USEC": "soon"]) == nil)
    #expect(interval([:]) == nil)
  }

  @Test("Without a service manager, or with one that is gone, nothing happens")
  func nobody() {
    ServiceManager(environment: [:]).ready()
    ServiceManager(environment: ["NOTIFY_SOCKET": "/tmp/rollcall-nobody-\(UUID().uuidString)"]).ready()
    ServiceManager(environment: ["NOTIFY_SOCKET": String(repeating: "x", count: 200)]).ready()
  }
}
