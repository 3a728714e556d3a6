import Registry
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Enrollment

@Suite("Enrolments that share statements")
struct TogetherTests {
  private static func machine(_ number: Int) -> TestMachine {
    TestMachine(
      serial: "PF3A\(1000 + number)", uuid: "4c4c4544-0042-3510-8052-b4c04f4e\(1000 + number)",
      board: "L1HF\(1000 + number)", macs: ["a4:bb:6d:01:\(10 + number / 90):\(10 + number % 90)"])
  }

  private static let serials = (0..<64).map { machine($0).serial! }

  private func state(of key: TestKey, _ world: World) -> KeyState? { world.registry.keys.key(key.digest)?.state }

  @Test("Plain ones all go together; of two with one key the first has it, and neither goes with the others")
  func oneKey() async throws {
    let world = try await World()
    try await world.batch(Self.serials)
    let (token, other) = (try await world.token(), try await world.token())
    let keys = [TestKey(), TestKey(), TestKey()]
    let asks = try [keys[0], keys[1], keys[1], keys[2]].enumerated().map {
      try Self.machine($0).ask(by: $1, $0 == 2 ? other.printed : token.printed)
    }
    #expect(try await world.together(asks) == 2)
    #expect(try await world.group(asks) == ["certificate", "certificate", "enroll.key-taken", "certificate"])
    #expect(keys.map { state(of: $0, world) } == [.active, .active, .active])
    #expect(try await world.counts()["enrolled"] == 3)
  }

