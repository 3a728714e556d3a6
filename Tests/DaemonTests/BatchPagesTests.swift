import HTTPTypes
import Serving
import Testing
import Vocabulary

@testable import rollcalld

/// Batches and their tokens, made and changed on pages.
@Suite struct BatchPagesTests {
  private struct World {
    let sample: SampleController
    let manager: String

    init() async throws {
      sample = try await SampleController()
      _ = try await SampleDistrict("birch", in: sample)
      _ = try await SampleDistrict("willow", in: sample)
      manager = try await sample.token(role: "district-it", district: "birch", name: "Birch IT")
    }

    func page(_ path: String, token: String? = nil) async -> (status: Int, text: String) {
      await sample.text(.get, path, token: token ?? manager)
    }

    func machines(of batch: String) async -> String {
      await page("/api/v1/districts/birch/batches/\(batch)/serials").text
    }
  }

  @Test("A batch is made from what was scanned, or from a file; who may only look has no form")
  func create() async throws {
    let world = try await World()
    let reader = try await world.sample.token(role: "warehouse", district: "birch", name: "Warehouse")
    #expect(await world.page("/districts/birch/batches").text.contains("/districts/birch/new-batch"))
    #expect(!(await world.page("/districts/birch/batches", token: reader).text.contains("new-batch")))
    #expect(await world.page("/districts/birch/new-batch").status == 200)
    #expect(await world.page("/districts/birch/new-batch", token: reader).status == 403)
    #expect(await world.page("/districts/willow/new-batch").status == 404)

    let scanned = [("id", "spring"), ("name", "Spring <laptops>"), ("serials", "SPR-0001\r\n\r\nSPR-0002\r\n")]
    let path = "/districts/birch/new-batch"
    #expect(await world.sample.multipart(path, scanned, token: reader).status == 403)
    let made = await world.sample.multipart(path, scanned, token: world.manager)
    #expect(made.status == 303 && made.place == "/districts/birch/batches/spring?done=created", "\(made)")
    let page = await world.page("/districts/birch/batches/spring")
    #expect(page.text.contains("SPR-0001") && page.text.contains("Spring &lt;laptops&gt;"), "\(page.text)")
    let again = await world.sample.multipart(path, scanned, token: world.manager)
    #expect(again.status == 409 && again.text.contains("SPR-0001"), "\(again)")

    let file = Array("serial,assetTag\nSPR-0003,T-3\n".utf8)
    let filed = await world.sample.multipart(
      path, [("id", "filed"), ("name", "Filed")], file: file, token: world.manager)
    #expect(filed.status == 303, "\(filed)")
    #expect(await world.machines(of: "filed").contains(#""assetTag":"T-3""#))
  }

  @Test("A long list that is typed is taken whole, or told to be too long; nothing of it is lost in silence")
  func long() async throws {
    let world = try await World()
    let path = "/districts/birch/new-batch"
    func list(_ count: Int) -> String { (0..<count).map { "LONGSERIAL\($0)\r\n" }.joined() }
    let typed = list(5_000)
    #expect(typed.utf8.count > 64 << 10)
    let made = await world.sample.multipart(
      path, [("id", "long"), ("name", "Long"), ("serials", typed)], token: world.manager)
    #expect(made.status == 303, "\(made.text.prefix(2000))")
    #expect(await world.page("/districts/birch/batches/long").text.contains("5000"))
    let over = await world.sample.multipart(
      path, [("id", "over"), ("name", "Over"), ("serials", list(20_001))], token: world.manager)
    #expect(over.status == 422 && over.text.contains("At most 20000 serials"), "\(over.text.prefix(2000))")
  }

