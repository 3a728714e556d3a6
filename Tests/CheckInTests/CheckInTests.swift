import HTTPTypes
import Registry
import Serving
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Compression

@Suite("A check-in through its route")
struct CheckInTests {
  @Test("The first check-in is stored whole, and an unchanged one after it asks for nothing")
  func stored() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let facts = Sample.facts(1)
    let first = try await world.send(Sample.request(1, facts), from: device)
    #expect(first.standing == .active && first.want.isEmpty && first.sequence == 1 && !first.renew)
    #expect((2880...4320).contains(first.nextCheckInSeconds))
    #expect(try await world.count("checkin_section") == 4)
    #expect(try await world.software(of: device) == facts.software?.canonicalBytes)
    let later = World.start.advanced(by: .seconds(3600))
    let second = try await world.send(Sample.request(2, facts, sending: [], at: later), from: device, at: later)
    #expect(second.want.isEmpty && second.time == later)
    #expect(try await world.count("checkin_state") == 1)
    #expect(try await world.count("registry_contact") == 1)
    #expect(try await world.changes(of: device) == [])
  }

  @Test("The registry is given what was told, and knows the health and the next contact")
  func registry() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let reply = try await world.send(Sample.request(1, Sample.facts(1)), from: device)
    let id = device.id
    let shown = try await world.database.read(in: .state) {
      try StoredFacts().facts(of: id, in: World.district, $0)
    }
    #expect(shown?.softwareCount == 40)
    #expect((shown?.hardware as? HardwareFacts) == Sample.facts(1).hardware)
    let row = try await world.database.read(in: .state) {
      try $0.row("SELECT health, last_contact, next_contact FROM registry_contact WHERE device_id = \(id)")!
    }
    #expect(try row.get("health", as: String.self) == "well")
    #expect(
      try row.get("next_contact", as: Int64.self) - row.get("last_contact", as: Int64.self) == Int64(
        reply.nextCheckInSeconds) * 1000)
    let host = try await world.database.read(in: .state) {
      try $0.row("SELECT hostname FROM registry_device WHERE device_id = \(id)")!.get("hostname", as: String.self)
    }
    #expect(host == "cf-1")
  }

  @Test("Parts that are told beside the hash are stored and shown, and software by its sources")
  func wider() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    var facts = Sample.facts(1, packages: 3)
    facts.software = SoftwareList(
      (facts.software?.packages ?? []) + [
        .init(name: "org.example.Chalk", version: "2", architecture: "x86_64", source: "flatpak"),
        .init(name: "core22", version: "1", architecture: "amd64", source: "snap"),
      ])
    _ = try await world.send(Sample.request(1, facts), from: device)
    facts.hardware?.cameras = [.init(name: "video0", model: "Example Camera", driver: "uvcvideo")]
    facts.hardware?.bluetooth = false
    let reply = try await world.send(Sample.request(2, facts, sending: [.hardware]), from: device)
    #expect(reply.want.isEmpty)
    let shown = try await world.database.read(in: .state) {
      try StoredFacts().facts(of: device.id, in: World.district, $0)
    }
    #expect((shown?.hardware as? HardwareFacts)?.cameras?.first?.model == "Example Camera")
    #expect((shown?.hardware as? HardwareFacts)?.bluetooth == false)
    #expect(shown?.softwareSources == ["dpkg": 3, "flatpak": 1, "snap": 1])
    #expect(try await world.changes(of: device) == [], "no history: it was not known before")
  }

  @Test("The same message again gets the same bytes and changes nothing, however often")
  func replay() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let body = try WireCodec.encode(Sample.request(1, Sample.facts(1)))
    let first = try await world.post(body, from: device)
    for hour in 1...3 {
      let again = try await world.post(body, from: device, at: World.start.advanced(by: .seconds(3600 * Int64(hour))))
      #expect(again.body == first.body)
    }
    let compressed = try await world.post(try Gzip.compress(body), from: device, headers: [.contentEncoding: "gzip"])
    #expect(compressed.body == first.body)
  }

  @Test(
    "A number out of order is refused with the one that is expected, and the device goes on with that",
    arguments: [1, 3, 900])
  func order(sequence: Int64) async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let facts = Sample.facts(1)
    _ = try await world.send(Sample.request(1, facts), from: device)
    let refused = try await world.post(
      try WireCodec.encode(Sample.request(sequence, facts, sending: [.system])), from: device)
    #expect(refused.status == .conflict)
    let problem = try WireCodec.decode(Problem.self, from: refused.body, as: "a problem")
    #expect(problem.code == "checkin.stale-sequence" && problem.expectedSequence == 2)
    #expect(try await world.send(Sample.request(2, facts, sending: []), from: device).sequence == 2)
  }

  @Test("Sections that the controller does not hold are wanted, and come with the next message")
  func want() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let facts = Sample.facts(1)
    let first = try await world.send(Sample.request(77, facts, sending: [.identity, .vitals]), from: device)
    #expect(first.want == [.hardware, .system, .software])
    #expect((24...36).contains(first.nextCheckInSeconds))
    let second = try await world.send(Sample.request(78, facts, sending: first.want), from: device)
    #expect(second.want.isEmpty)
    #expect(try await world.software(of: device) == facts.software?.canonicalBytes)
  }

  @Test("A section that does not have the hash it claims is refused whole")
  func hashMismatch() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    for section in FactSection.allCases {
      var request = Sample.request(1, Sample.facts(1))
      request.hashes[section] = Digest.sha256([1])
      #expect(
        try await refusal { try await world.post(try WireCodec.encode(request), from: device) } == "wire.hash-mismatch")
      request.hashes[section] = nil
      #expect(
        try await refusal { try await world.post(try WireCodec.encode(request), from: device) } == "wire.hash-mismatch")
    }
    #expect(try await world.count("checkin_state") == 0)
    #expect(try await world.count("checkin_section") == 0)
  }

  @Test("A renewed key goes on with what is stored of the device, and retires the key before it")
  func renewedKey() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let facts = Sample.facts(1)
    _ = try await world.send(Sample.request(1, facts), from: device)
    let next = TestDevice(2).known(as: device.id)
    let registry = world.registry
    let issued = IssuedKey(
      digest: next.key, certificateSerial: "02", notBefore: next.peer.notBefore, notAfter: next.peer.notAfter)
    registry.apply(
      try await world.database.write(in: .state) {
        try registry.renew(device.key, of: device.id, of: World.district, by: issued, now: World.start, in: $0)
      })
    let reply = try await world.send(Sample.request(1, facts, sending: []), from: next)
    #expect(reply.want.isEmpty && reply.standing == .active)
    await #expect(throws: ServingError(.keyRevoked, "")) {
      _ = try await world.post(try WireCodec.encode(Sample.request(2, facts, sending: [])), from: device)
    }
  }

  @Test("The time is told to anybody")
  func time() async throws {
    let world = try await World()
    let route = try #require(world.desk.deviceRoutes.first { $0.path == AgentPath.time })
    #expect(route.rule == .open)
    let context = try DeviceContext(peer: nil, rule: .open, directory: world.registry.keys, now: World.start)
    let reply = try await route.handle(Call(.get, AgentPath.time, now: World.start), context)
    #expect(try WireCodec.decode(ControllerTime.self, from: reply.body, as: "a time").time == World.start)
  }
}

/// The code with which `body` is refused.
func refusal(_ body: () async throws -> Reply) async throws -> String? {
  do {
    let reply = try await body()
    guard reply.status.kind != .successful else { return nil }
    return try WireCodec.decode(Problem.self, from: reply.body, as: "a problem").code
  } catch let error as any StatusError { return error.code.text }
}
