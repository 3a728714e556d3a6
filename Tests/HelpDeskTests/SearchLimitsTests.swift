import Registry
import Storage
import Testing
import Vocabulary

@testable import HelpDesk

/// What a search says of what it does not show.
@Suite("The search's limits")
struct SearchLimitsTests {
  @Test("A list that is cut says so; one that is not does not")
  func cut() async throws {
    let many = (0..<25).map { number in
      SearchedPerson(
        id: PersonID(rawValue: "per_00000000000000\(number + 10)")!, district: DeskBench.cedar,
        name: "Ash Manyfold \(number)", registered: nil, number: "\(number)", isStudent: true, grades: [],
        school: DeskBench.north, hasLeft: false, match: "name")
    }
    let bench = try await DeskBench(people: many)
    let found = await bench.search("manyfold", as: .helpDesk)
    #expect(found.people.count == 20 && found.json["hasMorePeople"] as? Bool == true)
    let page = await bench.get("/desk", [("q", "manyfold")], cookie: "helpDesk.a.repair")
    #expect(page.text.contains("There are more people"), "\(page.text)")
    let few = await bench.search("manyfold 24", as: .helpDesk)
    #expect(few.people.count == 1 && few.json["hasMorePeople"] as? Bool == false)
  }

  @Test("Two hundred characters are looked for in whatever script, and more are refused with words")
  func scripts() async throws {
    let name = String(repeating: "कि", count: 200)
    let person = SearchedPerson(
      id: DeskBench.person("a"), district: DeskBench.cedar, name: name, registered: nil, number: "1", isStudent: true,
      grades: [], school: DeskBench.north, hasLeft: false, match: "name")
    let bench = try await DeskBench(people: [person])
    #expect(name.count == 200 && name.utf8.count == 1_200)
    let found = await bench.search(name, as: .helpDesk)
    #expect(found.status == 200 && found.people.count == 1, "\(found.text)")
    for text in [name + "क", "क" + String(repeating: "\u{301}", count: 10_000)] {
      let refused = await bench.search(text, as: .helpDesk)
      #expect(refused.status == 400 && refused.text.contains("at most 200 characters"), "\(refused.text)")
    }
  }

  @Test(
    "A student whose device is in repair has one; one whose device stands at another school is not said to have none")
  func whose() async throws {
    let bench = try await DeskBench()
    let robin = Holder.person(DeskBench.person("a"))
    _ = try await bench.database.write(in: .state) { transaction in
      try transaction.run(
        "UPDATE registry_custody SET holder = 'vendor:Depot', owner = \(robin) WHERE holder = \(robin)")
    }
    func held(_ answer: DeskBench.Answer) -> [String] {
      let person = (answer.json["people"] as? [[String: Any]])?.first
      return (person?["devices"] as? [[String: Any]] ?? []).map { "\($0["serial"] ?? "")" }
    }
    #expect(held(await bench.search("robin", as: .helpDesk)) == ["PF3XK2M9"])

    _ = try await bench.database.write(in: .state) { transaction in
      try transaction.run("UPDATE registry_device SET school_id = 'south' WHERE serial = 'PF3XK2M9'")
    }
    let staff = await bench.search("robin", as: .schoolStaff)
    #expect(held(staff) == [] && staff.text.contains(#""hasMoreDevices":true"#), "\(staff.text)")
    let page = await bench.get("/desk", [("q", "robin")], cookie: "schoolStaff.a.repair")
    #expect(page.text.contains("at a school that you do not see") && !page.text.contains("Has no device"))
  }

  @Test("A cart in one person's name hides nobody's laptop")
  func cart() async throws {
    let bench = try await DeskBench()
    try await bench.database.write(in: .state) { transaction in
      for number in 10..<40 {
        try transaction.run(
          """
          INSERT INTO registry_device (district_id, device_id, school_id, serial, serial_folded, management, identity,
            stage, created_at)
          VALUES (\(DeskBench.cedar), \("dev_00000000000000\(number)"), 'north', \("CART\(number)"), \("CART\(number)"),
            'agent', 'strong', 'in-service', 1)
          """)
        try transaction.run(
          """
          INSERT INTO registry_custody (district_id, device_id, holder, since)
          VALUES (\(DeskBench.cedar), \("dev_00000000000000\(number)"), \(Holder.person(DeskBench.person("a"))), 1)
          """)
      }
    }
    let found = await bench.search("exampleton", as: .helpDesk)
    let people = try #require(found.json["people"] as? [[String: Any]])
    #expect((people[0]["devices"] as? [Any])?.count == 10 && people[0]["hasMoreDevices"] as? Bool == true)
    #expect((people[1]["devices"] as? [Any])?.count == 1 && people[1]["hasMoreDevices"] as? Bool == false)
  }
}
