import COpenSSL
import CurlClient
import Foundation
import Glibc
import Vocabulary

@testable import AgentTransport

/// A real TLS server on an ephemeral port of loopback, one connection at a time, on a thread of its own.
final class TestServer: @unchecked Sendable {
  // Everything is set before the thread begins, and read only after that.
  let port: UInt16
  private let listener: Int32
  private let answer: @Sendable (String) -> String
  private let tls: OpaquePointer?

  /// - Parameters:
  ///   - identity: nil for a server that speaks without TLS.
  ///   - clients: where given, a client certificate from that authority is required.
  init(
    identity: DeviceIdentity?, clients: TestAuthority? = nil,
    answer: @escaping @Sendable (String) -> String = { _ in TestServer.ok("hello") }
  ) {
    self.answer = answer
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(listener, $0, size)
        _ = listen(listener, 8)
        _ = getsockname(listener, $0, &size)
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    tls = identity.flatMap { Self.context($0, clients) }
    signal(SIGPIPE, SIG_IGN)
    Thread.detachNewThread { [self] in serve() }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  var address: String { "https://localhost:\(port)" }

  static func ok(_ body: String, headers: String = "") -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(headers)Connection: close\r\n\r\n\(body)"
  }

  private static func context(_ identity: DeviceIdentity, _ clients: TestAuthority?) -> OpaquePointer? {
    let tls = SSL_CTX_new(TLS_server_method())
    SSL_CTX_use_certificate(tls, identity.certificates[0].pointer)
    for certificate in identity.certificates.dropFirst() { _ = rc_tls_add_chain(tls, certificate.pointer) }
    SSL_CTX_use_PrivateKey(tls, identity.key.pointer)
    if let clients {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), clients.root.pointer)
      SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
    return tls
  }

  private func serve() {
    while true {
      let connection = accept(listener, nil, nil)
      if connection < 0 { break }
      if let tls { speak(tls, connection) } else { _ = Glibc.write(connection, "HTTP/1.0 400 no\r\n\r\n", 19) }
      close(connection)
    }
    close(listener)
    SSL_CTX_free(tls)
  }

  private func speak(_ tls: OpaquePointer, _ connection: Int32) {
    let session = SSL_new(tls)
    defer { SSL_free(session) }
    SSL_set_fd(session, connection)
    guard SSL_accept(session) == 1 else {
      // Closing with unread bytes would reset the connection before the client reads the alert.
      shutdown(connection, Int32(SHUT_WR))
      var rest = [UInt8](repeating: 0, count: 1024)
      while read(connection, &rest, rest.count) > 0 {}
      return
    }
    var request: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: request, as: UTF8.self).contains("\r\n\r\n") {
      let count = SSL_read(session, &part, Int32(part.count))
      if count <= 0 { return }
      request += part[..<Int(count)]
    }
    let response = Array(answer(String(decoding: request, as: UTF8.self)).utf8)
    if !response.isEmpty { SSL_write(session, response, Int32(response.count)) }
    SSL_shutdown(session)
  }
}

extension TestAuthority {
  /// A certificate for a server of that name.
  func server(_ name: String, from: Instant = begin, for life: Duration = .seconds(365 * 86_400)) throws
    -> DeviceIdentity
  {
    let key = try PrivateKey.makeP256()
    let certificate = issue(key, subject: name, names: "DNS:\(name)", from: from, for: life)
    return try! DeviceIdentity(certificates: [certificate, issuing], key: key)!
  }

  /// A certificate for a client.
  func client() throws -> DeviceIdentity {
    let key = try PrivateKey.makeP256()
    let certificate = issue(
      key, subject: "client", names: "URI:urn:rollcall:device:dev_0123456789abcdef", from: Self.begin,
      for: .seconds(365 * 86_400))
    return try! DeviceIdentity(certificates: [certificate, issuing], key: key)!
  }
}
