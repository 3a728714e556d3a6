import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("Rosters that were sent by a page")
struct UploadTests {
  @Test("One that nobody took up is gone within an hour, in every district, and a newer one stays")
  func swept() async throws {
    let bench = try await RosterBench()
    let actor = try #require(PrincipalID(rawValue: "prn_0000000000000001"))
    func send(_ district: DistrictID, after seconds: Int64) async throws -> UploadID {
      let upload = RosterUpload(
        id: .random(), district: district, actor: actor, at: RosterBench.now.advanced(by: .seconds(seconds)),
        mapping: nil, demographics: false, file: [1, 2, 3])
      try await bench.write { [contacts = bench.desk.contacts] in try UploadStore.keep(upload, contacts, $0) }
      return upload.id
    }
    _ = try await send(RosterBench.cedar, after: 0)
    let newer = try await send(RosterBench.oak, after: 600)
    func sweep(_ seconds: Int64) async throws -> Int {
      try await bench.desk.removeOldUploads(now: RosterBench.now.advanced(by: .seconds(seconds)))
    }
    #expect(try await sweep(3299) == 0)
    #expect(try await sweep(3300) == 1)
    #expect(try await bench.count("roster_upload") == 1)
    let found = try await bench.write { [contacts = bench.desk.contacts] in
      try UploadStore.upload(
        newer, of: RosterBench.oak, at: RosterBench.now.advanced(by: .seconds(3300)), contacts, $0)
    }
    #expect(found.file == [1, 2, 3])
  }
}
