import Foundation
import Serving
import Storage
import Testing
import Vocabulary

@testable import Reports

@Suite("Changes of many devices") struct BulkTests {
  private static func devices(_ count: Int) -> [Fleet.Device] { ListTests.devices(count) }

  @Test("A preview names how many can, which cannot and why, and changes nothing; then those that can are changed")
  func bulk() async throws {
    let fleet = try await Fleet()
    var devices = Self.devices(3)
    (devices[2].stage, devices[2].serial) = ("retired", "GONE-1")
    try await fleet.add(devices)
    let ids = (1...3).map { Fleet.id($0).rawValue }
    // Their ledgers say where they stand.
    for (number, kind) in [(1, "delivered"), (2, "delivered"), (3, "retired")] {
      try await fleet.run(
        """
        INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
        VALUES (\(Fleet.cedar), \(Fleet.id(number)), 1, \(Fleet.now), 'controller', \(kind), 'district')
        """)
    }
    let marked = ids.map { "device=\($0)" }.joined(separator: "&")
    let form = "\(marked)&which=marked&move=repair&category=screen&reason=drop"
    let preview = try await fleet.ask("/districts/cedar/devices/change", method: .post, form: form)
    #expect(preview.status == 200 && preview.text.contains("<h1>Send 2 devices to repair (screen)?</h1>"))
    #expect(preview.text.contains("GONE-1") && preview.text.contains("1 cannot"))
    #expect(try await stages(fleet) == ["delivered", "delivered", "retired"])
    let apply = "devices=\(ids.map { $0 + ":1" }.joined(separator: "+"))&move=repair&category=screen&reason=drop"
    let done = try await fleet.ask("/districts/cedar/devices/change/apply", method: .post, form: apply)
    #expect(done.status == 200 && done.text.contains("2 devices sent to repair (screen)"), "\(done.text)")
    #expect(done.text.contains("GONE-1"))
    #expect(try await stages(fleet) == ["in-repair", "in-repair", "retired"])
    let entries = try await fleet.database.read(in: .state) {
      try $0.rows("SELECT action FROM audit_entry").map { try $0.get("action", as: String.self) }
    }
    #expect(entries == ["custody.repair", "custody.repair"])
  }

