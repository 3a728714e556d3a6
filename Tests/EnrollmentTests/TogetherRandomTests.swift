import Registry
import Storage
import Testing
import Vocabulary

@testable import Enrollment

@Suite("Enrolments that come together, by chance")
struct TogetherRandomTests {
  private static let spring = BatchID(rawValue: "spring-2026")!

  /// An ask as both worlds get it: their tokens' secrets differ.
  private struct Plan {
    let machine: TestMachine
    let key: TestKey
    let token: Int
    let label: String?
  }

  private static func machine(_ prefix: String, _ number: Int) -> TestMachine {
    let digits = String(number + 1000)
    return TestMachine(
      serial: "\(prefix)\(digits)", uuid: "4c4c4544-0042-3510-8052-b4c04f\(prefix == "CED" ? "0e" : "1e")\(digits)",
      board: "L1\(prefix)\(digits)",
      macs: ["a4:bb:6d:\(prefix == "CED" ? "01" : "02"):\(digits.prefix(2)):\(digits.suffix(2))"])
  }

  /// Listed ones mostly; some with another's marks, other addresses, fewer marks or none, unlisted, of both districts.
  private static func machine(_ random: inout Seeded) -> TestMachine {
    var machine = Self.machine(
      Int.random(in: 0..<4, using: &random) == 0 ? "RIV" : "CED", Int.random(in: 0..<120, using: &random))
    let other = Self.machine("CED", Int.random(in: 0..<120, using: &random))
    switch Int.random(in: 0..<30, using: &random) {
    case 0: machine.uuid = other.uuid
    case 1: (machine.uuid, machine.board) = (other.uuid, other.board)
    case 2: machine.macs = other.macs
    case 3: machine.serial = nil
    case 4: machine = TestMachine(serial: nil, uuid: nil, board: "L1LONE", macs: [])
    case 5: machine.serial = "STRANGER\(Int.random(in: 0..<3, using: &random))"
    case 6: machine.serial = "BOTH\(Int.random(in: 0..<3, using: &random))"
    case 7: machine.macs = []
    case 8: machine.macs.append("a4:bb:6d:03:04:\(Int.random(in: 10..<20, using: &random))")
    case 9: (machine.uuid, machine.board) = (nil, nil)
    case 10: machine.serial = machine.serial?.lowercased()
    default: break
    }
    return machine
  }

  private func prepare(_ world: World) async throws {
    let cedar = (0..<120).map { Self.machine("CED", $0).serial! }
    let both = (0..<3).map { "BOTH\($0)" }
    try await world.batch(Array(cedar[..<75]) + both)
    try await world.batch(Array(cedar[75..<108]), Self.spring)
    try await world.batch((0..<90).map { Self.machine("RIV", $0).serial! } + both, in: World.river)
    try await world.database.write(in: .state) { transaction in
      let moved: [(LedgerEvent.Kind, [Int])] = [
        (.received, [3, 4]), (.delivered, [5, 6]), (.retired, [7]), (.returned, [8]),
      ]
      for (kind, numbers) in moved {
        for number in numbers {
          let serial = Serial(cedar[number])!
          let device = try required(try world.registry.device(serial: serial, of: World.cedar, in: transaction))
          let event = LedgerEvent(kind, at: World.start, actor: .controller)
          try world.registry.append(event, to: device.id, of: World.cedar, in: transaction)
        }
      }
      // Known by marks alone, as an import leaves it.
      for number in [9, 110] {
        let machine = Self.machine("CED", number)
        let claim = ClaimedIdentity(
          serial: nil, uuid: machine.uuid, boardSerial: machine.board, builtInMACs: machine.macs)
        _ = try world.registry.addDevice(claim, to: World.cedar, now: World.start, in: transaction)
      }
    }
  }

  /// Tokens with few and many uses, of both batches and districts, one revoked, one for a few serials.
  private func tokens(_ world: World, round: Int) async throws -> [String] {
    let cedar = World.cedar
    let forms: [(form: String, batch: BatchID, district: DistrictID)] = [
      ("\"uses\":100", World.batch, cedar), ("\"uses\":100", Self.spring, cedar),
      ("\"uses\":100,\"allowUnidentified\":true", World.batch, World.river), ("\"uses\":1", World.batch, cedar),
      ("\"serials\":[\"CED1000\",\"CED1001\",\"CED1002\"],\"uses\":9", World.batch, cedar),
      ("\"uses\":9", World.batch, cedar),
    ]
    var printed: [String] = []
    for (number, one) in forms.enumerated() {
      let now = World.start.advanced(by: .seconds(round * 600 + number))
      let token = try await world.token("{\"expiresInHours\":1,\(one.form)}", of: one.batch, in: one.district, at: now)
      printed.append(token.printed)
      guard number == 5 else { continue }
      _ = try await world.people(.delete, "/api/v1/districts/\(one.district)/tokens/\(token.id)", at: now)
    }
    return printed
  }

