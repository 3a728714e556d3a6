import Foundation
import Testing
import Vocabulary

@testable import HelpDesk
@testable import Registry

@Suite("Many moves at a page")
struct ManyPagesTests {
  private let path = "/districts/cedar/hand-out"

  private func stage(_ bench: DeviceBench, _ device: DeviceID) async throws -> String? {
    try await bench.database.read(in: .state) { [registry = bench.registry] in
      try registry.device(device, of: DeviceBench.cedar, in: $0)?.stage?.rawValue
    }
  }

  @Test("A file is previewed first, changes nothing, and is then made whole")
  func file() async throws {
    let bench = try await DeviceBench()
    let (one, two) = (try await bench.device("MANY1"), try await bench.device("MANY2"))
    let csv = "serial,studentId,school\r\nMANY1,1001,\r\nMANY2,,south"
    let preview = await bench.send(path, [("what", "assign")], file: csv, as: "district-it@cedar")
    #expect(preview.status == 200 && preview.text.contains("2 devices would be given out."), "\(preview.text)")
    #expect(preview.text.contains("\u{2068}Olivia Example\u{2069}") && preview.text.contains("School south"))
    #expect(try await stage(bench, one) == nil)
    #expect(try await bench.journal("person.view").count == 1)
    let confirmed = [("what", "assign"), ("kept", preview.kept), ("confirmed", preview.mark)]
    let digest = try #require(Digest(hex: preview.kept))
    let others = try await bench.database.read(in: .state) {
      try KeptFile.content(
        digest, of: PrincipalID(random: [UInt8](11...20)), in: DeviceBench.cedar, at: DeviceBench.now, $0)
    }
    #expect(others == nil, "of each person")
    let done = await bench.post(path, confirmed, as: "district-it@cedar")
    #expect(done.status == 303 && done.location == "\(path)?done=2", "\(done.text)")
    #expect(try await stage(bench, one) == "assigned")
    #expect(try await stage(bench, two) == "assigned")
    let twice = await bench.post(path, confirmed, as: "district-it@cedar")
    #expect(twice.status == 422 && twice.fault.contains("Choose it again"), "what was made is not kept")
    let again = await bench.send(path, [("what", "assign")], file: csv, as: "district-it@cedar")
    #expect(again.text.contains("2 are so already"))
    let back = await bench.send(path, [("what", "return")], file: "serial\nMANY1\n", as: "district-it@cedar")
    #expect(back.text.contains("1 device would come back."))
  }

