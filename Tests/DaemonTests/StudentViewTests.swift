import Audit
import Foundation
import Testing
import Vocabulary

@testable import Reports
@testable import rollcalld

/// Looks that features record themselves, in the log of who looked.
@Suite struct StudentViewTests {
  @Test("A list of the roster and a report that names students are found by those who read who looked")
  func listed() async throws {
    let sample = try await SampleController()
    let made = await sample.call(
      .post, "/api/v1/districts", json: #"{"id": "otter-creek", "name": "Otter Creek", "unknownSerials": "pending"}"#)
    try #require(made.status == 201, "\(made)")
    let district = try #require(DistrictID(rawValue: "otter-creek"))
    let list = await sample.call(.get, "/api/v1/districts/otter-creek/roster/persons")
    try #require(list.status == 200, "\(list)")
    try await StudentViewJournal(database: sample.controller.database).record([
      StudentView(
        report: "students", district: district, actor: PrincipalID(unchecked: "prn_0000000000000001"),
        at: SampleController.now, students: 2, format: "csv", purpose: .inventory)
    ])
    func kinds(_ query: String) async -> [String] {
      let views = await sample.call(.get, "/api/v1/views" + query)
      return (views.body["items"] as? [[String: Any]] ?? []).compactMap { $0["kind"] as? String }
    }
    #expect(await kinds("") == ["report", "list"])
    #expect(await kinds("?purpose=inventory") == ["report"])
    #expect(await kinds("?purpose=administration") == ["list"])
  }
}
