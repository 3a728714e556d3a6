import Foundation
import Testing

@testable import Vocabulary

@Suite("Identifiers")
struct IdentifierTests {
  @Test("Slugs are short, lower-case and need no escaping", arguments: ["a", "0", "cedar-falls", "a-", "x--y", "7b"])
  func slugs(text: String) {
    #expect(DistrictID(rawValue: text)?.rawValue == text)
    #expect(SchoolID(rawValue: text) != nil && BatchID(rawValue: text) != nil)
  }

  @Test(
    "What is no slug is refused",
    arguments: [
      "", "-a", "A", "a b", "a/b", "a_b", "a.b", "ä", "*", "a\n", "a\u{0}", "..", String(repeating: "a", count: 41),
      "ａ",
    ])
  func notSlugs(text: String) { #expect(DistrictID(rawValue: text) == nil) }

  @Test("Generated ids keep their kind, and read back")
  func generated() {
    for _ in 0..<200 {
      let id = DeviceID.random()
      #expect(DeviceID(rawValue: id.rawValue) == id)
      #expect(id.rawValue.utf8.count == 20)
      #expect(PrincipalID(rawValue: id.rawValue) == nil)
    }
    #expect(DeviceID(random: [UInt8](repeating: 0, count: 10)).rawValue == "dev_0000000000000000")
    #expect(DeviceID(random: [UInt8](repeating: 255, count: 10)).rawValue == "dev_zzzzzzzzzzzzzzzz")
    #expect(Set((0..<1000).map { _ in DeviceID.random() }).count == 1000)
  }

  @Test(
    "What is no generated id is refused",
    arguments: [
      "", "dev_", "dev_000000000000000", "dev_00000000000000000", "dev_000000000000000A", "dev-0000000000000000",
      "prn_0000000000000000", "dev_0000000000000é", "dev_00000000 0000000",
    ])
  func notGenerated(text: String) { #expect(DeviceID(rawValue: text) == nil) }

  @Test("JSON carries an id as its text, and refuses another's")
  func coding() throws {
    let id = DeviceID(random: Array(0..<10))
    #expect(try JSONDecoder().decode([DeviceID].self, from: JSONEncoder().encode([id])) == [id])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([DeviceID].self, from: Data(#"["prn_0000000000000000"]"#.utf8))
    }
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([DistrictID].self, from: Data("[7]".utf8)) }
  }

  @Test("A scope contains its own districts, the state's every one")
  func scopes() throws {
    let (own, other) = (try #require(DistrictID(rawValue: "own")), try #require(DistrictID(rawValue: "other")))
    #expect(TenantScope.district(own).contains(own))
    #expect(!TenantScope.district(own).contains(other))
    #expect(TenantScope.state.contains(other))
    #expect(!TenantScope.districts([]).contains(own))
  }
}
