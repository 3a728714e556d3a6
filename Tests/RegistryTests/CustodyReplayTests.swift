import Serving
import Storage
import Testing
import Vocabulary

@testable import Registry

@Suite("The ledger, replayed")
struct CustodyReplayTests {
  /// Bodies of every move, possible or not.
  private static let bodies: [CustodyMove.Kind: [String]] = [
    .assign: [
      #"{"to":"student:1001","accessories":["charger"]}"#, #"{"to":"student:1002"}"#, #"{"to":"school:north"}"#,
      #"{"to":"district"}"#, #"{"to":"vendor:Depot"}"#,
    ],
    .giveBack: ["{}", #"{"accessories":["charger","case"]}"#, #"{"to":"warehouse"}"#],
    .loan: [#"{"to":"student:1003","days":3}"#, #"{"to":"school:south","due":"2026-10-01"}"#],
    .repair: [#"{"category":"screen"}"#, #"{"category":"battery","to":"vendor:Depot"}"#],
    .stolen: ["{}", #"{"policeReport":"26-1"}"#, #"{"policeReport":"26-2"}"#],
    .transfer: [#"{"to":"school:south"}"#, #"{"to":"school:north"}"#],
    .retire: [#"{"reason":"old"}"#],
    .giveAccessories: [#"{"accessories":["case"]}"#],
    .returnAccessories: [#"{"accessories":["charger"]}"#, #"{"accessories":["case"]}"#],
  ]

  @Test("After any moves of several devices, what is stored is what their ledgers say", arguments: [1, 2, 3])
  func random(seed: UInt64) async throws {
    let bench = try await CustodyBench()
    var generator = SeededGenerator(seed: seed)
    var devices: [DeviceID] = []
    for number in 0..<3 { devices.append(try await bench.device("SER\(1000 + number)")) }
    devices.append(try await bench.registry.expect("SER1003"))
    var made = 0
    for round in 0..<120 {
      let device = devices.randomElement(using: &generator)!
      // Retired ones would soon be all.
      let kinds = CustodyMove.Kind.allCases.filter { $0 != .retire || round > 100 }
      let kind = kinds.randomElement(using: &generator)!
      let body = (Self.bodies[kind] ?? ["{}"]).randomElement(using: &generator)!
      let refused = try await bench.refused(device, kind, body)
      #expect(
        refused == nil || refused?.code == "custody.impossible", "\(kind) \(body): \(String(describing: refused))")
      made += refused == nil ? 1 : 0
      if round % 20 == 0 { try await bench.requireReplayed("seed \(seed), round \(round)") }
    }
    try await bench.requireReplayed("seed \(seed)")
    #expect(made > 20)
    let replay = try await bench.registry.replay()
    #expect(replay.devices >= 3 && replay.events >= made && replay.differences == 0)
  }

  @Test("A replay finds what is stored otherwise than the ledger says")
  func differing() async throws {
    let bench = try await CustodyBench()
    let ids = [
      try await bench.device("SER1000"), try await bench.device("SER1001"), try await bench.device("SER1002"),
      try await bench.device("SER1003"),
    ]
    for id in ids.prefix(3) { try await bench.move(id, .assign, #"{"to":"school:north"}"#) }
    #expect(try await bench.registry.replay().differences == 0)
    try await bench.registry.write { transaction in
      try transaction.run("UPDATE registry_device SET stage = 'retired' WHERE device_id = \(ids[0])")
      try transaction.run("DELETE FROM registry_custody WHERE device_id = \(ids[1])")
      try transaction.run("UPDATE registry_device SET custody = 'person' WHERE device_id = \(ids[3])")
    }
    let replay = try await bench.registry.replay()
    #expect(replay.events == 3 && replay.devices == 3)
    #expect(replay.differences == 3 && Set(replay.differing) == [ids[0], ids[1], ids[3]])
  }
}

extension RegistryBench {
  fileprivate func replay() async throws -> LedgerReplay {
    try await database.read(in: .state) { try LedgerReplay.ofState(in: $0) }
  }
}