  @Test("Faults stand on the form with their lines, what was sent stays in it, and nothing is changed")
  func faults() async throws {
    let world = try await World()
    let typed = "GOOD-0001\nSystem Serial Number\nGOOD-0001\n"
    let reply = await world.sample.multipart(
      "/districts/birch/new-batch", [("id", "bad"), ("name", "Bad"), ("serials", typed)], token: world.manager)
    #expect(reply.status == 422)
    for words in [
      "line 2", "line 3", "enroll.serial-placeholder", "enroll.serial-duplicate", #"value="bad""#, "GOOD-0001",
    ] {
      #expect(reply.text.contains(words), "\(words): \(reply.text)")
    }
    #expect(await world.page("/districts/birch/batches/bad").status == 404)
    let code = await world.sample.multipart(
      "/districts/birch/new-batch", [("id", "No Code"), ("name", "x")], token: world.manager)
    #expect(code.status == 400 && code.text.contains("2026-laptops"), "\(code.text)")
    let both = await world.sample.multipart(
      "/districts/birch/new-batch", [("id", "both"), ("name", "Both"), ("serials", "A-1")],
      file: Array("serial\nA-2\n".utf8),
      token: world.manager)
    #expect(both.status == 422 && both.text.contains("Send one of the two"))
  }

  @Test("Machines are added to a batch and taken out again, but for those that have enrolled")
  func machines() async throws {
    let world = try await World()
    let path = "/districts/birch/batches/birch-batch/machines"
    #expect(await world.page(path).status == 200)
    #expect(await world.page("/districts/birch/batches/willow-batch/machines").status == 404)
    let more = [("what", "add"), ("serials", "BIRCH-0002")]
    #expect(
      await world.sample.multipart(path, more, token: world.manager).place
        == "/districts/birch/batches/birch-batch?done=added")
    #expect(
      await world.sample.multipart(path, more, token: world.manager).place
        == "/districts/birch/batches/birch-batch?done=same")
    let enrolled = await world.sample.multipart(
      path, [("what", "remove"), ("serials", "BIRCH-SERIAL")], token: world.manager)
    #expect(enrolled.status == 422 && enrolled.text.contains("enroll.serial-enrolled"), "\(enrolled)")
    #expect(
      await world.sample.multipart(path, [("what", "remove"), ("serials", "BIRCH-0002")], token: world.manager).place
        == "/districts/birch/batches/birch-batch?done=removed")
    #expect(!(await world.machines(of: "birch-batch").contains("BIRCH-0002")))
    #expect(await world.sample.multipart(path, [("what", "add")], token: world.manager).status == 400)
  }

  @Test("A token is shown once, listed without its secret, and revoked")
  func tokens() async throws {
    let world = try await World()
    let path = "/districts/birch/batches/birch-batch/tokens"
    #expect(await world.page("/districts/willow/batches/willow-batch/tokens").status == 404)
    let made = await world.sample.form(path, "hours=2&uses=&serials=BIRCH-SERIAL", token: world.manager)
    #expect(made.status == 200)
    let secret = try #require(made.text.firstMatch(of: /<code>(rct1\.[^<]+)<\/code>/)?.1, "\(made.text)")
    let listed = await world.page(path)
    #expect(!listed.text.contains(secret) && listed.text.contains("0 of 1") && listed.text.contains("usable"))
    let id = try #require(made.text.firstMatch(of: /tokens\/(\w+)\/revoke/)?.1)
    let reader = try await world.sample.token(role: "auditor", district: "birch", name: "Auditor")
    #expect(!(await world.page(path, token: reader).text.contains("/revoke")))
    #expect(await world.sample.form("\(path)/\(id)/revoke", token: reader).status == 403)
    #expect(await world.sample.form("\(path)/\(id)/revoke", token: world.manager).place == "\(path)?done=revoked")
    #expect(await world.page(path).text.contains("revoked"))
    for bad in ["hours=0", "hours=2&uses=x", "hours=2&serials=NOT-LISTED"] {
      let refused = await world.sample.form(path, bad, token: world.manager)
      #expect((400..<500).contains(refused.status) && refused.text.contains("alert"), "\(bad): \(refused.status)")
    }
  }
}
