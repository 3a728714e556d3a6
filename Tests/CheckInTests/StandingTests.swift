import Serving
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Registry

@Suite("What a key's state means for its check-ins")
struct StandingTests {
  @Test("A restricted device's facts are kept; it gets its notice and is asked for nothing")
  func restricted() async throws {
    let world = try await World(policy: CheckInPolicy(restrictedNotice: "Please \"call\" the school."))
    let device = try await world.enrol(1, state: .restricted)
    let reply = try await world.send(Sample.request(1, Sample.facts(1), sending: [.identity]), from: device)
    #expect(
      reply.standing == .restricted && reply.notice == "Please \"call\" the school." && reply.want.isEmpty
        && !reply.renew)
    #expect(try await world.count("checkin_section") == 1)
    #expect(try await world.count("registry_contact") == 1)
  }

  @Test("A device that people report lost gets the notice alone, and what it told is kept; found, it is as before")
  func lost() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let facts = Sample.facts(1)
    _ = try await world.send(Sample.request(1, facts), from: device)
    try await world.move(device, [.receive, .lost])
    let there = try await world.send(Sample.request(2, Sample.facts(1, packages: 41), sending: []), from: device)
    #expect(there.standing == .restricted && there.notice?.isEmpty == false)
    #expect(there.want.isEmpty && !there.renew)
    #expect(try await world.count("registry_contact") == 1)
    try await world.move(device, [.found])
    let back = try await world.send(Sample.request(3, Sample.facts(1, packages: 41), sending: []), from: device)
    #expect(back.standing == .active && back.notice == nil && back.want == [.software])
  }

  @Test("A quarantined key's facts are held apart; the device's own do not change")
  func quarantined() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    _ = try await world.send(Sample.request(1, Sample.facts(1)), from: device)
    try await world.set(device, to: .quarantined)
    var other = Sample.facts(1)
    other.system?.hostname = "impostor"
    let later = World.start.advanced(by: .seconds(60))
    let reply = try await world.send(Sample.request(2, other, at: later), from: device, at: later)
    #expect(reply.standing == .quarantined && !reply.renew && reply.want.isEmpty)
    #expect(try await world.count("checkin_held") == 5)
    let row = try await world.database.read(in: .state) {
      (
        try SectionStore.facts(device: device.id, district: World.district, in: $0).facts.system?.hostname,
        try $0.row("SELECT last_contact FROM registry_contact")!.get("last_contact", as: Instant.self)
      )
    }
    #expect(row.0 == "cf-1" && row.1 == World.start)
    #expect(try await world.changes(of: device) == [])
  }

  @Test("A key that is admitted out of quarantine is asked for what the device's own facts do not have")
  func admitted() async throws {
    let world = try await World()
    let device = try await world.enrol(1, state: .quarantined)
    let facts = Sample.facts(1)
    _ = try await world.send(Sample.request(1, facts), from: device)
    #expect(try await world.count("checkin_section") == 0)
    try await world.set(device, to: .active)
    let reply = try await world.send(Sample.request(2, facts, sending: []), from: device)
    #expect(reply.standing == .active && reply.want == [.identity, .hardware, .system, .vitals, .software])
    #expect(try await world.count("checkin_held") == 0)
  }

  @Test("A pending key comes back soon, and nothing of it is stored")
  func pending() async throws {
    let world = try await World()
    let device = try await world.enrol(1, state: .pending)
    let reply = try await world.send(Sample.request(1, Sample.facts(1)), from: device)
    #expect(reply.standing == .pending && (24...36).contains(reply.nextCheckInSeconds) && reply.want.isEmpty)
    for table in ["checkin_state", "checkin_section", "checkin_held", "checkin_software", "checkin_software_base"] {
      #expect(try await world.count(table) == 0)
    }
    #expect(world.desk.bases.known == 0)
  }

  @Test("A key that nobody knows, as after a restore, is handed on as pending and leaves nothing else")
  func unknown() async throws {
    let world = try await World()
    let stranger = TestDevice(9)
    let reply = try await world.send(Sample.request(41, Sample.facts(9)), from: stranger)
    #expect(reply.standing == .pending && reply.sequence == 41)
    #expect(world.unknown.keys == [stranger.key])
    #expect(try await world.count("checkin_state") == 0)
    #expect(try await world.count("checkin_section") == 0)
  }

  @Test("A revoked key is refused before its message is read")
  func revoked() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    try await world.set(device, to: .revoked)
    #expect(try await refusal { try await world.post([0xff], from: device) } == "device.key-revoked")
  }

  @Test("A device asks how its key stands, and nothing is stored; a revoked one is refused")
  func question() async throws {
    let world = try await World()
    let route = try #require(world.desk.deviceRoutes.first { $0.path == AgentPath.standing })
    func standing(of device: TestDevice) async throws -> CheckInReply.Standing {
      let context = try DeviceContext(
        peer: device.peer, rule: route.rule, directory: world.registry.keys, now: World.start)
      let reply = try await route.handle(Call(.get, AgentPath.standing, now: World.start), context)
      return try WireCodec.decode(ControllerStanding.self, from: reply.body, as: "a standing").standing
    }
    let states: [(KeyState, CheckInReply.Standing)] = [
      (.active, .active), (.restricted, .restricted), (.quarantined, .quarantined), (.pending, .pending),
    ]
    for (number, (state, wanted)) in states.enumerated() {
      #expect(try await standing(of: world.enrol(number + 1, state: state)) == wanted)
    }
    let revoked = try await world.enrol(9)
    try await world.set(revoked, to: .revoked)
    await #expect(throws: ServingError(.keyRevoked, "")) { _ = try await standing(of: revoked) }
    #expect(try await world.count("registry_contact") == 0)
  }
}

extension World {
  /// As people do it, one move after the other.
  fileprivate func move(_ device: TestDevice, _ kinds: [CustodyMove.Kind]) async throws {
    let registry = self.registry
    for kind in kinds {
      let keys = try await database.write(in: .state) { transaction in
        var change = RegistryChange(
          transaction: transaction, actor: PrincipalID(rawValue: "prn_0000000000000001")!, now: Self.start)
        let known = try registry.existing(device.id, of: Self.district, transaction)
        _ = try registry.move(known, AskedMove(move: CustodyMove(kind)), &change, for: nil)
        return change.keys
      }
      registry.apply(keys)
    }
  }
}
