import Foundation
import Storage
import Testing
import Vocabulary

@testable import rollcalld

@Suite struct UploadSweepTests {
  private static let birch = DistrictID(rawValue: "birch")!

  @Test("A roster that was only looked at is swept when its time is over, and a newer one stays")
  func atStart() async throws {
    let sample = try await SampleController()
    _ = try await SampleDistrict("birch", in: sample)
    let sent = SampleController.now.advanced(by: .seconds(-3300))
    let database = sample.controller.database
    try await database.write(in: .state) { transaction in
      _ = try transaction.run(
        """
        INSERT INTO roster_upload (district_id, upload_id, actor, at, mapping, size, digest, sealed)
        VALUES (\(Self.birch), 'upl_0000000000000001', 'prn_0000000000000001', \(sent), NULL, 1,
          \([UInt8](repeating: 0, count: 32)), \([UInt8]([1])))
        """)
    }
    let sweep = try #require(sample.controller.services.compactMap { $0 as? UploadSweep }.first)
    func left() async throws -> Int {
      try await database.read(in: .state) {
        try $0.row("SELECT COUNT(*) AS n FROM roster_upload")?.get("n", as: Int.self) ?? 0
      }
    }
    // The sample's own came just now and stays.
    #expect(try await left() == 2)
    #expect(try await sweep.sweep(now: SampleController.now) == 1)
    #expect(try await left() == 1)
  }
}
