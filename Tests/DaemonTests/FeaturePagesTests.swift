import Foundation
import HTTPTypes
import Serving
import Testing
import Vocabulary

@testable import rollcalld

/// The pages of rosters, enrolment and the journal, each by who may use it.
@Suite struct FeaturePagesTests {
  private struct World {
    let sample: SampleController
    let birch: SampleDistrict
    let willow: SampleDistrict

    init() async throws {
      sample = try await SampleController()
      birch = try await SampleDistrict("birch", in: sample)
      willow = try await SampleDistrict("willow", in: sample)
    }

    func page(_ path: String, _ query: [(name: String, value: String)] = [], token: String? = nil) async -> (
      status: Int, text: String
    ) { await sample.text(.get, path, query: query, token: token ?? sample.adminToken) }
  }

  private func live(_ world: World, _ path: String, token: String? = nil) async throws -> String {
    let reply = await world.sample.controller.people.respond(
      to: Call(
        .get, path, headers: [.authorization: "Bearer \(token ?? world.sample.adminToken)"], now: SampleController.now))
    #expect(reply.status == .ok && reply.headers[.contentType] == "text/event-stream")
    return String(decoding: try await #require(reply.feed).look(), as: UTF8.self)
  }

  @Test("A roster is sent, looked at, taken up, and undone, and each step says what it did")
  func roster() async throws {
    let world = try await World()
    let token = try await world.sample.token(role: "district-it", district: "birch", name: "Birch IT")
    let before = await world.page("/districts/birch/roster", token: token)
    #expect(before.status == 200 && before.text.contains(">1</dd>"), "one student: \(before.text)")
    let file = try SampleDistrict.roster(of: "birch", students: ["A", "B", "C"], school: "BIRCH School")
    let upload = try await world.sample.upload(file, to: "birch", token: token)
    let path = "/districts/birch/roster/uploads/\(upload)"
    let preview = await world.page(path, token: token)
    #expect(preview.status == 200 && preview.text.contains("What this file would change"), "\(preview.text)")
    #expect(await world.page("/districts/birch/roster", token: token).text == before.text, "nothing has changed yet")

    let stale = await world.sample.form(path + "/confirm", "revision=7&allow=10", token: token)
    #expect(stale.status == 409 && stale.text.contains("was changed since this was shown"))
    let taken = await world.sample.form(path + "/confirm", "revision=1&allow=10", token: token)
    #expect(taken.status == 303 && taken.place == "/districts/birch/roster?done=taken", "\(taken)")
    #expect(await world.page("/districts/birch/roster", token: token).text.contains(">3</dd>"))
    #expect(await world.page(path, token: token).status == 404, "the file is gone")

    let asked = await world.page("/districts/birch/roster/undo", token: token)
    #expect(asked.status == 200 && asked.text.contains(#"name="number" value="2""#), "\(asked.text)")
    #expect(await world.sample.form("/districts/birch/roster/undo", "number=1", token: token).status == 409)
    let undone = await world.sample.form("/districts/birch/roster/undo", "number=2", token: token)
    #expect(undone.status == 303)
    #expect(await world.page("/districts/birch/roster", token: token).text.contains(">1</dd>"))
  }

  @Test("Faults of a file are told with file, line, column, value and rule, and are only text on the page")
  func faults() async throws {
    let world = try await World()
    let hostile = "<script>alert(1)</script>\u{0301}"
    let file = try SampleDistrict.roster(of: "birch", students: [String(repeating: hostile, count: 12)], school: "S")
    let upload = try await world.sample.upload(file, to: "birch")
    let page = await world.page("/districts/birch/roster/uploads/\(upload)")
    #expect(page.status == 422)
    for words in ["users.csv, line 2", "givenName", "roster.text", "&lt;script&gt;"] {
      #expect(page.text.contains(words), "\(words)")
    }
    #expect(!page.text.contains("<script>alert"))
    let noZIP = try await world.sample.upload(Array("not a zip".utf8), to: "birch")
    let refused = await world.page("/districts/birch/roster/uploads/\(noZIP)")
    #expect(refused.status == 422 && refused.text.contains("cannot be taken up"))
    let left = await world.sample.form("/districts/birch/roster/uploads/\(noZIP)/discard")
    #expect(left.status == 303)
    #expect(await world.page("/districts/birch/roster/uploads/\(noZIP)").status == 404)
  }

  @Test("Birth dates are read where the district chose it and the box is ticked, and then stand on the person's page")
  func demographics() async throws {
    let world = try await World()
    let head = SampleDistrict.demographicColumns
    let file = try SampleDistrict.roster(
      of: "birch", students: ["A"], school: "BIRCH School",
      demographics: "\(head)\nu0,,,2015-03-09,female\(String(repeating: ",", count: 11))\n")
    func preview(asking: Bool) async throws -> (path: String, text: String) {
      let upload = try await world.sample.upload(file, to: "birch", demographics: asking)
      let path = "/districts/birch/roster/uploads/\(upload)"
      return (path, await world.page(path).text)
    }
    #expect(await !world.page("/districts/birch/roster").text.contains(#"name="demographics""#))
    #expect(try await preview(asking: false).text.contains("nothing of it was read, for nobody asked for it"))
    #expect(try await preview(asking: true).text.contains("keeps no demographics"))
    let chosen = await world.sample.call(
      .patch, "/api/v1/districts/birch/roster", json: #"{"demographics":"on-request"}"#)
    #expect(chosen.status == 200)
    #expect(await world.page("/districts/birch/roster").text.contains(#"name="demographics""#))
    let asked = try await preview(asking: true)
    #expect(asked.text.contains("Birth dates and sexes"), "\(asked.text)")
    let taken = await world.sample.form(asked.path + "/confirm", "revision=1&allow=100")
    #expect(taken.status == 303, "\(taken.text)")
    let people = await world.sample.text(
      .get, "/api/v1/districts/birch/roster/persons", query: [("role", "student"), ("left", "false")],
      token: world.sample.adminToken)
    let id = try #require(people.text.firstMatch(of: /per_[0-9a-z]{16}/)).output
    #expect(!people.text.contains("2015"))
    #expect(await world.page("/districts/birch/persons/\(id)").text.contains("<dd>2015-03-09</dd>"))
    let desk = try await world.sample.token(role: "auditor", district: "birch", name: "Auditor")
    let seen = await world.page("/districts/birch/persons/\(id)", token: desk)
    #expect(seen.status == 200 && !seen.text.contains("2015-03-09"))
  }

  @Test("A file that waits is sealed, of each person the last one, and gone after an hour")
  func kept() async throws {
    let world = try await World()
    let file = try SampleDistrict.roster(of: "birch", students: ["Findable-Name"], school: "S")
    let first = try await world.sample.upload(file, to: "birch")
    let second = try await world.sample.upload(file, to: "birch")
    #expect(await world.page("/districts/birch/roster/uploads/\(first)").status == 404)
    let path = "/districts/birch/roster/uploads/\(second)"
    let stored = try await world.sample.controller.database.read(in: .state) { transaction in
      try transaction.rows("SELECT sealed FROM roster_upload WHERE district_id = 'birch'")
        .map { try $0.get("sealed", as: [UInt8].self) }
    }
    #expect(stored.count == 1 && stored.allSatisfy { !$0.starts(with: Array("PK".utf8)) })
    func status(after seconds: Int64) async -> Int {
      await world.sample.controller.people.respond(
        to: Call(
          .get, path, headers: [.authorization: "Bearer \(world.sample.adminToken)"],
          now: SampleController.now.advanced(by: .seconds(seconds)))
      ).status.code
    }
    #expect(await status(after: 3299) == 200)
    #expect(await status(after: 3300) == 404, "the sweep comes every five minutes")
  }

  @Test("A batch's page counts, and what it is told while it is open counts on as devices enrol")
  func batch() async throws {
    let world = try await World()
    let path = "/districts/birch/batches/birch-batch"
    let page = await world.page(path)
    #expect(page.status == 200 && page.text.contains("BIRCH-SERIAL"), "\(page.text)")
    #expect(page.text.contains(#"data-live="\#(path)/live""#))
    #expect(try await live(world, path + "/live").contains(#""enrolled":1,"expected":0"#), "\(path)")
    let more = await world.sample.call(
      .post, "/api/v1\(path)/serials", csv: "serial\nBIRCH-NEXT\n")
    #expect(more.status == 200)
    #expect(try await live(world, path + "/live").contains(#""enrolled":1,"expected":1"#))
    #expect(await world.page(path, [("state", "expected")]).text.contains("BIRCH-NEXT"))
    #expect(await world.page(path, [("state", "nowhere")]).status == 400)
    #expect(await world.page("/districts/birch/batches/willow-batch/live").status == 404)
    #expect(await world.page("/batches").text.contains("/districts/willow/batches"))
  }

  @Test("Who may decide lets a waiting device in or refuses it; who may only look has no form")
  func pending() async throws {
    let world = try await World()
    let reader = try await world.sample.token(role: "auditor", district: "birch", name: "Auditor")
    let seen = await world.page("/pending", token: reader)
    #expect(seen.status == 200 && seen.text.contains("BIRCH-STRANGER") && !seen.text.contains("WILLOW-STRANGER"))
    #expect(!seen.text.contains("/approve"))
    #expect(try await live(world, "/pending/live", token: reader).contains(#""count":"1""#))
    let one = "/districts/birch/pending/\(world.birch.pending)"
    #expect(await world.sample.form(one + "/approve", token: reader).status == 403)
    let manager = try await world.sample.token(role: "district-it", district: "birch", name: "IT")
    #expect(await world.page("/pending", token: manager).text.contains(one + "/approve"))
    let bad = await world.sample.form(one + "/approve", "device=dev_0000000000000000", token: manager)
    #expect(bad.status == 409 && bad.text.contains("has no device"), "\(bad.text)")
    let done = await world.sample.form(one + "/approve", token: manager)
    #expect(done.status == 303 && done.place == "/pending?done=approved", "\(done)")
    #expect(try await live(world, "/pending/live", token: manager).contains(#""count":"0""#))
    let other = "/districts/willow/pending/\(world.willow.pending)"
    #expect(await world.sample.form(other + "/reject", token: manager).status == 404)
    #expect(await world.sample.form(other + "/reject").place == "/pending?done=rejected")
  }

  @Test("A device with two keys shows both with their digits; keeping one revokes the other")
  func quarantine() async throws {
    let world = try await World()
    let token = await world.sample.call(
      .post, "/api/v1/districts/birch/batches/birch-batch/tokens", json: #"{"expiresInHours": 1, "uses": 5}"#)
    let secret = try #require(token.body["token"] as? String)
    _ = try await SampleDistrict.enroll("BIRCH-SERIAL", secret, in: world.sample)
    #expect(try await live(world, "/quarantine/live").contains(#""count":"1""#))
    let page = await world.page("/quarantine")
    let keys = page.text.matches(of: /name="key" value="([0-9a-f]{64})"/).map { String($0.output.1) }
    #expect(keys.count == 2, "\(page.text)")
    for key in keys { #expect(page.text.contains("\(key.prefix(4)) \(key.dropFirst(4).prefix(4))")) }
    let willow = try await world.sample.token(role: "district-it", district: "willow", name: "Willow IT")
    #expect(!(await world.page("/quarantine", token: willow).text.contains("BIRCH")))
    let path = "/districts/birch/quarantine/\(world.birch.device)"
    #expect(await world.sample.form(path + "/approve", "key=\(keys[0])", token: willow).status == 404)
    #expect(await world.sample.form(path + "/approve", "key=12").status == 400)
    let kept = await world.sample.form(path + "/approve", "key=\(keys[0])")
    #expect(kept.status == 303 && kept.place == "/quarantine?done=kept", "\(kept.text)")
    #expect(try await live(world, "/quarantine/live").contains(#""count":"0""#))
    let device = await world.sample.call(.get, "/api/v1/districts/birch/devices/\(world.birch.device)")
    let states = (device.body["keys"] as? [[String: Any]] ?? []).compactMap { $0["state"] as? String }
    #expect(states.sorted() == ["active", "revoked"])
    #expect(await world.sample.form(path + "/revoke", "reason=").status == 422)
    #expect(await world.sample.form(path + "/revoke", "reason=sold").place == "/quarantine?done=revoked")
  }

  @Test("The journal is asked by who, what, when and where, and its file holds the same")
  func journal() async throws {
    let world = try await World()
    let token = try await world.sample.token(role: "read-only", district: "birch", name: "Reader")
    let all = await world.page("/journal", token: token)
    #expect(all.status == 200 && all.text.contains("batch.create") && !all.text.contains("willow"), "\(all.text)")
    let day = String(SampleController.now.rfc3339.prefix(10))
    func count(_ query: [(name: String, value: String)]) async -> Int {
      let file = await world.page("/journal/export", query, token: token)
      #expect(file.status == 200)
      return file.text.split(separator: "\r\n").count - 1
    }
    let whole = await count([])
    #expect(whole > 3)
    #expect(await count([("action", "batch.create")]) == 1)
    #expect(await count([("from", day), ("until", day)]) == whole)
    #expect(await count([("until", "2020-01-01")]) == 0)
    #expect(await count([("object", "birch-batch"), ("actor", "")]) >= 1, "an empty field asks for nothing")
    #expect(await world.page("/journal", [("from", "yesterday")], token: token).status == 400)
    #expect(await world.page("/journal", [("district", "willow")], token: token).status == 404)
    #expect(await world.page("/journal", [("district", "*")], token: token).status == 404)
    #expect(await world.page("/journal", [("district", "*")]).text.contains("principal.create"))
    let warehouse = try await world.sample.token(role: "warehouse", district: "birch", name: "W")
    #expect(await world.page("/journal", token: warehouse).status == 403)
  }
}
