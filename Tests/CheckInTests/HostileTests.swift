import Foundation
import HTTPTypes
import Serving
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Compression

@Suite("Hostile check-ins are refused by code and never trap")
struct HostileTests {
  @Test("A gzip bomb, a truncated and a false gzip are refused")
  func compressed() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let gzip: HTTPFields = [.contentEncoding: "gzip"]
    let bomb = try Gzip.compress([UInt8](repeating: 0x20, count: 64 << 20))
    #expect(try await refusal { try await world.post(bomb, from: device, headers: gzip) } == "compression.too-large")
    let good = try Gzip.compress(try WireCodec.encode(Sample.request(1, Sample.facts())))
    #expect(
      try await refusal { try await world.post(good.dropLast(3), from: device, headers: gzip) }
        == "compression.truncated")
    #expect(
      try await refusal { try await world.post(good + [0], from: device, headers: gzip) }
        == "compression.trailing-bytes")
    #expect(try await refusal { try await world.post([0x7b], from: device, headers: gzip) } != nil)
    let large = [UInt8](repeating: 7, count: Limits.compressedBytes + 1)
    #expect(try await refusal { try await world.post(large, from: device, headers: gzip) } == "wire.too-large")
    #expect(
      try await refusal { try await world.post(good, from: device, headers: [.contentEncoding: "br"]) }
        == "checkin.encoding")
    #expect(try await world.post(good, from: device, headers: gzip).status == .ok)
    #expect(world.desk.messagesInFlight == 0)
  }

  @Test("JSON that is deep, huge, of wrong types or no JSON is refused")
  func json() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let head = #"{"version":1,"sentAt":1,"agent":"x","hashes":{}"#
    let bodies: [String] = [
      "", "{", "[]", "null", "1", "\"x\"", "{}", String(repeating: "[", count: 100_000),
      head + #","sequence":1,"facts":"# + String(repeating: #"{"a":"#, count: 50_000),
      head + #","sequence":1e400}"#, head + #","sequence":99999999999999999999999}"#, head + #","sequence":1.5}"#,
      head + #","sequence":0}"#, head + #","sequence":-1}"#, head + #","sequence":9223372036854775807}"#,
      head + #","sequence":"1"}"#, head + #","sequence":1,"facts":[]}"#,
      head + #","sequence":1,"facts":{"software":7}}"#,
      head + #","sequence":1,"facts":{"software":"no tabs\n"}}"#,
      #"{"version":99,"sequence":1,"sentAt":1,"agent":"x","hashes":{}}"#,
      #"{"version":1,"sequence":1,"sentAt":1,"agent":"x","hashes":{"system":"zz"}}"#,
      #"{"version":1,"sequence":1,"sentAt":1,"agent":"x","hashes":{"system":"aa"}}"#,
    ]
    for body in bodies {
      let code = try await refusal { try await world.post(Array(body.utf8), from: device) }
      #expect(code?.hasPrefix("wire.") == true, "\(body.prefix(80)) got \(code ?? "accepted")")
    }
    #expect(try await refusal { try await world.post([0xff, 0xfe, 0x00], from: device) } == "wire.malformed")
    #expect(try await world.count("checkin_state") == 0)
  }

  @Test("Extreme numbers in facts are stored and judged without a trap")
  func extremes() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    for (sequence, value) in [Int64.min, -1, 0, 1, Int64.max].enumerated() {
      var facts = Sample.facts(1)
      facts.hardware?.memoryBytes = value
      facts.hardware?.batteries[0].designMicrowattHours = value
      facts.identity?.chassisType = Int(value)
      facts.vitals?.memoryAvailableBytes = value
      facts.vitals?.memoryTotalBytes = value
      facts.vitals?.clockOffsetMilliseconds = value
      facts.vitals?.updatesAvailable = Int(value)
      facts.vitals?.thermals = [.init(zone: "z", millicelsius: value)]
      facts.vitals?.fileSystems = [
        .init(mount: "/", kind: "ext4", totalBytes: value, availableBytes: value, readOnly: false)
      ]
      facts.vitals?.batteries[0].fullMicrowattHours = value
      facts.vitals?.batteries[0].cycles = Int(value)
      facts.vitals?.disks[0].percentUsed = Int(value)
      facts.vitals?.disks[0].sparePercent = Int(value)
      facts.vitals?.disks[0].mediaErrors = value
      facts.vitals?.disks[0].temperatureMillicelsius = value
      var request = Sample.request(Int64(sequence) + 1, facts)
      request.sentAt = Instant(milliseconds: value)
      #expect(try await world.send(request, from: device).standing == .active)
    }
  }

  @Test("Mangled messages never trap")
  func mangled() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let body = try WireCodec.encode(Sample.request(1, Sample.facts(1, packages: 5)))
    var generator = SplitMix(state: 11)
    for _ in 0..<400 {
      var mangled = body
      for _ in 0...Int(generator.next() % 4) {
        let place = Int(generator.next() % UInt64(mangled.count))
        switch generator.next() % 3 {
        case 0: mangled[place] = UInt8(truncatingIfNeeded: generator.next())
        case 1: mangled.removeSubrange(place..<min(mangled.count, place + 9))
        default: mangled.insert(UInt8(ascii: "9"), at: place)
        }
      }
      _ = try? await refusal { try await world.post(mangled, from: device) }
    }
    #expect(world.desk.messagesInFlight == 0)
  }
}

extension [UInt8] {
  func dropLast(_ count: Int) -> [UInt8] { Array(self[..<(self.count - count)]) }
}
