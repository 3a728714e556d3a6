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
      #expect(refused == nil || refused?.code == "custody.impossible", "\(kind) \(body): \(String(describing: refused))")
      made += refused == nil ? 1 : 0
      if round % 20 == 0 { try await bench.requireReplayed("seed \(seed), round \(round)") }
    }
    try await bench.requireReplayed("seed \(seed)")
    #expect(made > 20)
  }
}
