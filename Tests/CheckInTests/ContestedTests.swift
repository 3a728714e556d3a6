import Registry
import Testing
import Vocabulary
import Wire

@testable import CheckIn

@Suite("A key that reports another device's identity")
struct ContestedTests {
  /// Facts of a machine with all marks of its own.
  private func facts(_ number: Int) -> Facts {
    var facts = Sample.facts(number)
    facts.identity?.uuid = "4c4c4544-0042-3510-8052-00000000000\(number)"
    facts.identity?.boardSerial = "BOARD100\(number)"
    facts.identity?.builtInMACs = ["a4:bb:6d:01:02:0\(number)"]
    facts.identity?.product = "Model \(number)"
    return facts
  }

  /// Two devices that told all of themselves.
  private func pair(_ world: World) async throws -> (honest: TestDevice, other: TestDevice) {
    let devices = (try await world.enrol(1), try await world.enrol(2))
    for device in [devices.0, devices.1] {
      _ = try await world.send(Sample.request(1, facts(device.number)), from: device)
    }
    return devices
  }

  private func device(_ device: TestDevice, _ world: World) async throws -> Device {
    let registry = world.registry
    let found = try await world.database.read(in: .state) {
      try registry.device(device.id, of: World.district, in: $0)
    }
    return try #require(found)
  }

  private func states(_ world: World, _ devices: TestDevice...) -> [KeyState?] {
    devices.map { world.registry.keys.key($0.key)?.state }
  }

  private func journal(_ world: World) async throws -> [String] {
    try await world.database.read(in: .state) { transaction in
      try transaction.rows("SELECT actor, action, object FROM audit_entry ORDER BY position").map { row in
        let texts = try ["actor", "action", "object"].map { try row.get($0, as: String.self) }
        return texts.joined(separator: " ")
      }
    }
  }

