import Serving
import Testing
import Vocabulary

@testable import HelpDesk

/// Who finds what, and what the journal says of it.
@Suite("The help desk's search")
struct SearchTests {
  @Test("Each role finds what is its own: people, devices or neither, in its districts and schools")
  func roles() async throws {
    let bench = try await DeskBench()
    let expected: [DeskBench.Who: (people: [String], devices: [String])] = [
      .stateAdmin: (["a", "b", "c"], ["PF3XK2M7", "PF3XK2M8", "PF3XK2M9"]),
      .districtAdmin: (["a", "b"], ["PF3XK2M8", "PF3XK2M9"]), .districtIT: (["a", "b"], ["PF3XK2M8", "PF3XK2M9"]),
      .helpDesk: (["a", "b"], ["PF3XK2M8", "PF3XK2M9"]), .schoolStaff: (["a"], ["PF3XK2M9"]),
      .warehouse: ([], ["PF3XK2M8", "PF3XK2M9"]), .otherHelpDesk: (["c"], ["PF3XK2M7"]),
      .both: (["c"], ["PF3XK2M7", "PF3XK2M8", "PF3XK2M9"]),
      .twoRoles: (["a", "b", "c"], ["PF3XK2M7", "PF3XK2M8", "PF3XK2M9"]),
    ]
    for who in DeskBench.Who.allCases {
      let (names, serials) = (await bench.search("exampleton", as: who), await bench.search("PF3X", as: who))
      guard let wanted = expected[who] else {
        #expect(names.status == 403 && serials.status == 403, "\(who)")
        continue
      }
      #expect(names.status == 200 && names.people == wanted.people, "\(who): \(names.text)")
      #expect(serials.status == 200 && serials.devices.sorted() == wanted.devices, "\(who): \(serials.text)")
      // Who has a device is told to whom people are shown, and to nobody else.
      let named = ["Robin", "Sky", "Wren"].filter { serials.text.contains($0) }
      let owned = wanted.people.map { ["a": "Robin", "b": "Sky", "c": "Wren"][$0] ?? "" }
      #expect(named == owned, "\(who): \(serials.text)")
    }
    #expect(await bench.get("/api/v1/search", [("q", "x")]).status == 401)
  }

  @Test("A district narrows; another one's, and one that is not, are not there")
  func districts() async throws {
    let bench = try await DeskBench()
    #expect(await bench.search("exampleton", as: .stateAdmin, district: "oak-park").people == ["c"])
    #expect(await bench.search("exampleton", as: .helpDesk, district: "cedar-falls").people == ["a", "b"])
    #expect(await bench.search("exampleton", as: .helpDesk, district: "oak-park").status == 404)
    #expect(await bench.search("exampleton", as: .stateAdmin, district: "nowhere").status == 404)
    #expect(await bench.search("exampleton", as: .stateAdmin, district: "No Code").status == 400)
    // People of the one district, devices of the other.
    #expect(await bench.search("exampleton", as: .both, district: "cedar-falls").people == [])
  }

