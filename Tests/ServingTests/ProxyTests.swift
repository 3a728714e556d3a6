import NIOCore
import NIOEmbedded
import Testing

@testable import Serving

/// PROXY headers, version 2. Source: HAProxy, doc/proxy-protocol.txt, section 2.2
@Suite struct ProxyTests {
  private static let signature: [UInt8] = [
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
  ]

  private static func header(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
    let count = length ?? rest.count
    return signature + [command, family, UInt8(count >> 8), UInt8(count & 0xff)] + rest
  }

  private static let four: [UInt8] = [192, 0, 2, 7, 10, 0, 0, 1, 0x82, 0x35, 0x20, 0xfb]
  private static let six: [UInt8] =
    [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [9] + [UInt8](repeating: 1, count: 16) + [0, 1, 0, 2]

  // MARK: - The header

  @Test("TCP over IPv4 and IPv6 tell the source; what follows the addresses is skipped")
  func sources() throws {
    for more in [[], [0x04, 0x00, 0x03, 1, 2, 3], [0xee], [UInt8](repeating: 0xff, count: 4_000)] as [[UInt8]] {
      let first = try #require(try ProxyHeader.read(Self.header(0x21, 0x11, Self.four + more) + [22, 3, 1]))
      #expect(first.source == [192, 0, 2, 7] && first.length == 28 + more.count)
      let second = try #require(try ProxyHeader.read(Self.header(0x21, 0x21, Self.six + more)))
      #expect(second.source == Array(Self.six.prefix(16)) && second.length == 52 + more.count)
    }
  }

  @Test("A balancer's own connection, and one of a kind that has no IP source, is taken with the balancer's address")
  func local() throws {
    for (command, family, rest) in [
      (0x20, 0x00, []), (0x20, 0x11, Self.four), (0x20, 0x00, [UInt8](repeating: 9, count: 300)), (0x21, 0x00, []),
      (0x21, 0x00, Self.four), (0x21, 0x12, Self.four), (0x21, 0x22, Self.six), (0x21, 0x10, []),
      (0x21, 0x31, [UInt8](repeating: 0x2f, count: 216)), (0x21, 0x32, []), (0x20, 0x11, [1]),
    ] as [(UInt8, UInt8, [UInt8])] {
      let header = try #require(try ProxyHeader.read(Self.header(command, family, rest) + [1]))
      #expect(header.source == nil && header.length == 16 + rest.count, "\(command) \(family)")
    }
  }

  @Test("Bytes that are no header of version 2 are refused as soon as that is sure, each with its reason")
  func refused() {
    let cases: [(bytes: [UInt8], fault: ProxyHeader.Fault)] = [
      ([0x16, 0x03, 0x01], .notProxy), (Array("GET / HTTP/1.1\r\n".utf8), .notProxy),
      ([0x0d, 0x0a, 0x0d, 0x0b], .notProxy),
      (Array("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n".utf8), .version1), (Array("P".utf8), .version1),
      (Self.header(0x11, 0x11, Self.four), .version), (Self.header(0x31, 0x11, Self.four), .version),
      (Self.header(0x01, 0x11, Self.four), .version), (Self.header(0x22, 0x11, Self.four), .command),
      (Self.header(0x2f, 0x11, Self.four), .command), (Self.header(0x21, 0x41, Self.four), .family),
      (Self.header(0x21, 0xf1, Self.four), .family), (Self.header(0x21, 0x13, Self.four), .family),
      (Self.header(0x21, 0x11, Array(Self.four.dropLast())), .tooShort), (Self.header(0x21, 0x11, []), .tooShort),
      (Self.header(0x21, 0x21, Self.four), .tooShort), (Self.header(0x21, 0x11, [], length: 0xffff), .tooLong),
      (Self.header(0x20, 0x00, [], length: 0xffff), .tooLong), (Self.header(0x21, 0x31, [], length: 4_081), .tooLong),
    ]
    for (bytes, fault) in cases {
      #expect(throws: fault, "\(bytes)") { try ProxyHeader.read(bytes) }
    }
  }

  @Test("Every beginning of a header waits for more, and no byte behind it is taken")
  func beginnings() throws {
    let whole = Self.header(0x21, 0x21, Self.six + [0x04, 0, 2, 0, 0])
    for count in 0..<whole.count { #expect(try ProxyHeader.read(whole.prefix(count)) == nil, "\(count)") }
    #expect(try ProxyHeader.read(whole + whole)?.length == whole.count)
  }

  @Test("Whatever follows the signature, reading it never traps and takes no byte behind its length")
  func hostile() throws {
    var state: UInt64 = 20_261_122
    func next() -> UInt8 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
    var taken = 0
    for round in 0..<20_000 {
      var bytes = Self.signature + (0..<Int(next() % 80)).map { _ in next() }
      // Half of them with a version, a command and a length that can be.
      if round % 2 == 0, bytes.count > 16 {
        (bytes[12], bytes[13], bytes[14], bytes[15]) = (0x20 | bytes[12] & 1, bytes[13] & 0x33, 0, bytes[15] & 0x3f)
      }
      guard let header = try? ProxyHeader.read(bytes) else { continue }
      taken += 1
      #expect((16...bytes.count).contains(header.length) && [nil, 4, 16].contains(header.source?.count))
      #expect(try ProxyHeader.read(bytes.prefix(header.length)) == header)
      #expect(try ProxyHeader.read(bytes.prefix(header.length - 1)) == nil)
    }
    #expect(taken > 100)
  }

  // MARK: - Ranges of addresses

  @Test("A range holds the addresses that share its bits, and none of the other family")
  func ranges() throws {
    func holds(_ range: String, _ address: String) throws -> Bool {
      try #require(AddressRange(range), "\(range)").contains(SocketAddress(ipAddress: address, port: 1))
    }
    for (range, address) in [
      ("10.0.0.0/8", "10.255.0.1"), ("192.0.2.7", "192.0.2.7"), ("192.0.2.0/31", "192.0.2.1"), ("0.0.0.0/0", "8.8.8.8"),
      ("2001:db8::/32", "2001:db8:ffff::1"), ("::1", "::1"), ("::/0", "2001::1"), ("10.0.0.0/8", "::ffff:10.1.2.3"),
      ("128.0.0.0/1", "200.0.0.1"),
    ] {
      #expect(try holds(range, address), "\(range) \(address)")
    }
    for (range, address) in [
      ("10.0.0.0/8", "11.0.0.1"), ("192.0.2.7", "192.0.2.8"), ("192.0.2.0/31", "192.0.2.2"), ("0.0.0.0/0", "::1"),
      ("::/0", "10.0.0.1"), ("2001:db8::/33", "2001:db8:8000::1"), ("10.0.0.0/8", "::ffff:11.1.2.3"),
    ] {
      #expect(try !holds(range, address), "\(range) \(address)")
    }
    for text in [
      "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0/8", "::/129", "10.0.0.0/-1", "db1", "10.0.0.0/8/8",
    ] {
      #expect(AddressRange(text) == nil, "\(text)")
    }
  }

  @Test("A range is written in one way, and one with bits behind its length leads to the range that is meant")
  func written() {
    for (text, written) in [
      ("10.0.0.0/8", "10.0.0.0/8"), ("192.0.2.7", "192.0.2.7/32"), ("2001:DB8:0:0::/32", "2001:db8::/32"),
      ("::/0", "::/0"),
    ] { #expect(AddressRange(text)?.text == written, "\(text)") }
    for (text, meant) in [
      ("10.20.30.40/16", "10.20.0.0/16"), ("10.255.0.1/9", "10.128.0.0/9"), ("2001:db8:1::1/33", "2001:db8::/33"),
      ("1.2.3.4/0", "0.0.0.0/0"), ("10.0.0.0/33", nil), ("school/8", nil), ("10.1.1.1", nil), ("10.0.0.1/8/8", nil),
    ] { #expect(AddressRange.around(text)?.text == meant, "\(text)") }
  }

  @Test("An origin is within the ranges of its first bits; of an IPv6 one 64 are known")
  func origins() throws {
    func holds(_ range: String, _ octets: [UInt8]) throws -> Bool {
      let origins = try #require(AddressRange(range)?.origins, "\(range)")
      return origins.contains(try #require(Origin(octets: octets)))
    }
    let six = Array(Self.six.prefix(16))
    for (range, octets) in [
      ("10.0.0.0/8", [10, 1, 2, 3]), ("192.0.2.7/32", [192, 0, 2, 7]), ("0.0.0.0/0", [8, 8, 8, 8]),
      ("2001:db8::/64", six), ("2001:db8::/32", six), ("::/0", six), ("128.0.0.0/1", [200, 0, 0, 1]),
    ] as [(String, [UInt8])] { #expect(try holds(range, octets), "\(range)") }
    for (range, octets) in [
      ("10.0.0.0/8", [11, 1, 2, 3]), ("192.0.2.7/32", [192, 0, 2, 6]), ("0.0.0.0/0", six), ("::/0", [8, 8, 8, 8]),
      ("2001:db8:0:1::/64", six), ("192.0.2.0/31", [192, 0, 2, 2]),
    ] as [(String, [UInt8])] { #expect(try !holds(range, octets), "\(range)") }
    #expect(AddressRange("2001:db8::/65")?.origins == nil && AddressRange("::1")?.origins == nil)
    let all = try #require(AddressRange("0.0.0.0/0")?.origins)
    #expect(!all.contains(.unknown))
  }

  // MARK: - On a connection

  /// What came of bytes that arrive in parts.
  private func connection(_ parts: [[UInt8]]) throws -> (
    origin: Origin?, reason: String?, passed: [UInt8], isOpen: Bool
  ) {
    var origin: Origin?
    var reason: String?
    let channel = EmbeddedChannel()
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try channel.pipeline.syncOperations.addHandler(
      ProxyHandler(onSource: { origin = $0 }, onRefused: { reason = $0 }))
    var passed: [UInt8] = []
    for part in parts {
      try channel.writeInbound(ByteBuffer(bytes: part))
      while let buffer = try channel.readInbound(as: ByteBuffer.self) { passed += Array(buffer.readableBytesView) }
    }
    channel.embeddedEventLoop.advanceTime(by: ProxyHandler.limit)
    let isOpen = channel.isActive
    _ = try? channel.finish(acceptAlreadyClosed: true)
    return (origin, reason, passed, isOpen)
  }

  @Test("What follows the header goes on to TLS, whole and in order, however the bytes arrive")
  func passedOn() throws {
    let rest: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x0d, 0x0a]
    let bytes = Self.header(0x21, 0x11, Self.four + [0x04, 0, 0]) + rest
    for parts in [
      [bytes], bytes.map { [$0] }, [Array(bytes.prefix(31)), rest],
      [Array(bytes.prefix(20)), Array(bytes.dropFirst(20))],
    ] {
      let found = try connection(parts)
      #expect(found.origin == Origin(octets: [192, 0, 2, 7]) && found.passed == rest)
      #expect(found.isOpen && found.reason == nil)
    }
    let own = try connection([Self.header(0x20, 0x00, []) + rest])
    #expect(own.origin == nil && own.passed == rest && own.isOpen)
  }

  @Test("Without a header, or with half of one, the connection is closed, and nothing of it goes on")
  func closed() throws {
    let half = Array(Self.header(0x21, 0x11, Self.four).prefix(20))
    for parts in [
      [[0x16, 0x03, 0x01]], [Array("PROXY TCP4 ".utf8), [1]], [half], [],
      [Self.header(0x21, 0x11, [], length: 0xffff), half],
    ] {
      let found = try connection(parts)
      #expect(found.origin == nil && found.passed.isEmpty && !found.isOpen && found.reason != nil, "\(parts)")
    }
    #expect(try connection([half]).reason?.contains("within 5 seconds") == true)
  }
}
