import Foundation
import Testing

@testable import AgentCollect

@Suite("Asking systemd")
struct BusMessageTests {
  /// `ListUnitsFiltered(["failed"])` as sd-bus writes it.
  @Test("A call has the specified bytes")
  func call() throws {
    let bytes = BusMessage.call("M", of: "a.b", at: "/p", to: "c.d", serial: 2, arguments: ["failed"])
    let head: [UInt8] = [0x6c, 1, 0, 1, 15, 0, 0, 0, 2, 0, 0, 0]
    #expect(Array(bytes.prefix(12)) == head)
    #expect(Array(bytes.suffix(15)) == [11, 0, 0, 0, 6, 0, 0, 0] + Array("failed".utf8) + [0])
    #expect(try BusMessage.length(bytes) == bytes.count)
    let read = try BusMessage(bytes)
    #expect(read.kind == .call)
    #expect(read.serial == 2)
    #expect(read.signature == "as")
  }

  @Test("An answer's units are read")
  func answer() throws {
    let message = try BusMessage(listing(["a.service", "long-name-of-a-unit.mount", "b.timer"], replyTo: 2))
    #expect(message.kind == .reply)
    #expect(message.replyTo == 2)
    #expect(try message.unitNames() == ["a.service", "long-name-of-a-unit.mount", "b.timer"])
    #expect(try BusMessage(listing([], replyTo: 2)).unitNames() == [])
  }

  @Test("An answer cut or changed anywhere never traps")
  func hostile() {
    let whole = listing(["a.service", "b.service"], replyTo: 2)
    for count in 0..<whole.count { _ = try? BusMessage(Array(whole.prefix(count))).unitNames() }
    for index in whole.indices {
      for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff] {
        var changed = whole
        changed[index] = value
        _ = try? BusMessage(changed).unitNames()
      }
    }
    var random = FixedRandom(state: 7)
    for _ in 0..<2000 {
      var bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      if bytes.count > 16 { (bytes[0], bytes[3]) = (0x6c, 1) }
      _ = try? BusMessage(bytes).unitNames()
    }
  }

  @Test("A conversation over a socket gives the failed units, past signals in between")
  func conversation() throws {
    let bus = try ScriptedBus { call in
      call == 0 ? self.listing([], replyTo: 1) : self.listing([], replyTo: 99) + self.listing(["x.service"], replyTo: 2)
    }
    let connection = try BusConnection(path: bus.path)
    _ = try connection.reply(
      to: BusMessage.call("Hello", of: "a.b", at: "/p", to: "c.d", serial: 1), serial: 1)
    let answer = try connection.reply(
      to: BusMessage.call("L", of: "a.b", at: "/p", to: "c.d", serial: 2, arguments: ["failed"]), serial: 2)
    #expect(try answer.unitNames() == ["x.service"])
  }

  @Test("A bus that is not there is a reason, not a trap")
  func absent() {
    #expect(throws: DeviceFault("absent: /nowhere/bus")) { _ = try BusConnection(path: "/nowhere/bus") }
    #expect(throws: DeviceFault.self) { _ = try BusConnection(path: String(repeating: "x", count: 300)) }
  }

  /// A method's return with `a(ssssssouso)`.
  private func listing(_ names: [String], replyTo: UInt8) -> [UInt8] {
    var body: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
    func pad(_ bytes: inout [UInt8], _ size: Int) { while bytes.count % size != 0 { bytes.append(0) } }
    func number(_ value: Int) {
      pad(&body, 4)
      for shift in [0, 8, 16, 24] { body.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    func text(_ value: String) {
      number(value.utf8.count)
      body += Array(value.utf8) + [0]
    }
    for name in names {
      pad(&body, 8)
      for value in [name, "A unit", "loaded", "failed", "failed", "", "/org/freedesktop/systemd1/unit/x"] {
        text(value)
      }
      number(0)
      text("")
      text("/")
    }
    let length = body.count - 8
    for shift in [0, 8, 16, 24] { body[shift / 8] = UInt8(truncatingIfNeeded: length >> shift) }
    var fields: [UInt8] = [5, 1, 0x75, 0, replyTo, 0, 0, 0, 8, 1, 0x67, 0, 13]
    fields += Array("a(ssssssouso)".utf8) + [0]
    var message: [UInt8] = [0x6c, 2, 1, 1]
    for value in [body.count, 7, fields.count] {
      for shift in [0, 8, 16, 24] { message.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    message += fields
    pad(&message, 8)
    return message + body
  }
}

/// A bus that greets and answers each call as a script says, on a socket in a temporary folder.
private final class ScriptedBus {
  let path: String
  private let listener: Int32

  init(_ answer: @escaping @Sendable (Int) -> [UInt8]) throws {
    path = NSTemporaryDirectory() + "bus-" + UUID().uuidString.prefix(8)
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(listener, 1) == 0)
    Thread.detachNewThread {
      let peer = accept(listener, nil, nil)
      guard peer >= 0 else { return }
      defer { close(peer) }
      var room = [UInt8](repeating: 0, count: 4096)
      var received: [UInt8] = []
      func until(_ enough: ([UInt8]) -> Bool) -> Bool {
        while !enough(received) {
          let got = recv(peer, &room, room.count, 0)
          guard got > 0 else { return false }
          received += room[..<got]
        }
        return true
      }
      guard until({ $0.contains(10) }), let end = received.firstIndex(of: 10) else { return }
      received.removeFirst(end + 1)
      let greeting = Array("OK 0123456789abcdef\r\n".utf8)
      send(peer, greeting, greeting.count, 0)
      guard until({ $0.contains(10) }), let end = received.firstIndex(of: 10) else { return }
      received.removeFirst(end + 1)
      for call in 0..<2 {
        let whole: ([UInt8]) -> Bool = { bytes in
          guard let length = (try? BusMessage.length(bytes)) ?? nil else { return false }
          return bytes.count >= length
        }
        guard until(whole), let length = (try? BusMessage.length(received)) ?? nil else { return }
        received.removeFirst(length)
        let bytes = answer(call)
        send(peer, bytes, bytes.count, 0)
      }
    }
  }

  deinit {
    close(listener)
    unlink(path)
  }
}