  @Test("What cannot be done is told by where a device is, and not by codes and events")
  func words() async throws {
    let fleet = try await Fleet()
    var devices = Self.devices(3)
    (devices[0].stage, devices[1].stage, devices[2].stage) = ("assigned", "retired", "retired")
    try await fleet.add(devices)
    let events: [(Int, String, String)] = [
      (1, "assigned", "person:per_0000000000000001"), (2, "transferred", "district:oak"), (3, "retired", "district"),
    ]
    for (number, kind, holder) in events {
      try await fleet.run(
        """
        INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
        VALUES (\(Fleet.cedar), \(Fleet.id(number)), 3, \(Fleet.now), 'principal:prn_0000000000000001', \(kind), \(holder))
        """)
    }
    let marked = (1...3).map { "device=\(Fleet.id($0))" }.joined(separator: "&")
    let address = "/districts/cedar/devices/change"
    let page = try await fleet.ask(address, method: .post, form: "\(marked)&which=marked&move=move&school=south").text
    for words in [
      "A student or a member of staff has it: it has to be given back first.", "It is out of use, for good.",
      "It was moved to the district &#39;oak&#39;, and is theirs now.",
    ] { #expect(page.contains(words), "\(words): \(page)") }
    #expect(!page.contains("The move") && !page.contains("per_") && !page.contains("prn_"))
  }

  private func stages(_ fleet: Fleet) async throws -> [String] {
    try await fleet.database.read(in: .state) {
      try $0.rows("SELECT stage FROM registry_device ORDER BY device_id").map { try $0.get("stage", as: String.self) }
    }
  }

  @Test("All that the filters find are moved to a school; a school that there is not, or nothing marked, is told")
  func all() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(5))
    let form = "which=all&query=school%3Dnorth&move=move&school=south"
    let preview = try await fleet.ask("/districts/cedar/devices/change", method: .post, form: form)
    #expect(preview.text.contains("Move 5 devices to school south?"), "\(preview.text)")
    let ids = try #require(preview.text.firstMatch(of: /name="devices" value="([^"]*)"/)).output.1
    let done = try await fleet.ask(
      "/districts/cedar/devices/change/apply", method: .post,
      form: "devices=\(ids.replacing(" ", with: "+"))&move=move&school=south")
    #expect(done.text.contains("5 devices moved to school south"), "\(done.text)")
    let schools = try await fleet.database.read(in: .state) {
      try $0.rows("SELECT DISTINCT school_id FROM registry_device").map { try $0.get("school_id", as: String.self) }
    }
    #expect(schools == ["south"])
    for wrong in ["which=all&move=move&school=west", "which=marked&move=retire&reason=x", "move=retire&device=x", ""] {
      let refused = try await fleet.ask("/districts/cedar/devices/change", method: .post, form: wrong)
      #expect(refused.status == 422 && refused.text.contains("Nothing was changed"), "\(wrong): \(refused.status)")
    }
  }

  @Test("All that the filters find are those that have the software too, in the preview and in the way back")
  func allHaving() async throws {
    let fleet = try await Fleet(software: OnePackage())
    try await fleet.add(Self.devices(5))
    let list = try await fleet.ask("/devices?school=north&software=lib-1&below=120").text
    let query = try #require(list.firstMatch(of: /name="query" value="([^"]*)"/)).output.1
      .replacing("&amp;", with: "&")
    #expect(query == "school=north&software=lib-1&below=120")
    let form = "which=all&query=\(PercentEncoding.encode(String(query)))&move=move&school=south"
    let preview = try await fleet.ask("/districts/cedar/devices/change", method: .post, form: form).text
    #expect(preview.contains("<h1>Move 2 devices to school south?</h1>"), "\(preview)")
    #expect(preview.contains("school=north&amp;software=lib-1&amp;below=120&amp;district=cedar"))
  }

  @Test("A device that moved since the preview is refused, with what came first, and stays as it is")
  func moved() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(2))
    for number in 1...2 {
      try await fleet.run(
        """
        INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
        VALUES (\(Fleet.cedar), \(Fleet.id(number)), 1, \(Fleet.now), 'controller', 'delivered', 'district')
        """)
    }
    let marked = (1...2).map { "device=\(Fleet.id($0))" }.joined(separator: "&")
    let address = "/districts/cedar/devices/change"
    let preview = try await fleet.ask(
      address, method: .post, form: "\(marked)&which=marked&move=repair&category=screen"
    ).text
    let seen = try #require(preview.firstMatch(of: /name="devices" value="([^"]*)"/)).output.1
    #expect(seen == "\(Fleet.id(1)):1 \(Fleet.id(2)):1")
    // Somebody else moves the second one meanwhile.
    let other = try await fleet.ask(
      address + "/apply", method: .post, form: "devices=\(Fleet.id(2)):1&move=move&school=south")
    #expect(other.text.contains("1 device moved"), "\(other.text)")
    let done = try await fleet.ask(
      address + "/apply", method: .post,
      form: "devices=\(seen.replacing(" ", with: "+"))&move=repair&category=screen"
    ).text
    #expect(done.contains("1 device sent to repair (screen)") && done.contains("1 cannot"), "\(done)")
    #expect(done.contains("Something else came first"))
    #expect(try await stages(fleet) == ["in-repair", "delivered"])
    let bare = try await fleet.ask(
      address + "/apply", method: .post, form: "devices=\(Fleet.id(1))&move=repair&category=screen")
    #expect(bare.status == 422 && bare.text.contains("preview anew"))
  }

  @Test("A change needs the role, the district and the session's form token")
  func guarded() async throws {
    let fleet = try await Fleet()
    try await fleet.add(Self.devices(1))
    let form = "devices=\(Fleet.id(1)):0&move=retire&reason=x"
    let address = "/districts/cedar/devices/change/apply"
    #expect(try await fleet.ask(address, as: "oak", method: .post, form: form).status == 404)
    #expect(try await fleet.ask(address, as: "desk", method: .post, form: form).status == 403)
    #expect(try await fleet.ask(address, as: "session-audit", method: .post, form: form).status == 403)
    let signed = form + "&form-token=\(Fleet.formToken.masked())"
    #expect(try await fleet.ask(address, as: "session-audit", method: .post, form: signed).status == 200)
    let list = try await fleet.ask("/devices", as: "desk").text
    #expect(!list.contains("Change many at once"))
  }
}
