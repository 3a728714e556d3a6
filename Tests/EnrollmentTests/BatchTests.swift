import Foundation
import HTTPTypes
import Serving
import Testing
import Vocabulary

@testable import Enrollment

@Suite("Batches over the API")
struct BatchTests {
  private let path = "/api/v1/districts/cedar-falls/batches"
  private let csv: HTTPFields = [.contentType: "text/csv; charset=utf-8"]

  private func faults(_ body: () async throws -> Reply) async throws -> [Fault] {
    do {
      _ = try await body()
      Issue.record("nothing was refused")
      return []
    } catch let error as EnrollmentError {
      #expect(error.kind == .faults)
      #expect(error.status == .unprocessableContent)
      return error.faults
    }
  }

  @Test("A batch is made from JSON or CSV, and shown with its counts and machines")
  func creation() async throws {
    let world = try await World()
    let made = try await world.people(
      .post, path, "{\"id\":\"one\",\"name\":\"One\",\"serials\":[\"PF3ABCDE\",\"PF3ABCDF\"]}")
    #expect(made.status == .created)
    let file = "Serial Number,asset tag,model\r\nPF3ABCDG,A-1,Latitude\r\npf3abcdh,,\r\n"
    let second = try await world.people(.post, path, file, query: [("id", "two"), ("name", "Two")], headers: csv)
    #expect(try #require(try second.object["counts"] as? [String: Int])["expected"] == 2)
    let batches = try await world.people(.get, path, query: [("limit", "1")])
    #expect(try batches.items.map { $0["id"] as? String } == ["one"])
    #expect(try batches.object["next"] as? String == "one")
    let machines = try await world.people(.get, path + "/two/serials", query: [("state", "expected")]).items
    #expect(machines.map { $0["serial"] as? String } == ["PF3ABCDG", "pf3abcdh"])
    #expect(machines[0]["assetTag"] as? String == "A-1")
    await #expect(throws: EnrollmentError(.batchExists, "")) {
      _ = try await world.people(.post, path, "{\"id\":\"one\",\"name\":\"One\"}")
    }
  }

  @Test("A file is read whole: every fault comes with its line, and nothing is changed")
  func allFaults() async throws {
    let world = try await World()
    try await world.batch(["TAKEN1"], BatchID(rawValue: "other")!)
    let file = """
      serial,model
      GOOD001,x
      To be filled by O.E.M.,x
      S\u{e9}rial1,x
      good001,x
      TAKEN1,x
      GOOD002
      ,x
      GOOD003,\(String(repeating: "m", count: 201))
      """
    let found = try await faults {
      try await world.people(.post, path, file, query: [("id", "two"), ("name", "Two")], headers: csv)
    }
    #expect(
      found.map { "\($0.line ?? 0) \($0.code)" } == [
        "3 enroll.serial-placeholder", "4 enroll.serial-malformed", "5 enroll.serial-duplicate",
        "6 enroll.serial-elsewhere",
        "7 csv.field-count", "8 csv.required", "9 enroll.faults",
      ])
    await #expect(throws: ServingError(.notFound, "")) { _ = try await world.people(.get, path + "/two") }
  }

  @Test("In JSON a fault names its place in the list")
  func jsonFaults() async throws {
    let world = try await World()
    let found = try await faults {
      try await world.people(
        .post, path, "{\"id\":\"one\",\"name\":\"One\",\"serials\":[\"PF3ABCDE\",\"0123456789\",\"pf3abcde\"]}")
    }
    #expect(
      found.map { "\($0.field ?? "") \($0.code)" } == [
        "serials.1 enroll.serial-placeholder", "serials.2 enroll.serial-duplicate",
      ])
  }

  @Test("Serials are added to a batch; those it lists already stay")
  func adding() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let reply = try await world.people(
      .post, path + "/fall-2026/serials", "serial\nPF3ABCDE\nPF3ABCDF\n", headers: csv)
    #expect(try reply.object["added"] as? Int == 1)
    #expect(try reply.object["unchanged"] as? Int == 1)
    #expect(try await world.counts()["listed"] == 2)
  }

  @Test("The same Idempotency-Key makes one batch, and one token whose secret is not told twice")
  func idempotency() async throws {
    let world = try await World()
    let headers: HTTPFields = [HTTPField.Name("Idempotency-Key")!: "k1"]
    let body = "{\"id\":\"one\",\"name\":\"One\"}"
    let first = try await world.people(.post, path, body, headers: headers)
    let second = try await world.people(.post, path, body, headers: headers)
    #expect(first.body == second.body)
    let headers2: HTTPFields = [HTTPField.Name("Idempotency-Key")!: "k2"]
    let token = try await world.people(.post, path + "/one/tokens", "{\"expiresInHours\":1}", headers: headers2)
    let repeated = try await world.people(.post, path + "/one/tokens", "{\"expiresInHours\":1}", headers: headers2)
    #expect(try token.object["id"] as? String == repeated.object["id"] as? String)
    #expect(try token.object["token"] != nil)
    #expect(try repeated.object["token"] == nil)
    #expect(try await world.actions() == ["batch.create", "token.create"])
  }

  @Test("A token's limits are checked, and its list never shows a secret")
  func tokens() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE", "PF3ABCDF"])
    for form in [
      "{\"expiresInHours\":0}", "{\"expiresInHours\":8785}", "{\"expiresInHours\":1,\"uses\":0}",
      "{\"expiresInHours\":1,\"serials\":[]}", "{\"expiresInHours\":1,\"serials\":[\"UNLISTED1\"]}",
    ] {
      await #expect(throws: EnrollmentError(.tokenRequest, "")) { _ = try await world.token(form) }
    }
    let token = try await world.token("{\"expiresInHours\":1,\"serials\":[\"pf3abcde\"]}")
    let whole = try await world.token()
    let listed = try await world.people(.get, path + "/fall-2026/tokens")
    #expect(try listed.items.count == 2)
    for secret in [token, whole] {
      #expect(!String(decoding: listed.body, as: UTF8.self).contains(secret.printed.split(separator: ".")[1]))
    }
    let bound = try #require(try listed.items.first { $0["id"] as? String == token.id })
    #expect(bound["uses"] as? Int == 1)
    #expect(bound["serials"] as? [String] == ["PF3ABCDE"])
    #expect(bound["state"] as? String == "usable")
    let stored = try await world.database.read(in: .state) { transaction in
      try transaction.rows("SELECT secret FROM enrollment_token").map { try $0.get("secret", as: [UInt8].self) }
    }
    #expect(stored.contains(try #require(TokenSecret(presented: token.printed)).digest.bytes))
  }

  @Test("Another district's batches, tokens and waiting devices are not found, and readers change nothing")
  func tenancy() async throws {
    let world = try await World(unknownSerials: .pending)
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token()
    _ = try await world.enroll(try TestKey().request(serial: "STRANGER1"), token.printed)
    let id = try #require(try await world.people(.get, "/api/v1/pending").items.first?["id"] as? String)
    let theirs: Set<Grant> = [Grant(.districtIT, at: .district(World.river))]
    #expect(try await world.people(.get, "/api/v1/pending", grants: theirs).items.isEmpty)
    for (method, place) in [
      (HTTPRequest.Method.get, path), (.get, path + "/fall-2026"), (.post, path + "/fall-2026/tokens"),
      (.post, "/api/v1/districts/cedar-falls/pending/\(id)/approve"),
      // Their own district in the path, our things in the rest.
      (.get, "/api/v1/districts/river-bend/batches/fall-2026"),
      (.post, "/api/v1/districts/river-bend/pending/\(id)/approve"),
      (.delete, "/api/v1/districts/river-bend/tokens/\(token.id)"),
    ] {
      await #expect(throws: ServingError(.notFound, "")) {
        _ = try await world.people(method, place, "", grants: theirs)
      }
    }
    let reader: Set<Grant> = [Grant(.readOnly, at: .district(World.cedar))]
    #expect(try await world.people(.get, path, grants: reader).items.count == 1)
    await #expect(throws: ServingError(.forbidden, "")) {
      _ = try await world.people(.post, path, "{}", grants: reader)
    }
  }

  @Test("A machine that is listed after it came unasked counts as enrolled")
  func listedLater() async throws {
    let world = try await World(unknownSerials: .pending)
    try await world.batch([])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":3}")
    let body = try TestKey().request(serial: "LATE0001")
    _ = try await world.enroll(body, token.printed)
    let id = try #require(try await world.people(.get, "/api/v1/pending").items.first?["id"] as? String)
    _ = try await world.people(.post, "/api/v1/districts/cedar-falls/pending/\(id)/approve")
    _ = try await world.enroll(body, token.printed)
    #expect(try await world.counts()["unexpected"] == 1)
    _ = try await world.people(.post, path + "/fall-2026/serials", "serial\nLATE0001\n", headers: csv)
    let counts = try await world.counts()
    #expect(counts["unexpected"] == 0)
    #expect(counts["enrolled"] == 1)
  }

  @Test("Pending machines of a batch are listed, and an unknown state is refused")
  func states() async throws {
    let world = try await World(unknownSerials: .pending)
    try await world.batch([])
    let token = try await world.token()
    for index in 0..<3 { _ = try await world.enroll(try TestKey().request(serial: "WAIT000\(index)"), token.printed) }
    let page = try await world.people(.get, path + "/fall-2026/serials", query: [("state", "pending"), ("limit", "2")])
    #expect(try page.items.count == 2)
    let next = try #require(try page.object["next"] as? String)
    let rest = try await world.people(
      .get, path + "/fall-2026/serials", query: [("state", "pending"), ("after", next)])
    #expect(try rest.items.count == 1)
    await #expect(throws: ServingError(.query, "")) {
      _ = try await world.people(.get, path + "/fall-2026/serials", query: [("state", "lost")])
    }
  }

  @Test("A district that is not there has no batches, tokens or waiting devices, whoever asks")
  func noDistrict() async throws {
    let world = try await World()
    let nowhere = "/api/v1/districts/nowhere"
    for tail in ["/batches", "/batches/x", "/batches/x/serials", "/batches/x/tokens"] {
      await #expect(throws: ServingError.notFound) { _ = try await world.people(.get, nowhere + tail) }
    }
    for tail in ["/batches/x/tokens", "/pending/pnd_0000000000000001/approve"] {
      await #expect(throws: ServingError.notFound) {
        _ = try await world.people(.post, nowhere + tail, "{\"expiresInHours\":1}")
      }
    }
  }

  @Test("A batch that is not there is named to who may see its district")
  func unknownBatch() async throws {
    let world = try await World()
    do {
      _ = try await world.people(.get, path + "/nope")
      Issue.record("found")
    } catch let error as ServingError {
      #expect(error.kind == .notFound && error.message == "There is no batch 'nope' in district 'cedar-falls'.")
    }
  }

  @Test("A device is refused a seventeenth key, and its keys can still be revoked")
  func tooManyKeys() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":50}")
    let first = try TestKey().request(serial: "PF3ABCDE")
    _ = try await world.enroll(first, token.printed)
    for _ in 1..<16 { _ = try await world.enroll(try TestKey().request(serial: "PF3ABCDE"), token.printed) }
    await #expect(throws: EnrollmentError(.tooManyKeys, "")) {
      _ = try await world.enroll(try TestKey().request(serial: "PF3ABCDE"), token.printed)
    }
    #expect(try await world.enroll(first, token.printed).status == .ok)
  }
}