  @Test("Two with one serial are held apart both, in the order they came; so is one that comes to a device with a key")
  func oneSerial() async throws {
    let world = try await World()
    try await world.batch(Self.serials)
    let token = try await world.token()
    let keys = (0..<6).map { _ in TestKey() }
    #expect(try await world.group([Self.machine(9).ask(by: keys[5], token.printed)]) == ["certificate"])
    let asks = try [0, 1, 1, 9, 2].enumerated().map { try Self.machine($1).ask(by: keys[$0], token.printed) }
    #expect(try await world.together(asks) == 2)
    #expect(try await world.group(asks) == Array(repeating: "certificate", count: 5))
    #expect(
      keys.map { state(of: $0, world) } == [.active, .quarantined, .quarantined, .quarantined, .active, .quarantined])
    #expect(try await world.counts()["quarantined"] == 2)
    #expect(try await world.actions().filter { $0 == "device.quarantine" }.count == 2)
  }

  @Test("A machine that others may mean by its marks, or by a person's word, is not taken with the others")
  func others() async throws {
    let world = try await World(unknownSerials: .pending)
    try await world.batch(Self.serials)
    let token = try await world.token("{\"expiresInHours\":24,\"uses\":64}")
    #expect(try await world.group([Self.machine(0).ask(by: TestKey(), token.printed)]) == ["certificate"])
    // Another one's marks; a serial alone; addresses of its own.
    var copied = Self.machine(1)
    copied.board = Self.machine(0).board
    var bare = Self.machine(2)
    (bare.uuid, bare.board, bare.macs) = (nil, nil, [])
    var nameless = Self.machine(3)
    nameless.serial = nil
    let asks = try [copied, bare, nameless, Self.machine(3), Self.machine(4)].map {
      try $0.ask(by: TestKey(), token.printed)
    }
    #expect(try await world.together(asks) == 2)
    #expect(
      try await world.group(asks) == ["certificate", "certificate", "wait", "certificate", "certificate"])
    // A person gives the device of machine 5 to a key that waits: it comes beside machine 5 itself.
    let waiting = TestKey()
    var stranger = TestMachine(serial: "STRANGER1")
    #expect(try await world.group([stranger.ask(by: waiting, token.printed)]) == ["wait"])
    let listed = try await world.database.read(in: .state) {
      try world.registry.device(serial: Serial(Self.machine(5).serial!)!, of: World.cedar, in: $0)?.id
    }
    let items = try await world.people(.get, "/api/v1/pending").items
    let item = try required(items.first { $0["key"] as? String == waiting.digest.description })
    let path = "/api/v1/districts/cedar-falls/pending/\(try required(item["id"] as? String))/approve"
    _ = try await world.people(.post, path, "{\"device\":\"\(try required(listed))\"}")
    stranger.board = "L1STRANGE"
    let late = try [stranger.ask(by: waiting, token.printed), Self.machine(5).ask(by: TestKey(), token.printed)]
    #expect(try await world.together(late) == 0)
    #expect(try await world.group(late) == ["certificate", "certificate"])
    #expect(state(of: waiting, world) == .quarantined)
  }

  @Test("A token with fewer uses than members serves those who came first, whoever else uses it")
  func fewUses() async throws {
    let world = try await World()
    try await world.batch(Self.serials)
    let few = try await world.token("{\"expiresInHours\":24,\"uses\":2}")
    let asks = try (0..<4).map { try Self.machine($0).ask(by: TestKey(), few.printed) }
    let usedUp = "enroll.token-used-up"
    #expect(try await world.group(asks) == ["certificate", "certificate", usedUp, usedUp])
    #expect(try await world.counts()["enrolled"] == 2)
    // The first is refused and takes none: there is one for the plain one behind it.
    let one = try await world.token("{\"expiresInHours\":24,\"uses\":1}")
    let mixed = try [
      TestMachine(serial: "STRANGER1").ask(by: TestKey(), one.printed),
      Self.machine(10).ask(by: TestKey(), one.printed),
      Self.machine(11).ask(by: TestKey(), one.printed),
    ]
    #expect(try await world.group(mixed) == ["enroll.unknown-serial", "certificate", usedUp])
    // The first is not plain and takes the only one.
    let last = try await world.token("{\"expiresInHours\":24,\"uses\":1}")
    let behind = try [Self.machine(10), Self.machine(12)].map { try $0.ask(by: TestKey(), last.printed) }
    #expect(try await world.group(behind) == ["certificate", usedUp])
  }

  @Test("A revoked token, one that nobody made, and a label of another batch refuse their own alone")
  func revoked() async throws {
    let world = try await World()
    try await world.batch(Self.serials)
    let (good, dead) = (try await world.token(), try await world.token())
    _ = try await world.people(.delete, "/api/v1/districts/cedar-falls/tokens/\(dead.id)")
    let asks = try [
      Self.machine(0).ask(by: TestKey(), good.printed), Self.machine(1).ask(by: TestKey(), dead.printed),
      Self.machine(2).ask(by: TestKey(), TokenSecret.random().text),
      Self.machine(3).ask(by: TestKey(), good.printed, label: "river-bend"),
      Self.machine(4).ask(by: TestKey(), good.printed, label: "fall-2026"),
    ]
    #expect(try await world.together(asks) == 2)
    #expect(
      try await world.group(asks)
        == ["certificate", "enroll.token-revoked", "enroll.token", "enroll.label", "certificate"])
    #expect(try await world.actions().suffix(2) == ["device.enroll", "device.enroll"])
  }

  @Test(
    "A constraint that breaks anywhere in what they share undoes it, and each goes by itself",
    arguments: ["registry_key", "registry_ledger_event", "enrollment_token ", "enrollment_expected", "audit_entry"])
  func constraint(_ table: String) async throws {
    let watch = StatementWatch()
    let world = try await World(watch: watch)
    try await world.batch(Self.serials)
    let token = try await world.token()
    let other = try await world.token()
    let asks = try (0..<4).map { try Self.machine($0).ask(by: TestKey(), $0 == 3 ? other.printed : token.printed) }
    watch.refuse(table)
    #expect(try await world.group(asks) == Array(repeating: "certificate", count: 4))
    watch.refuse(nil)
    #expect(try await world.counts()["enrolled"] == 4)
    #expect(try await world.actions().filter { $0 == "device.enroll" }.count == 4)
    let tokens = try await world.people(.get, "/api/v1/districts/cedar-falls/batches/fall-2026/tokens").items
    #expect(tokens.compactMap { $0["used"] as? Int }.reduce(0, +) == 4)
  }

  @Test("A group takes a few statements, however many they are and of however many districts and tokens")
  func statements() async throws {
    let watch = StatementWatch()
    let world = try await World(watch: watch)
    try await world.batch(Array(Self.serials[..<40]))
    try await world.batch(Array(Self.serials[40...]), in: World.river)
    let tokens = [try await world.token(), try await world.token(), try await world.token(in: World.river)]
    func taken(_ numbers: Range<Int>) async throws -> Int {
      let asks = try numbers.map { number in
        try Self.machine(number).ask(by: TestKey(), tokens[number >= 40 ? 2 : number % 2].printed)
      }
      let before = watch.texts.count
      #expect(try await world.group(asks) == Array(repeating: "certificate", count: asks.count))
      return watch.texts.count - before
    }
    #expect(try await taken(28..<60) <= 22)
    #expect(try await taken(0..<8) <= 22)
    // A lone one.
    #expect(try await taken(20..<21) <= 28)
  }

  @Test("A token that was presented before is asked for once; a label that is not its own is refused again")
  func known() async throws {
    let watch = StatementWatch()
    let world = try await World(watch: watch)
    try await world.batch(Self.serials)
    let token = try await world.token()
    let secret = try required(TokenSecret(presented: token.printed))
    try await world.desk.requireToken(secret, label: nil)
    let before = watch.texts.count
    try await world.desk.requireToken(secret, label: "fall-2026")
    #expect(watch.texts.count == before)
    await #expect(throws: EnrollmentError(.label, "")) {
      try await world.desk.requireToken(secret, label: "river-bend")
    }
    await #expect(throws: EnrollmentError(.token, "")) { try await world.desk.requireToken(.random(), label: nil) }
  }
}