  @Test("A person comes with the devices that they have, a device with who has it, and both with why they were found")
  func shape() async throws {
    let bench = try await DeskBench(hostname: "lab-7")
    let person = try #require(
      (await bench.search("robin", as: .helpDesk).json["people"] as? [[String: Any]])?.first)
    #expect(person["schoolName"] as? String == "School north" && person["match"] as? String == "name")
    let held = try #require((person["devices"] as? [[String: Any]])?.first)
    #expect(held["serial"] as? String == "PF3XK2M9" && held["stage"] as? String == "in-service")
    #expect(held["match"] == nil && held["health"] as? String == "unknown")
    let device = try #require(
      (await bench.search("LAB-7", as: .helpDesk).json["devices"] as? [[String: Any]])?.first)
    #expect(device["match"] as? String == "hostname")
    #expect((device["person"] as? [String: Any])?["name"] as? String == "Robin Exampleton")
    #expect(await bench.search("nobody at all", as: .helpDesk).json["people"] as? [String] == [])
  }

  @Test("Who sees no students reads that a person has a device, and not which one")
  func withheld() async throws {
    let bench = try await DeskBench()
    for (who, holders) in [
      (DeskBench.Who.warehouse, ["person", "person"]),
      (.helpDesk, ["person:\(DeskBench.person("a"))", "person:\(DeskBench.person("b"))"]),
      (.both, ["person", "person", "person:\(DeskBench.person("c"))"]),
    ] {
      let answer = await bench.search("PF3X", as: who)
      let told = (answer.json["devices"] as? [[String: Any]] ?? []).map { "\($0["holder"] ?? "")" }
      #expect(told.sorted() == holders, "\(who): \(answer.text)")
    }
  }

  @Test("Nothing, too much and what is no text are refused by code")
  func hostile() async throws {
    let bench = try await DeskBench()
    for text in ["", "   ", String(repeating: "x", count: 201), "a\u{0}b"] {
      let answer = await bench.search(text, as: .helpDesk)
      #expect(answer.status == 400 && answer.text.contains("request.query"), "\(text.prefix(5)): \(answer.text)")
    }
    for text in ["%", "'; DROP TABLE registry_device; --", "\u{202e}txt", String(repeating: "é", count: 100)] {
      #expect(await bench.search(text, as: .helpDesk).status == 200, "\(text.prefix(10))")
    }
  }

  // MARK: - Why

  @Test("Who holds one role in a district and another in a second looks in each for the purpose of the role there")
  func purposeOfTheDistrict() async throws {
    let bench = try await DeskBench()
    #expect(await bench.search("exampleton", as: .twoRoles, purpose: nil).people == ["a", "b", "c"])
    let told = try await bench.journal().map { entry in
      let purpose = entry.firstMatch(of: /"purpose":"([a-z-]+)"/).map { String($0.output.1) } ?? ""
      return "\(entry.prefix { $0 != " " }) \(purpose)"
    }
    #expect(told.sorted() == ["cedar-falls administration", "oak-park device-care"])
  }

  @Test(
    "Help desks and school staff say why they look before they see anybody; of others their role says it, or they do")
  func purposes() async throws {
    let bench = try await DeskBench()
    for who in [DeskBench.Who.helpDesk, .schoolStaff, .both] {
      let refused = await bench.search("exampleton", as: who, purpose: nil)
      #expect(refused.status == 403 && refused.text.contains("audit.purpose-required"), "\(who): \(refused.text)")
      #expect(!refused.text.contains("Exampleton"))
    }
    #expect(await bench.search("exampleton", as: .helpDesk, purpose: "curiosity").status == 400)
    for who in [DeskBench.Who.districtIT, .districtAdmin, .stateAdmin, .warehouse] {
      #expect(await bench.search("exampleton", as: who, purpose: nil).status == 200, "\(who)")
    }
    let purposes = try await bench.journal().compactMap {
      $0.firstMatch(of: /"purpose":"([a-z-]+)"/).map { String($0.output.1) }
    }
    #expect(purposes.allSatisfy { ["administration", "device-care"].contains($0) })
    #expect(Set(purposes) == ["administration", "device-care"], "a warehouse saw nobody")
    #expect(
      await bench.search("exampleton", as: .helpDesk, purpose: "administration").status == 400, "that is no choice")
    #expect(await bench.search("exampleton", as: .districtIT, purpose: "lost-or-stolen").status == 200)
    #expect(
      try await bench.journal().last?.contains(#""purpose":"lost-or-stolen""#) == true, "what is said comes first")
    #expect(await bench.get("/api/v1/search", [("q", "robin")], cookie: "helpDesk.a").status == 403)
    #expect(await bench.get("/api/v1/search", [("q", "robin")], cookie: "helpDesk.a.family-calls").status == 200)
    #expect(try await bench.journal().last?.contains(#""purpose":"family-calls""#) == true)
  }

  // MARK: - The journal

  @Test("One search is one entry for each district, with ids and no name; devices alone are none")
  func entries() async throws {
    let bench = try await DeskBench()
    _ = await bench.search("exampleton", as: .stateAdmin)
    let (a, b, c) = (DeskBench.person("a"), DeskBench.person("b"), DeskBench.person("c"))
    #expect(
      try await bench.journal() == [
        "cedar-falls person.search district cedar-falls {\"persons\":[\"\(a)\",\"\(b)\"],\"purpose\":\"repair\"}",
        "oak-park person.search person \(c) {\"persons\":[\"\(c)\"],\"purpose\":\"repair\"}",
      ])
    _ = await bench.search("PF3X", as: .warehouse)
    _ = await bench.search("nobody at all", as: .stateAdmin)
    #expect(try await bench.journal().count == 2)
    // Who has a device is shown with it.
    _ = await bench.search("PF3XK2M9", as: .schoolStaff)
    #expect(try await bench.journal().last?.hasPrefix("cedar-falls person.search person \(a) ") == true)
    _ = await bench.search("PF3XK2M8", as: .helpDesk)
    #expect(try await bench.journal().count == 4)
    #expect(try await bench.journal().allSatisfy { !$0.contains("Exampleton") && !$0.contains("Robin") })
  }

  @Test("A session that types on is told once for each person, purpose and ten minutes; a token is told each time")
  func typing() async throws {
    let bench = try await DeskBench()
    func type(_ text: String, _ cookie: String = "helpDesk.a.repair", after seconds: Int64 = 0) async throws -> Int {
      let before = try await bench.journal().count
      let now = DeskBench.now.advanced(by: .seconds(seconds))
      #expect(await bench.get("/desk/results", [("q", text)], cookie: cookie, now: now).status == 200)
      return try await bench.journal().count - before
    }
    #expect(try await type("robi") == 1)
    #expect(try await type("robin") == 0)
    #expect(try await type("exampl") == 1, "somebody is new")
    #expect(try await bench.journal().last?.contains(DeskBench.person("b").rawValue) == true)
    #expect(try await bench.journal().last?.contains(DeskBench.person("a").rawValue) == false, "and is told alone")
    #expect(try await type("exampleton") == 0)
    #expect(try await type("robin", "helpDesk.b.repair") == 1, "another session")
    #expect(try await type("robin", "helpDesk.a.audit") == 1, "another purpose")
    #expect(try await type("robin", after: 599) == 0)
    #expect(try await type("robin", after: 600) == 1, "later")
    #expect(try await type("robin", after: -60) == 1, "a clock that was set back")
    let before = try await bench.journal().count
    for _ in 0..<2 { _ = await bench.search("robin", as: .helpDesk) }
    #expect(try await bench.journal().count == before + 2)
  }
}
