import Foundation
import Serving
import Testing
import Vocabulary

@testable import Registry

@Suite("Who has a device, for who may not see students")
struct ShownHolderTests {
  private static func caller(_ role: Role) -> Caller {
    Caller(
      principal: PrincipalID(rawValue: "prn_0000000000000002")!, name: "test",
      grants: [Grant(role, at: .district(RegistryBench.cedar))])
  }

  /// A device that a student had and another has on loan, whose charger the first one owes.
  private func story(_ bench: CustodyBench) async throws -> DeviceID {
    let device = try await bench.device("PF3ABC01", school: "north")
    try await bench.move(device, .assign, #"{"to":"student:1001","accessories":["charger"]}"#)
    try await bench.move(device, .giveBack)
    try await bench.move(device, .loan, #"{"to":"student:1002","days":5}"#)
    return device
  }

  @Test("Its standing, its ledger and the loans tell that a person has it; roles that see students read which, by id")
  func answers() async throws {
    let bench = try await CustodyBench()
    let device = try await story(bench)
    for role in Role.allCases {
      let caller = Self.caller(role)
      let sees = AccessRule.studentReaders.contains(role)
      let path = CustodyBench.path + "/devices/\(device)"
      let standing = try #require(
        try await bench.registry.send(.get, path, as: caller).json["standing"] as? [String: Any])
      let owed = try #require((standing["owed"] as? [[String: Any]])?.first)
      let ledger = try await bench.registry.send(.get, path + "/ledger", as: caller).items
      let loans = try await bench.registry.send(.get, CustodyBench.path + "/loans", as: caller).items
      let first = sees ? "person:\(PersonID.numbered(1))" : "person"
      let second = sees ? "person:\(PersonID.numbered(2))" : "person"
      #expect(standing["holder"] as? String == second && standing["custody"] as? String == "person", "\(role)")
      #expect(owed["holder"] as? String == first && owed["accessories"] as? [String] == ["charger"], "\(role)")
      #expect(ledger.map { $0["to"] as? String } == [first, "school:north", second], "\(role)")
      #expect(ledger.map { $0["from"] as? String } == [nil, first, "school:north"], "\(role)")
      #expect(loans.map { $0["holder"] as? String } == [second], "\(role)")
    }
  }

  @Test("A refusal, and what a move came to, tell no id either")
  func moves() async throws {
    let bench = try await CustodyBench()
    let device = try await story(bench)
    let refused = try await bench.refused(device, .receive, as: Self.caller(.warehouse))
    #expect(refused?.code == "custody.impossible" && refused?.message.contains("per_") == false)
    #expect(refused?.message.contains("it is 'assigned' with person") == true, "\(refused?.message ?? "")")
    try await bench.move(device, .giveBack, #"{"to":"warehouse"}"#)
    let received = try await bench.move(device, .receive, as: Self.caller(.warehouse))
    let text = String(decoding: try JSONSerialization.data(withJSONObject: received.json), as: UTF8.self)
    #expect(!text.contains("per_") && text.contains("\"person\""), "\(text)")
  }
}
