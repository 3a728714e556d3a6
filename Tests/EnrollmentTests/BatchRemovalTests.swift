import Foundation
import HTTPTypes
import Registry
import Serving
import Testing
import Vocabulary

@testable import Enrollment

@Suite("Serials that are taken out of a batch")
struct BatchRemovalTests {
  private let path = "/api/v1/districts/cedar-falls/batches/fall-2026/serials"
  private let csv: HTTPFields = [.contentType: "text/csv; charset=utf-8"]

  private func remove(_ world: World, _ serials: String..., at now: Instant = World.start) async throws -> Reply {
    try await world.people(
      .delete, path, "serial\n" + serials.map { $0 + "\n" }.joined(), headers: csv, at: now)
  }

  private func device(_ world: World, _ serial: String) async throws -> Device {
    let device = try await world.database.read(in: .state) {
      try world.registry.device(serial: Serial(serial)!, of: World.cedar, in: $0)
    }
    return try required(device)
  }

  private func ledger(_ world: World, _ device: Device) async throws -> [String] {
    try await world.database.read(in: .state) { transaction in
      try transaction.rows(
        "SELECT kind, evidence FROM registry_ledger_event WHERE device_id = \(device.id) ORDER BY sequence"
      ).map { "\(try $0.get("kind", as: String.self)) \(try $0.get("evidence", as: String.self))" }
    }
  }

  @Test("A serial that has not come is listed no longer, its device stands as before, and another batch takes it")
  func removal() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE", "PF3ABCDF"])
    try await world.batch([], BatchID(rawValue: "other")!)
    let reply = try await remove(world, "pf3abcde")
    #expect(reply.status == .ok)
    #expect(try reply.object["removed"] as? Int == 1)
    #expect(try reply.object["id"] as? String == "fall-2026")
    let counts = try await world.counts()
    #expect(counts["listed"] == 1 && counts["expected"] == 1)
    let gone = try await device(world, "PF3ABCDE")
    #expect(gone.stage == nil && gone.custody == nil)
    #expect(try await ledger(world, gone) == ["expected batch:fall-2026", "withdrawn batch:fall-2026"])
    #expect(try await device(world, "PF3ABCDF").stage == .ordered)
    #expect(try await world.actions().last == "batch.remove")

