import Dispatch
import Foundation
import Testing

@testable import StoragePostgres

@Suite("Sessions of a pool")
struct SessionPoolTests {
  /// A port of this machine that refuses until ``listen()``, and then takes connections and says nothing.
  private final class SilentServer: Sendable {
    let port: Int
    private let listening: Int32

    init() throws {
      let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listening, $0, size) }
      }
      let named = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listening, $0, &size) }
      }
      self.listening = listening
      port = Int(UInt16(bigEndian: address.sin_port))
      try #require(bound == 0 && named == 0)
    }

    deinit { close(listening) }

    func listen() throws { try #require(Glibc.listen(listening, 16) == 0) }

    /// The next connection, which comes within ten seconds.
    func connection() throws -> Int32 {
      var waited = pollfd(fd: listening, events: Int16(POLLIN), revents: 0)
      try #require(poll(&waited, 1, 10_000) == 1)
      return accept(listening, nil, nil)
    }
  }

  @Test("A pool without a session stays cut off while one is being opened, so that readiness does not come and go")
  func opening() throws {
    let server = try SilentServer()
    let address = try PostgresAddress("postgres://nobody@127.0.0.1:\(server.port)/none?sslmode=disable")
    let pool = SessionPool(address, role: "none", limits: PostgresDatabase.Limits())
    #expect(!pool.isCutOff)
    #expect(try storageFaultNow { _ = try pool.take() } == .unavailable)
    #expect(pool.isCutOff)
    try server.listen()
    let isSeen = DispatchSemaphore(value: 0)
    // Refused at once until the server was let alone for long enough, then held by it.
    Thread.detachNewThread { while isSeen.wait(timeout: .now()) == .timedOut { _ = try? pool.take() } }
    let connection = try server.connection()
    #expect(pool.isCutOff)
    isSeen.signal()
    close(connection)
  }
}