  @Test("Both are quarantined at once, and neither takes over anything of the other")
  func both() async throws {
    let world = try await World()
    let (honest, other) = try await pair(world)
    let before = (try await device(honest, world), try await device(other, world))
    var lie = facts(1)
    lie.software = Sample.software(60, salt: "x")
    let message = Sample.request(2, lie, sending: [.identity, .software])
    let reply = try await world.send(message, from: other)
    #expect(reply.standing == .quarantined && !reply.renew)
    #expect(reply.want == [.hardware, .system, .vitals])
    #expect(states(world, honest, other) == [.quarantined, .quarantined])
    #expect(try await device(honest, world) == before.0)
    #expect(try await device(other, world) == before.1)
    // What it said is kept apart, its software too.
    #expect(try await world.count("checkin_held") == 2)
    #expect(try await world.software(of: other) == facts(2).software?.canonicalBytes)
    #expect(
      try await world.changes(of: other) == [
        "key.\(other.key): active > quarantined: It reports the identity of device \(honest.id)."
      ])
    #expect(
      try await world.changes(of: honest) == [
        "key.\(honest.key): active > quarantined: Device \(other.id) reports the identity of this one."
      ])
    #expect(
      try await journal(world) == [honest, other].map { "\(other.key) device.quarantine \($0.id)" })
    // A lost answer is repeated, and the honest one is told.
    #expect(try await world.send(message, from: other) == reply)
    let told = try await world.send(Sample.request(2, facts(1), sending: []), from: honest)
    #expect(told.standing == .quarantined)
    #expect(try await journal(world).count == 2)
  }

  @Test("A person decides for each: who tells the truth is active again, who goes on is quarantined again")
  func decided() async throws {
    let world = try await World()
    let (honest, other) = try await pair(world)
    _ = try await world.send(Sample.request(2, facts(1), sending: [.identity]), from: other)
    for device in [honest, other] { try await world.set(device, to: .active) }
    let asked = try await world.send(Sample.request(3, facts(1), sending: []), from: other)
    #expect(asked.standing == .active && asked.want == [.identity, .system])
    #expect(try await world.send(Sample.request(2, facts(1), sending: []), from: honest).standing == .active)
    let again = try await world.send(Sample.request(4, facts(1), sending: [.identity]), from: other)
    #expect(again.standing == .quarantined)
    #expect(states(world, honest, other) == [.quarantined, .quarantined])
    for device in [honest, other] { try await world.set(device, to: .active) }
    #expect(try await world.send(Sample.request(5, facts(2), sending: []), from: other).standing == .active)
    #expect(states(world, honest, other) == [.active, .active])
  }

  @Test("Of many that check in at once, the two alone are quarantined")
  func grouped() async throws {
    let world = try await World()
    var devices: [TestDevice] = []
    for number in 1...9 { devices.append(try await world.enrol(number)) }
    for device in devices { _ = try await world.send(Sample.request(1, facts(device.number)), from: device) }
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for device in devices {
        tasks.addTask {
          let lies = device.number == 5
          let request = Sample.request(2, facts(lies ? 3 : device.number), sending: lies ? [.identity] : [])
          let reply = try await world.send(request, from: device)
          #expect(!lies || reply.standing == .quarantined)
        }
      }
      try await tasks.waitForAll()
    }
    for device in devices {
      let isOne = [3, 5].contains(device.number)
      #expect(states(world, device) == [isOne ? .quarantined : .active], "\(device.number)")
    }
  }

  @Test("Where the other device has no key, nobody is quarantined, and still nothing is taken over")
  func keyless() async throws {
    let world = try await World()
    let (honest, other) = try await pair(world)
    let before = try await device(other, world)
    try await world.set(honest, to: .revoked)
    let reply = try await world.send(Sample.request(2, facts(1), sending: [.identity]), from: other)
    #expect(reply.standing == .active)
    #expect(try await device(other, world) == before)
    #expect(try await world.changes(of: other).contains("identity.serial: PF3XK1002 > PF3XK1001"))
    #expect(states(world, other) == [.active])
  }

  @Test("A lost or stolen device stays restricted, and quarantines nobody by what it says")
  func restricted() async throws {
    let world = try await World()
    let (honest, other) = try await pair(world)
    let before = try await device(other, world)
    try await world.set(other, to: .restricted)
    let reply = try await world.send(Sample.request(2, facts(1), sending: [.identity]), from: other)
    #expect(reply.standing == .restricted)
    #expect(states(world, honest, other) == [.active, .restricted])
    #expect(try await device(other, world) == before)
  }

  @Test("A device that says the serial of a restricted one is quarantined; that one stays restricted")
  func ofRestricted() async throws {
    let world = try await World()
    let (honest, other) = try await pair(world)
    try await world.set(honest, to: .restricted)
    let reply = try await world.send(Sample.request(2, facts(1), sending: [.identity]), from: other)
    #expect(reply.standing == .quarantined)
    #expect(states(world, honest, other) == [.restricted, .quarantined])
    #expect(try await journal(world).count == 1)
  }

  @Test("Under its own serial too a device does not take over the marks of another")
  func marks() async throws {
    let world = try await World()
    let (honest, other) = try await pair(world)
    let before = try await device(other, world)
    var lie = facts(1)
    lie.identity?.serial = facts(2).identity?.serial
    #expect(try await world.send(Sample.request(2, lie, sending: [.identity]), from: other).standing == .active)
    #expect(try await device(other, world) == before)
    #expect(states(world, honest, other) == [.active, .active])
  }

  @Test("Marks of another device are not taken over one by one either")
  func markByMark() async throws {
    let world = try await World()
    let (honest, other) = try await pair(world)
    let before = try await device(other, world)
    var lie = facts(2)
    lie.identity?.uuid = facts(1).identity?.uuid
    lie.identity?.boardSerial = nil
    lie.identity?.builtInMACs = []
    _ = try await world.send(Sample.request(2, lie, sending: [.identity]), from: other)
    var next = facts(2)
    next.identity?.uuid = nil
    next.identity?.boardSerial = facts(1).identity?.boardSerial
    next.identity?.builtInMACs = []
    _ = try await world.send(Sample.request(3, next, sending: [.identity]), from: other)
    #expect(try await device(other, world) == before)
    // What nobody has is its own still.
    next.identity?.boardSerial = "BOARD1009"
    _ = try await world.send(Sample.request(4, next, sending: [.identity]), from: other)
    #expect(try await device(other, world).boardSerial == "BOARD1009")
    #expect(states(world, honest, other) == [.active, .active])
  }

  @Test("A device without a serial takes over none that another district knows")
  func serialElsewhere() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let registry = world.registry
    try await world.database.write(in: .state) { transaction in
      try transaction.run("UPDATE registry_device SET serial = NULL, serial_folded = NULL")
      let elsewhere = try #require(DistrictID(rawValue: "elsewhere"))
      try transaction.run(
        """
        INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
        VALUES (\(elsewhere), 'Elsewhere', 'refuse', \(World.start))
        """)
      _ = try registry.expect(
        serial: try #require(Serial("PF3XK1001")), district: elsewhere, batch: try #require(BatchID(rawValue: "fall")),
        actor: .controller, now: World.start, in: transaction)
    }
    _ = try await world.send(Sample.request(1, facts(1)), from: device)
    #expect(try await self.device(device, world).serial == nil)
    try await world.database.write(in: .state) {
      _ = try $0.run("UPDATE registry_device SET serial = 'PF3XK9', serial_folded = 'PF3XK9' WHERE serial IS NOT NULL")
    }
    var told = facts(1)
    told.identity?.family = "Told anew"
    // A device whose certificate names a serial gets none by its own word.
    let named = device.named("PF3XK1001")
    _ = try await world.send(Sample.request(2, told, sending: [.identity]), from: named)
    #expect(try await self.device(device, world).serial == nil)
    told.identity?.family = "And anew"
    _ = try await world.send(Sample.request(3, told, sending: [.identity]), from: device)
    #expect(try await self.device(device, world).serial == "PF3XK1001")
  }

  @Test("Without a serial, two of three marks say that it is the other one")
  func quorum() async throws {
    let world = try await World()
    let (honest, other) = try await pair(world)
    var lie = facts(1)
    lie.identity?.serial = nil
    let reply = try await world.send(Sample.request(2, lie, sending: [.identity]), from: other)
    #expect(reply.standing == .quarantined)
    #expect(states(world, honest, other) == [.quarantined, .quarantined])
  }

  @Test("A main board that was replaced, whose serial nobody has, is taken over, and history says so")
  func board() async throws {
    let world = try await World()
    let (_, other) = try await pair(world)
    let reply = try await world.send(Sample.request(2, facts(7), sending: [.identity]), from: other)
    #expect(reply.standing == .active)
    let after = try await device(other, world)
    #expect(after.serial == "PF3XK1002" && after.boardSerial == "BOARD1007" && after.uuid == facts(7).identity?.uuid)
    #expect(try await world.changes(of: other).contains("identity.serial: PF3XK1002 > PF3XK1007"))
  }

  @Test("A check-in that says nothing new looks at no device and no other key")
  func unchanged() async throws {
    let plans = Plans()
    let world = try await World(plans: plans)
    let device = try await world.enrol(1)
    _ = try await world.send(Sample.request(1, facts(1)), from: device)
    let before = plans.lines.count
    _ = try await world.send(Sample.request(2, facts(1), sending: []), from: device)
    let after = plans.lines.dropFirst(before)
    #expect(after.contains { $0.contains("checkin_state") })
    #expect(!after.contains { $0.contains("registry_device") || $0.contains("registry_key") })
  }
}