    let other = path.replacing("fall-2026", with: "other")
    let added = try await world.people(.post, other, "serial\nPF3ABCDE\n", headers: csv)
    #expect(try added.object["added"] as? Int == 1)
    #expect(try await device(world, "PF3ABCDE").stage == .ordered)
    // And back, where the ledger says it a second time.
    _ = try await world.people(.delete, other, "serial\nPF3ABCDE\n", headers: csv)
    _ = try await world.people(.post, path, "serial\nPF3ABCDE\n", headers: csv)
    let back = try await device(world, "PF3ABCDE")
    #expect(back.stage == .ordered && back.custody == .vendor && back.id == gone.id)
    #expect(try await ledger(world, back).suffix(2) == ["withdrawn batch:other", "expected batch:fall-2026"])
  }

  @Test("What the list told of a device goes with it; what people told otherwise stays")
  func tags() async throws {
    let world = try await World()
    try await world.batch([])
    _ = try await world.people(
      .post, path, "serial,assetTag,model\nPF3ABCDE,A-1,L13\nPF3ABCDF,A-2,L13\n", headers: csv)
    _ = try await world.database.write(in: .state) { transaction in
      try transaction.run(
        "UPDATE registry_device SET asset_tag = 'B-9', asset_tag_folded = 'B-9' WHERE serial = 'PF3ABCDF'")
    }
    _ = try await remove(world, "PF3ABCDE", "PF3ABCDF")
    let first = try await device(world, "PF3ABCDE")
    #expect(first.assetTag == nil && first.model == nil)
    #expect(try await device(world, "PF3ABCDF").assetTag == "B-9")
    // The right tag is taken from the corrected list.
    _ = try await world.people(.post, path, "serial,assetTag\nPF3ABCDE,A-3\n", headers: csv)
    #expect(try await device(world, "PF3ABCDE").assetTag == "A-3")
  }

  @Test("Every line that cannot be taken out is told, and then nothing is")
  func faults() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE", "PF3ENROLL", "PF3TWICE"])
    try await world.batch(["ELSEWHERE"], BatchID(rawValue: "other")!)
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":9}")
    for serial in ["PF3ENROLL", "PF3TWICE", "PF3TWICE"] {
      _ = try await world.enroll(try TestKey().request(serial: serial), token.printed)
    }
    let error = await #expect(throws: EnrollmentError(.faults, "")) {
      _ = try await remove(
        world, "PF3ABCDE", "PF3ENROLL", "PF3TWICE", "ELSEWHERE", "NOBODY01", "Default string", "pf3abcde")
    }
    #expect(
      error?.faults.map { "\($0.line ?? 0) \($0.code)" } == [
        "3 enroll.serial-enrolled", "4 enroll.serial-enrolled", "5 enroll.serial-unlisted", "6 enroll.serial-unlisted",
        "7 enroll.serial-placeholder", "8 enroll.serial-duplicate",
      ])
    #expect(error?.faults[1].message.contains("quarantined") == true)
    #expect(error?.faults[2].message.contains("'other' does") == true)
    #expect(try await world.counts()["listed"] == 3)
    #expect(try await device(world, "PF3ABCDE").stage == .ordered)
    #expect(try await !world.actions().contains("batch.remove"))
  }

  @Test("A machine that was taken out is one that nobody announced, until it is listed again")
  func enrolment() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":9}")
    _ = try await remove(world, "PF3ABCDE")
    let request = try TestKey().request(serial: "PF3ABCDE")
    await #expect(throws: EnrollmentError(.unknownSerial, "")) { _ = try await world.enroll(request, token.printed) }
    _ = try await world.people(.post, path, "serial\nPF3ABCDE\n", headers: csv)
    #expect(try await world.enroll(request, token.printed).status == .ok)
    #expect(try await device(world, "PF3ABCDE").stage == .enrolled)
  }

  @Test("Where unknown serials wait, a machine that was taken out waits, and a person lets that very device in")
  func waiting() async throws {
    let world = try await World(unknownSerials: .pending)
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":9}")
    _ = try await remove(world, "PF3ABCDE")
    let request = try TestKey().request(serial: "PF3ABCDE")
    #expect(try await world.enroll(request, token.printed).status == .accepted)
    let item = try required(try await world.people(.get, "/api/v1/pending").items.first)
    let id = try required(item["id"] as? String)
    _ = try await world.people(.post, "/api/v1/districts/cedar-falls/pending/\(id)/approve")
    #expect(try await world.enroll(request, token.printed).status == .ok)
    #expect(try await world.counts()["unexpected"] == 1)
  }

  @Test("A device that was known before it was listed enrols by being known, as before")
  func knownBefore() async throws {
    let world = try await World()
    _ = try await world.database.write(in: .state) { transaction in
      try transaction.run(
        """
        INSERT INTO registry_device (district_id, device_id, serial, serial_folded, asset_tag, asset_tag_folded,
          management, identity, created_at)
        VALUES ('cedar-falls', 'dev_0000000000000001', 'PF3ABCDE', 'PF3ABCDE', 'A-1', 'A-1', 'none', 'serial-only',
          \(World.start.advanced(by: .seconds(-60))))
        """)
    }
    try await world.batch(["PF3ABCDE"])
    _ = try await remove(world, "PF3ABCDE")
    let known = try await device(world, "PF3ABCDE")
    #expect(known.stage == nil && known.assetTag == "A-1")
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":9}")
    #expect(try await world.enroll(try TestKey().request(serial: "PF3ABCDE"), token.printed).status == .ok)
  }

  @Test("The same Idempotency-Key takes serials out once; readers and other districts take none")
  func asked() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    var headers = csv
    headers[HTTPField.Name("Idempotency-Key")!] = "k1"
    let body = "serial\nPF3ABCDE\n"
    let reader: Set<Grant> = [Grant(.readOnly, at: .district(World.cedar))]
    await #expect(throws: ServingError(.forbidden, "")) {
      _ = try await world.people(.delete, path, body, headers: headers, grants: reader)
    }
    let theirs: Set<Grant> = [Grant(.districtIT, at: .district(World.river))]
    for place in [path, path.replacing("cedar-falls", with: "river-bend")] {
      await #expect(throws: ServingError(.notFound, "")) {
        _ = try await world.people(.delete, place, body, headers: csv, grants: theirs)
      }
    }
    let first = try await world.people(.delete, path, body, headers: headers)
    let second = try await world.people(.delete, path, body, headers: headers)
    #expect(first.body == second.body)
    #expect(try await world.actions() == ["batch.create", "batch.remove"])
  }

  @Test("A revoked device is still to come, and may be taken out; its ledger keeps where it stands")
  func revoked() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":9}")
    let key = TestKey()
    _ = try await world.enroll(try key.request(serial: "PF3ABCDE"), token.printed)
    let id = try await device(world, "PF3ABCDE").id
    try await world.database.write(in: .state) { transaction in
      for key in try world.registry.keys(of: id, of: World.cedar, in: transaction) {
        _ = try world.registry.setKeyState(key.digest, of: World.cedar, to: .revoked, in: transaction)
      }
    }
    _ = try await remove(world, "PF3ABCDE")
    let device = try await device(world, "PF3ABCDE")
    #expect(device.stage == .enrolled && device.custody == .warehouse)
    #expect(try await world.counts()["listed"] == 0)
  }
}
