import Storage
import Testing
import Vocabulary

@testable import Registry

@Suite("The custody ledger")
struct LedgerTests {
  private func event(
    _ kind: LedgerEvent.Kind, _ stage: Stage? = nil, _ custody: Custody? = nil, _ evidence: String? = nil
  ) -> LedgerEvent {
    LedgerEvent(kind, at: RegistryBench.now, actor: .controller, stage: stage, custody: custody, evidence: evidence)
  }

  /// Where events leave a device.
  private struct Place: Equatable {
    var stage: Stage?
    var custody: Custody?

    init(_ stage: Stage?, _ custody: Custody?) { (self.stage, self.custody) = (stage, custody) }

    init(after events: [LedgerEvent]) {
      let projection = LedgerProjection.project(events)
      self.init(projection.stage, projection.custody)
    }
  }

  @Test("Nothing happened: nothing is claimed")
  func empty() {
    #expect(LedgerProjection.project([]) == LedgerProjection(stage: nil, custody: nil))
  }

  @Test("An expected device is ordered and the vendor answers for it; enrolled, it is where it was enrolled")
  func first() {
    #expect(Place(after: [event(.expected)]) == Place(.ordered, .vendor))
    #expect(Place(after: [event(.expected), event(.enrolled)]) == Place(.enrolled, .warehouse))
    #expect(Place(after: [event(.enrolled)]) == Place(.enrolled, .warehouse))
  }

  @Test("Withdrawn by the last list that expected it, a device is as if no list had named it")
  func withdrawn() {
    let (one, other) = ("batch:one", "batch:other")
    func expected(_ list: String) -> LedgerEvent { event(.expected, nil, nil, list) }
    func withdrawn(_ list: String) -> LedgerEvent { event(.withdrawn, nil, nil, list) }
    #expect(Place(after: [expected(one), withdrawn(one)]) == Place(nil, nil))
    #expect(Place(after: [expected(one), expected(other), withdrawn(one)]) == Place(.ordered, .vendor))
    #expect(Place(after: [expected(one), withdrawn(other)]) == Place(.ordered, .vendor))
    #expect(Place(after: [expected(one), withdrawn(one), expected(one)]) == Place(.ordered, .vendor))
    #expect(Place(after: [expected(one), event(.enrolled), withdrawn(one)]) == Place(.enrolled, .warehouse))
    #expect(Place(after: [event(.expected, .ordered, nil, one), withdrawn(one)]) == Place(.ordered, nil))
    #expect(
      Place(after: [event(.enrolled, .inService, .person), expected(one), withdrawn(one)]) == Place(.inService, .person)
    )
  }

  @Test("A vendor who is known to have a device keeps it when another key of it is enrolled")
  func vendor() {
    var sent = event(.sentToRepair)
    sent.holder = .vendor("Depot")
    let after = LedgerProjection.project([event(.enrolled), sent, event(.enrolled)])
    #expect(after.custody == .vendor && after.holder == .vendor("Depot") && after.stage == .inRepair)
  }

  @Test("A device in service does not fall back when it is listed or enrolled again")
  func forward() {
    let inService = event(.enrolled, .inService, .person)
    #expect(Place(after: [inService, event(.expected)]) == Place(.inService, .person))
    #expect(Place(after: [inService, event(.enrolled)]) == Place(.inService, .person))
  }

  @Test("What an event states itself wins")
  func stated() {
    #expect(Place(after: [event(.enrolled), event(.expected, .lost, .district)]) == Place(.lost, .district))
  }

  @Test("Whatever is appended, the stored stage and custody are the projection of the stored events")
  func replay() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.write { [registry = bench.registry] in
      try registry.addDevice(ClaimedIdentity(), to: RegistryBench.cedar, now: RegistryBench.now, in: $0)
    }
    try await bench.write { transaction in
      var generator = SeededGenerator(seed: 2)
      for round in 0..<200 {
        let event = LedgerEvent(
          LedgerEvent.Kind.allCases.randomElement(using: &generator)!, at: RegistryBench.now, actor: .controller,
          stage: generator.next() % 3 == 0 ? Stage.allCases.randomElement(using: &generator) : nil,
          custody: generator.next() % 3 == 0 ? Custody.allCases.randomElement(using: &generator) : nil,
          evidence: ["batch:one", "batch:two", nil].randomElement(using: &generator)!)
        let after = try LedgerStore.append(event, to: device, of: RegistryBench.cedar, in: transaction)
        let entries = try LedgerStore.entries(of: device, in: RegistryBench.cedar, transaction)
        #expect(entries.map(\.sequence) == Array(1...Int64(round + 1)))
        let replayed = LedgerProjection.project(entries.map(\.event))
        let stored = try #require(try DeviceStore.device(device, in: RegistryBench.cedar, transaction))
        #expect(after == replayed)
        #expect(stored.stage == replayed.stage && stored.custody == replayed.custody)
      }
    }
  }

  @Test("Projecting a list at once or in any two parts is the same")
  func associative() {
    var generator = SeededGenerator(seed: 20_261_121)
    for _ in 0..<500 {
      let events = (0..<Int(generator.next() % 12)).map { _ in
        event(
          LedgerEvent.Kind.allCases.randomElement(using: &generator)!,
          generator.next() % 4 == 0 ? Stage.allCases.randomElement(using: &generator) : nil,
          generator.next() % 4 == 0 ? Custody.allCases.randomElement(using: &generator) : nil)
      }
      let cut = events.isEmpty ? 0 : Int(generator.next() % UInt64(events.count))
      let parts = events[cut...].reduce(LedgerProjection.project(events[..<cut])) { $0.after($1) }
      #expect(parts == LedgerProjection.project(events))
    }
  }

  @Test(
    "The database refuses to change or remove an event",
    arguments: ["UPDATE registry_ledger_event SET kind = 'enrolled'", "DELETE FROM registry_ledger_event"])
  func appendOnly(statement: String) async throws {
    let bench = try await RegistryBench.withDistricts()
    _ = try await bench.expect("PF3ABC01")
    await #expect(throws: StorageError(.constraint, "")) {
      try await bench.write { try $0.run(SQL(stringLiteral: statement)) }
    }
    #expect(try await bench.count("registry_ledger_event") == 1)
  }

  @Test("A serial is expected once for each batch, by one device")
  func expectedOnce() async throws {
    let bench = try await RegistryBench.withDistricts()
    let first = try await bench.expect("PF3ABC01")
    #expect(try await bench.expect(" pf3abc01 ") == first)
    #expect(try await bench.count("registry_ledger_event") == 1)
    let device = try await bench.device(first)
    #expect(device.serial == "PF3ABC01")
    #expect(device.identity == .serialOnly)
    #expect(device.management == .none)
    #expect(device.stage == .ordered)
  }
}
