import Serving
import Storage
import Testing
import Vocabulary

@testable import Registry

@Suite("Devices that go to another school or district")
struct CustodyTransferTests {
  @Test("To another school a device goes with its ledger, and counts there")
  func school() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.device("PF3ABC01", school: "north")
    try await bench.move(device, .transfer, #"{"to":"school:south"}"#)
    #expect(try await bench.registry.device(device).school == SchoolID(rawValue: "south"))
    let standing = try await bench.standing(device)
    #expect(standing["holder"] as? String == "school:south" && standing["stage"] == nil)
    #expect(try await bench.refused(device, .transfer, #"{"to":"school:south"}"#)?.code == "custody.impossible")
    try await bench.requireReplayed()
  }

  @Test("To another district it goes by its serial: the past stays, the keys are revoked, and it enrols there anew")
  func district() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.registry.expect("PF3ABC01")
    try await bench.registry.enroll(device, key: 1)
    try await bench.move(device, .assign, #"{"to":"student:1001"}"#)
    #expect(try await bench.refused(device, .transfer, #"{"to":"district:oak-park"}"#)?.code == "custody.impossible")
    try await bench.move(device, .giveBack)
    try await bench.move(device, .transfer, #"{"to":"district:oak-park","reason":"sold"}"#)

    let former = try await bench.standing(device)
    #expect(former["stage"] as? String == "retired" && former["holder"] as? String == "district:oak-park")
    #expect(former["moves"] as? [String] == [])
    #expect(bench.registry.registry.keys.key(.numbered(1))?.state == .revoked)
    let there = try await bench.registry.send(
      .get, "/api/v1/devices", query: [("serial", "PF3ABC01"), ("district", "oak-park")])
    let arrived = try there.firstDevice()
    #expect(arrived != device && there.items[0]["stage"] as? String == "received")
    #expect(there.items[0]["identity"] as? String == "serial-only")
    let ledger = try await bench.registry.send(.get, "/api/v1/districts/oak-park/devices/\(arrived)/ledger").items
    #expect(ledger.map { $0["kind"] as? String } == ["received"])
    #expect(ledger[0]["evidence"] as? String == "from-district:cedar-falls")
    // Who sees only the other district sees nothing of the past.
    let oaks = try await bench.registry.send(.get, "/api/v1/devices", as: .technician(RegistryBench.oak))
    #expect(oaks.items.count == 1)
    #expect(
      try await bench.registry.refusal(
        .get, CustodyBench.path + "/devices/\(device)/ledger", as: .technician(RegistryBench.oak))
        == "request.not-found")
    try await bench.requireReplayed()
  }

  @Test("Back again, its ledger of before goes on; a device that the other district has is not taken over")
  func andBack() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.device("PF3ABC01")
    try await bench.move(device, .transfer, #"{"to":"district:oak-park"}"#)
    let there = try await bench.registry.send(
      .get, "/api/v1/devices", query: [("serial", "PF3ABC01"), ("district", "oak-park")])
    let arrived = try #require(there.items.first?["id"] as? String)
    let path = "/api/v1/districts/oak-park/devices/\(arrived)"
    _ = try await bench.registry.send(.post, path + "/transfer", body: #"{"to":"district:cedar-falls"}"#)
    let standing = try await bench.standing(device)
    #expect(standing["stage"] as? String == "received" && standing["holder"] as? String == "district")
    #expect(standing["sequence"] as? Int == 2)

    let other = try await bench.device("PF3ABC02")
    try await bench.registry.write { [registry = bench.registry.registry] transaction in
      let id = try registry.expect(
        serial: Serial("PF3ABC02")!, district: RegistryBench.oak, batch: BatchID(rawValue: "fall")!,
        actor: .controller, now: RegistryBench.now, in: transaction)
      try registry.append(
        LedgerEvent(.assigned, at: RegistryBench.now, actor: .controller, holder: .district), to: id,
        of: RegistryBench.oak, in: transaction)
    }
    let refused = try await bench.refused(other, .transfer, #"{"to":"district:oak-park"}"#)
    #expect(refused?.code == "custody.impossible" && refused?.message.contains("of this serial already") == true)
    #expect(try await bench.registry.device(other).stage == nil)
    try await bench.requireReplayed()
  }

  @Test("A device without a serial cannot be known in another district")
  func noSerial() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.registry.write { [registry = bench.registry.registry] in
      try registry.addDevice(ClaimedIdentity(), to: RegistryBench.cedar, now: RegistryBench.now, in: $0)
    }
    #expect(try await bench.refused(device, .transfer, #"{"to":"district:oak-park"}"#)?.code == "custody.no-serial")
    #expect(try await bench.registry.count("registry_ledger_event") == 0)
  }
}