  @Test("Each fault of a file is told with its line, and nothing can be confirmed")
  func faults() async throws {
    let bench = try await DeviceBench()
    _ = try await bench.device("MANY1")
    let csv = "serial,studentId\nMANY1,4711\n\"<b>NONE</b>\",1001\nMANY1,1001\n"
    let page = await bench.send(path, [("what", "assign")], file: csv, as: "district-it@cedar")
    #expect(page.text.contains("lines are wrong, so nothing is changed"), "\(page.text)")
    for words in [
      "<th scope=\"row\">line 2</th>", "custody.person-unknown", "<th scope=\"row\">line 4</th>", "import.repeated",
      "Correct these and send it again",
    ] { #expect(page.text.contains(words), "\(words)") }
    #expect(!page.text.contains("name=\"confirmed\"") && !page.text.contains("<b>NONE"))
    let headless = await bench.send(path, [("what", "assign")], file: "asset\n1\n", as: "district-it@cedar")
    #expect(headless.status == 422 && headless.text.contains("csv."))
    #expect(try await bench.journal("custody.assign-many").isEmpty)
  }

  @Test("A class gets a device for each student, and gives all back")
  func schoolClass() async throws {
    let bench = try await DeviceBench()
    let (one, two) = (try await bench.device("CART1"), try await bench.device("CART2"))
    let fields = [("what", "assign"), ("class", "bio"), ("serials", "CART1\r\nCART2"), ("accessories", "charger")]
    let preview = await bench.post(path, fields, as: "district-it@cedar")
    #expect(preview.text.contains("2 devices would be given out."), "\(preview.text)")
    let done = await bench.post(path, fields + [("confirmed", preview.mark)], as: "district-it@cedar")
    #expect(done.location == "\(path)?done=2")
    #expect(try await stage(bench, one) == "assigned")
    #expect(try await stage(bench, two) == "assigned")
    let few = await bench.post(
      path, [("what", "assign"), ("class", "none"), ("serials", "CART1")], as: "district-it@cedar")
    #expect(few.status == 422 && few.fault.contains("has no class"))
    let all = [("what", "return"), ("class", "bio")]
    let mark = await bench.post(path, all, as: "district-it@cedar").mark
    let back = await bench.post(path, all + [("confirmed", mark)], as: "district-it@cedar")
    #expect(back.location == "\(path)?done=2")
    let nothing = await bench.post(path, [("what", "assign")], as: "district-it@cedar")
    #expect(nothing.status == 422 && nothing.fault == "Choose a file, or say which class.")
  }

  @Test(
    "What is confirmed is what was shown: where a student got another device meanwhile, nobody else gets a wrong one")
  func meanwhile() async throws {
    let bench = try await DeviceBench()
    for serial in ["CART1", "CART2", "OTHER"] { _ = try await bench.device(serial) }
    let fields = [("what", "assign"), ("class", "bio"), ("serials", "CART1 CART2")]
    let preview = await bench.post(path, fields, as: "district-it@cedar")
    let other = await bench.send(
      path, [("what", "assign")], file: "serial,studentId\nOTHER,1001\n", as: "district-it@cedar")
    let given = await bench.post(
      path,
      [("what", "assign"), ("kept", other.kept), ("confirmed", other.mark)],
      as: "district-it@cedar")
    #expect(given.status == 303)
    let late = await bench.post(path, fields + [("confirmed", preview.mark)], as: "district-it@cedar")
    #expect(late.status == 409 && late.fault.contains("changed since the preview"), "\(late.text)")
    #expect(try await bench.journal("custody.assign-many").count == 1)
    let none = await bench.post(path, fields + [("confirmed", "1")], as: "district-it@cedar")
    #expect(none.status == 422 && none.fault.contains("names no preview"))
  }

  @Test(
    "The preview of a long file is a light page: the file waits at the controller, for an hour and of each person the last"
  )
  func light() async throws {
    let bench = try await DeviceBench()
    let serials = (10_000..<15_000).map { "LONG-\($0)" }
    try await bench.api(
      .post, "/districts/cedar/devices/import", "serial\n" + serials.joined(separator: "\n") + "\n", csv: true)
    let csv = "serial,school\n" + serials.map { "\($0),north\n" }.joined()
    let preview = await bench.send(path, [("what", "assign")], file: csv, as: "district-it@cedar")
    #expect(preview.text.contains("5000 devices would be given out."), "\(preview.text.prefix(3000))")
    #expect(preview.text.utf8.count < 60_000, "\(preview.text.utf8.count)")
    func swept(_ seconds: Int64) async throws -> Int {
      try await bench.registry.removeOldFiles(now: DeviceBench.now.advanced(by: .seconds(seconds)))
    }
    #expect(try await swept(3299) == 0)
    let other = await bench.send(
      path, [("what", "assign")], file: "serial,school\nLONG-10000,south\n", as: "district-it@cedar")
    let late = await bench.post(
      path, [("what", "assign"), ("kept", preview.kept), ("confirmed", preview.mark)], as: "district-it@cedar")
    #expect(other.status == 200 && late.status == 422 && late.fault.contains("not kept any more"))
    #expect(try await swept(3300) == 1)
  }

  @Test("A refusal of a file is in words, without codes of stages or of people")
  func words() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("WORDS1")
    try await bench.move(device, "assign", #"{"to":"student:1002"}"#)
    let page = await bench.send(
      path, [("what", "assign")], file: "serial,studentId\nWORDS1,1001\n", as: "district-it@cedar")
    #expect(
      page.text.contains("A student or a member of staff has it: it has to be given back first."), "\(page.text)")
    #expect(!page.text.contains("by what came before") && !page.text.contains("person:per_"))
  }

  @Test("Only who runs devices comes to it, and it leads to one's own district")
  func access() async throws {
    let bench = try await DeviceBench()
    for (visitor, status) in [
      ("help-desk@cedar", 403), ("district-it@oak", 404), ("district-it@cedar", 200), ("state-admin", 200),
    ] { #expect(await bench.get(path, as: visitor).status == status, "\(visitor)") }
    let own = await bench.get("/hand-out", as: "district-it@cedar")
    #expect(own.text.contains("action=\"\(path)\""))
    let several = await bench.get("/hand-out", as: "state-admin")
    #expect(several.heading == "Which district?" && several.text.contains("/districts/oak/hand-out"))
    #expect(await bench.get("/districts/nowhere/hand-out", as: "state-admin").status == 404)
    let big = await bench.send(
      path, [("what", "assign")], file: String(repeating: "x", count: (1 << 20) + 1), as: "district-it@cedar")
    #expect(big.status == 422 && big.fault.hasPrefix("The file is over 1 MiB."))
  }
}

extension DeviceBench.Page {
  /// Of a preview.
  fileprivate var kept: String { first(/name="kept" value="([0-9a-f]*)"/) }
  fileprivate var mark: String { first(/name="confirmed" value="([^"]*)"/) }
}
