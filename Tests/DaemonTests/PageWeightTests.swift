import Audit
import Compression
import Foundation
import Testing
import Vocabulary

@testable import rollcalld

/// Pages whose rows hold what somebody else made long.
@Suite struct PageWeightTests {
  /// A page with the files that it names, as they travel, with room for the answers' heads.
  private func weight(_ page: String, _ sample: SampleController) async throws -> Int {
    var all = try Gzip.compress(Array(page.utf8)).count + 800
    let files = Set(page.matches(of: /"(\/assets\/[^"]+)"/).map { String($0.output.1) })
    #expect(files.count >= 2)
    for file in files {
      let (status, text) = await sample.text(.get, file, token: sample.adminToken)
      #expect(status == 200 && !text.isEmpty, "\(file)")
      all += try Gzip.compress(Array(text.utf8)).count + 800
    }
    return all
  }

  @Test("Who looked at hundreds is told in few words, and the file names them all")
  func looks() async throws {
    let sample = try await SampleController()
    _ = try await SampleDistrict("birch", in: sample)
    let birch = try #require(DistrictID(rawValue: "birch"))
    var random = SystemRandomNumberGenerator()
    let persons = (0..<200).map { _ in
      PersonID(random: (0..<10).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }
    let actor = PrincipalID(random: [UInt8](1...10))
    try await sample.controller.database.write(in: .state) { transaction in
      for number in 0..<110 {
        try StudentViews.record(
          [
            StudentViews.Look(
              .search, of: Array(persons.suffix(200 - number % 7) + persons.prefix(number % 7)), in: birch,
              purpose: .familyCalls, by: actor, at: SampleController.now.advanced(by: .seconds(number)))
          ], in: transaction)
      }
    }
    let last = try #require(persons.last).rawValue
    for path in ["/views", "/journal"] {
      let (status, page) = await sample.text(.get, path, token: sample.adminToken)
      #expect(status == 200 && !page.contains(last), "\(path)")
      let weight = try await weight(page, sample)
      #expect(weight <= 60_000, "\(path): \(weight) bytes")
    }
    #expect(await sample.text(.get, "/views", token: sample.adminToken).text.contains("and 190 more"))
    #expect(await sample.text(.get, "/views.csv", token: sample.adminToken).text.contains(last))
  }
}
