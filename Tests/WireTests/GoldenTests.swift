import Foundation
import Testing
import Vocabulary

@testable import Wire

/// Version 1 as it is in the field. A test that fails here means that devices and controllers no longer understand
/// one another: add fields, never change these files.
@Suite("Version 1 is frozen")
struct GoldenTests {
  @Test("A full check-in reads, and is written again byte for byte")
  func fullCheckIn() throws {
    let bytes = try golden("checkin-v1.json")
    let request = try WireCodec.checkIn(from: bytes)
    #expect(request.version == 1)
    #expect(request.sequence == 42)
    #expect(request.sentAt == Instant(milliseconds: 1_795_293_667_123))
    #expect(request.agent == "0.1.0")
    #expect(request.hashes.count == FactSection.allCases.count)
    #expect(request.facts.identity?.serial == "5CG9310QX7")
    #expect(request.facts.system?.failedUnits == ["cups.service", "réseau.service"])
    #expect(request.facts.software?.packages.map(\.name) == ["adduser", "bash", "libc6"])
    #expect(request.unknownSections == 0)
    #expect(try WireCodec.encode(request) == bytes)
  }

  @Test("An unchanged check-in reads, and is written again byte for byte")
  func unchangedCheckIn() throws {
    let bytes = try golden("checkin-unchanged-v1.json")
    let request = try WireCodec.checkIn(from: bytes)
    #expect(request.facts == Facts())
    #expect(try WireCodec.encode(request) == bytes)
  }

  @Test("A reply reads, and is written again byte for byte")
  func reply() throws {
    let bytes = try golden("reply-v1.json")
    let reply = try WireCodec.decode(CheckInReply.self, from: bytes, as: "a reply")
    #expect(reply.standing == .active)
    #expect(reply.want == [.software, .vitals])
    #expect(reply.nextCheckInSeconds == 3540)
    #expect(try WireCodec.encode(reply) == bytes)
  }

  @Test("The hash of each section is what it was", arguments: FactSection.allCases)
  func hashes(section: FactSection) throws {
    let request = try WireCodec.checkIn(from: golden("checkin-v1.json"))
    let hash = try sha256(try #require(request.facts.canonical(section)))
    #expect(request.hashes[section] == hash)
    let frozen = String(decoding: try golden("hashes-v1.txt"), as: UTF8.self).split(separator: "\n")
    #expect(frozen.contains("\(section.rawValue) \(hash)"))
  }

  /// Fields that came after version 1 was frozen: optional, told, and not hashed, as `CanonicalTests` holds.
  private static let later: [String: Set<String>] = [
    "hardware": ["graphics", "cameras", "audio", "bluetooth"],
    "system": ["bootMilliseconds", "bootFirmwareMilliseconds"],
  ]

  @Test("Every field of version 1 is in the golden check-in")
  func complete() throws {
    let object = try JSONSerialization.jsonObject(with: Data(golden("checkin-v1.json")))
    let facts = try #require((object as? [String: Any])?["facts"] as? [String: Any])
    func names(_ value: Any) -> Set<String> { Set(Mirror(reflecting: value).children.compactMap(\.label)) }
    let request = try WireCodec.checkIn(from: golden("checkin-v1.json"))
    let sections: [(String, Any)] = [
      ("identity", try #require(request.facts.identity)), ("hardware", try #require(request.facts.hardware)),
      ("system", try #require(request.facts.system)), ("vitals", try #require(request.facts.vitals)),
    ]
    for (name, section) in sections {
      let told = Set(try #require(facts[name] as? [String: Any]).keys)
      let unfrozen = names(section).subtracting(told)
      #expect(unfrozen == Self.later[name] ?? [], "fields of '\(name)' that no golden message freezes")
    }
  }
}