  private static func plans(_ random: inout Seeded, keys: [TestKey]) throws -> [Plan] {
    try (0..<Int.random(in: 2...28, using: &random)).map { _ in
      let machine = machine(&random)
      let isRiver = machine.serial?.hasPrefix("RIV") ?? false
      let anyToken = [0, 1, 2, 3, 3, 3, 3, 4, 5].randomElement(using: &random)!
      return Plan(
        machine: machine,
        key: Int.random(in: 0..<8, using: &random) == 0 ? keys.randomElement(using: &random)! : try TestKey(&random),
        token: Int.random(in: 0..<3, using: &random) == 0 ? anyToken : isRiver ? 2 : 0,
        label: Int.random(in: 0..<20, using: &random) == 0 ? "river-bend" : nil)
    }
  }

  /// What people do between: they approve and reject some of what waits, and revoke a device's keys.
  private func decide(_ world: World, _ random: inout Seeded, at now: Instant) async throws {
    let items = try await world.people(.get, "/api/v1/pending", query: [("limit", "500")], at: now).items
    let waiting = try items.map {
      (key: try required($0["key"] as? String), id: $0["id"] as? String, district: $0["district"] as? String)
    }
    for one in waiting.sorted(by: { ($0.key, $0.district ?? "") < ($1.key, $1.district ?? "") }) {
      let act = Int.random(in: 0..<6, using: &random)
      guard act < 3, let id = one.id, let district = one.district else { continue }
      let path = "/api/v1/districts/\(district)/pending/\(id)/\(act == 0 ? "reject" : "approve")"
      // Where it points at several devices, or a key of the serial lives elsewhere, it waits on.
      _ = try? await world.people(.post, path, "{}", at: now)
    }
    let serial = Serial(Self.machine("CED", Int.random(in: 0..<120, using: &random)).serial!)!
    let changes = try await world.database.write(in: .state) { transaction in
      var changes = KeyChanges()
      guard let device = try world.registry.device(serial: serial, of: World.cedar, in: transaction) else {
        return changes
      }
      for key in try world.registry.liveKeys(of: device.id, of: World.cedar, in: transaction) {
        changes.add(try world.registry.setKeyState(key.digest, of: World.cedar, to: .revoked, in: transaction))
      }
      return changes
    }
    world.registry.apply(changes)
  }

  @Test("Groups leave what their members leave one by one, whoever they are", arguments: [1, 2])
  func alike(_ seed: UInt64) async throws {
    let many = try await World(unknownSerials: .pending)
    let single = try await World(unknownSerials: .pending)
    for world in [many, single] { try await prepare(world) }
    var random = Seeded(state: seed)
    var keys = [try TestKey(&random)]
    var (together, all) = (0, Set<String>())
    for round in 0..<8 {
      let now = World.start.advanced(by: .seconds(round * 600 + 60))
      let plans = try Self.plans(&random, keys: keys)
      keys += plans.map(\.key)
      var outcomes: [[String]] = []
      let after = random
      for world in [many, single] {
        let tokens = try await tokens(world, round: round)
        let asks = try plans.map { try $0.machine.ask(by: $0.key, tokens[$0.token], label: $0.label, at: now) }
        if world.folder === many.folder {
          together += try await world.together(asks)
          outcomes.append(try await world.group(asks))
        } else {
          var each: [String] = []
          for ask in asks { each += try await world.group([ask]) }
          outcomes.append(each)
        }
        random = after
        try await decide(world, &random, at: now.advanced(by: .seconds(60)))
      }
      #expect(outcomes[0] == outcomes[1], "round \(round)")
      all.formUnion(outcomes[0])
      let (left, right) = (Set(try await many.dump()), Set(try await single.dump()))
      #expect(left.subtracting(right).sorted() == [], "round \(round), together")
      #expect(right.subtracting(left).sorted() == [], "round \(round), one by one")
      for key in keys {
        #expect(many.registry.keys.key(key.digest)?.state == single.registry.keys.key(key.digest)?.state)
      }
      guard left == right else { return }
    }
    #expect(together > 20)
    #expect(
      all.isSuperset(of: ["certificate", "wait", "enroll.token-used-up", "enroll.token-revoked", "enroll.token-serial"])
    )
  }
}
