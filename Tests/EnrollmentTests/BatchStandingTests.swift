import Foundation
import HTTPTypes
import Serving
import Testing
import Vocabulary

@testable import Enrollment

@Suite("Where a batch's machines stand")
struct BatchStandingTests {
  private let path = "/api/v1/districts/cedar-falls/batches"

  @Test("A quarantine that ended by revoking every key leaves its machine expected")
  func settledByRevocation() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":5}")
    let keys = [TestKey(), TestKey()]
    for key in keys { _ = try await world.enroll(try key.request(serial: "PF3ABCDE"), token.printed) }
    #expect(try await world.counts()["quarantined"] == 1)
    for digest in keys.map(\.digest) {
      let changes = try await world.database.write(in: .state) { transaction in
        try world.registry.setKeyState(digest, of: World.cedar, to: .revoked, in: transaction)
      }
      world.registry.apply(changes)
    }
    let counts = try await world.counts()
    #expect(counts["quarantined"] == 0)
    #expect(counts["expected"] == 1)
  }

  @Test("A batch's counts and lists follow what people decide on a device that enrolled alone")
  func followsPeople() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":5}")
    let key = TestKey()
    _ = try await world.enroll(try key.request(serial: "PF3ABCDE"), token.printed)
    #expect(try await world.counts()["enrolled"] == 1)
    for (decided, standing) in [
      (KeyState.quarantined, "quarantined"), (.active, "enrolled"), (.revoked, "expected"),
    ] {
      let changes = try await world.database.write(in: .state) { transaction in
        try world.registry.setKeyState(key.digest, of: World.cedar, to: decided, in: transaction)
      }
      world.registry.apply(changes)
      let counts = try await world.counts()
      for state in ["expected", "enrolled", "quarantined", "unexpected"] {
        #expect(counts[state] == (state == standing ? 1 : 0), "\(decided): \(state)")
      }
      let shown = try await world.people(.get, path + "/fall-2026/serials", query: [("state", standing)]).items
      #expect(shown.map { $0["state"] as? String } == [standing])
    }
  }

  @Test("Reading a batch writes nothing: where its machines stand is computed from their keys")
  func readingIsPure() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":5}")
    let keys = [TestKey(), TestKey()]
    for key in keys { _ = try await world.enroll(try key.request(serial: "PF3ABCDE"), token.printed) }
    for (key, state) in zip(keys, [KeyState.active, .revoked]) {
      let changes = try await world.database.write(in: .state) { transaction in
        try world.registry.setKeyState(key.digest, of: World.cedar, to: state, in: transaction)
      }
      world.registry.apply(changes)
    }
    func stored() async throws -> [String] {
      try await world.database.read(in: .state) { transaction in
        try transaction.rows("SELECT state FROM enrollment_expected").map { try $0.get("state") }
      }
    }
    #expect(try await world.counts()["enrolled"] == 1)
    for (state, count) in [("enrolled", 1), ("quarantined", 0)] {
      let shown = try await world.people(.get, path + "/fall-2026/serials", query: [("state", state)]).items
      #expect(shown.count == count && shown.allSatisfy { $0["state"] as? String == state })
    }
    let listed = try await world.people(.get, path).items
    #expect((listed.first?["counts"] as? [String: Int])?["quarantined"] == 0)
    #expect(try await stored() == ["quarantined"])
  }
}
