import Foundation
import HTTPTypes
import Serving
import Storage
import Testing

@testable import rollcalld

/// Every route that changes something leaves an entry in the journal, and none of them a name.
@Suite struct JournalCoverageTests {
  /// Makes the changes one by one and keeps which operations it has done.
  private final class Scribe {
    let sample: SampleController
    private(set) var done: Set<String> = []
    private(set) var last: [String: Any] = [:]

    init(_ sample: SampleController) { self.sample = sample }

    private func count() async throws -> Int {
      try await sample.controller.database.read(in: .state) { transaction in
        try transaction.row("SELECT COUNT(*) AS count FROM audit_entry")?.get("count", as: Int.self) ?? 0
      }
    }

    @discardableResult
    func change(
      _ operation: String, _ method: HTTPRequest.Method, _ path: String, json: String? = nil, csv: String? = nil,
      token: String? = nil, zip: [UInt8]? = nil
    ) async throws -> [String: Any] {
      let routes = sample.controller.people.routes
      #expect(routes.contains { $0.operation.id == operation && $0.method == method }, "\(operation)")
      let before = try await count()
      let reply = await sample.call(
        method, "/api/v1" + path, json: json, csv: csv, zip: zip, token: token)
      try #require((200...204).contains(reply.status), "\(operation): \(reply)")
      #expect(try await count() > before, "\(operation) left no entry")
      done.insert(operation)
      return reply.body
    }
  }

  private static let names = [
    "Otter Creek District", "Otter Creek Renamed", "Otter Creek Elementary", "Otter Creek Batch", "Olivia Otter",
    "Olivia's laptop token", "olga.otter", "Olga Otter", SampleController.password, "Oscar", "Oriole",
  ]

  private func districtChanges(_ scribe: Scribe) async throws {
    let base = "/districts/otter-creek"
    try await scribe.change(
      "createDistrict", .post, "/districts",
      json: #"{"id": "otter-creek", "name": "\#(Self.names[0])", "unknownSerials": "pending"}"#)
    try await scribe.change("changeRetention", .patch, "/retention", json: #"{"factHistoryDays": 700}"#)
    try await scribe.change("changeDistrict", .patch, base, json: #"{"name": "\#(Self.names[1])"}"#)
    try await scribe.change(
      "createSchool", .post, base + "/schools", json: #"{"id": "elementary", "name": "\#(Self.names[2])"}"#)
    try await scribe.change(
      "createBatch", .post, base + "/batches",
      json: #"{"id": "fall", "name": "\#(Self.names[3])", "serials": ["OC-0001"]}"#)
    try await scribe.change("addBatchSerials", .post, base + "/batches/fall/serials", csv: "serial\nOC-0002\n")
    try await scribe.change("removeBatchSerials", .delete, base + "/batches/fall/serials", csv: "serial\nOC-0002\n")
    try await scribe.change("importDevices", .post, base + "/devices/import", csv: "serial,assetTag\nOC-0003,A3\n")
    let token = try await scribe.change(
      "createEnrollmentToken", .post, base + "/batches/fall/tokens", json: #"{"expiresInHours": 1, "uses": 9}"#)
    let secret = try #require(token["token"] as? String)
    try #require(try await SampleDistrict.enroll("OC-0001", secret, in: scribe.sample) == 200)
    for stranger in ["OC-8001", "OC-8002"] {
      try #require(try await SampleDistrict.enroll(stranger, secret, in: scribe.sample) == 202)
    }
    let devices = await scribe.sample.call(.get, "/api/v1/devices?serial=OC-0001")
    let device = try #require((devices.body["items"] as? [[String: Any]])?.first?["id"] as? String)
    let one = base + "/devices/\(device)"
    try await scribe.change("quarantineDevice", .post, one + "/quarantine", json: #"{"reason": "two of them"}"#)
    try await scribe.change("approveDevice", .post, one + "/approve", json: "{}")
    try await scribe.change("revokeDevice", .post, one + "/revoke", json: #"{"reason": "sold"}"#)
    let pending = await scribe.sample.call(.get, "/api/v1/pending")
    let waiting = try #require(pending.body["items"] as? [[String: Any]]).compactMap { $0["id"] as? String }
    try #require(waiting.count == 2)
    try await scribe.change("approvePending", .post, base + "/pending/\(waiting[0])/approve", json: "{}")
    try await scribe.change("rejectPending", .post, base + "/pending/\(waiting[1])/reject")
    let id = try #require(token["id"] as? String)
    try await scribe.change("revokeEnrollmentToken", .delete, base + "/tokens/\(id)")
  }

  /// Where a device goes from hand to hand; without a roster, from school to school.
  private func custodyChanges(_ scribe: Scribe) async throws {
    let base = "/districts/otter-creek"
    let devices = await scribe.sample.call(.get, "/api/v1/devices?serial=OC-0003")
    let device = try #require((devices.body["items"] as? [[String: Any]])?.first?["id"] as? String)
    let one = base + "/devices/\(device)"
    func move(_ operation: String, _ name: String, _ json: String? = nil) async throws {
      try await scribe.change(operation, .post, "\(one)/\(name)", json: json)
    }
    let school = #"{"to": "school:elementary"}"#
    try await scribe.change(
      "createSchool", .post, base + "/schools", json: #"{"id": "middle", "name": "\#(Self.names[2])"}"#)
    try await scribe.change("changeCalendar", .patch, base + "/calendar", json: #"{"closedDays": ["2027-01-18"]}"#)
    try await scribe.change(
      "changeNetworks", .patch, base + "/networks",
      json: #"{"set": [{"addresses": "10.20.0.0/16", "label": "\#(Self.names[2])"}]}"#)
    try await scribe.change(
      "changeStateNetworks", .patch, "/networks",
      json: #"{"set": [{"addresses": "10.0.0.0/8", "label": "\#(Self.names[9])"}]}"#)
    // As if the device had told its vitals.
    _ = try await scribe.sample.controller.database.write(in: .state) { transaction in
      try transaction.run(
        """
        INSERT INTO checkin_section (district_id, device_id, section, hash, body, changed_at)
        VALUES ('otter-creek', \(device), 'vitals', \([UInt8](repeating: 0, count: 32)), \([UInt8]()), 1)
        """)
    }
    try await scribe.change(
      "addReadings", .post, one + "/readings", json: #"{"readings": [{"week": "2026-06-01", "batteryPercent": 90}]}"#)
    try await move("receiveDevice", "receive")
    try await move("deliverDevice", "deliver", #"{"to": "district", "reason": "\#(Self.names[4])"}"#)
    try await move("assignDevice", "assign", school)
    try await move("giveAccessories", "give-accessories", #"{"accessories": ["charger"]}"#)
    try await move("returnAccessories", "return-accessories", #"{"accessories": ["charger"]}"#)
    try await move("repairDevice", "repair", #"{"category": "screen", "to": "vendor:\#(Self.names[4])"}"#)
    try await move("endRepair", "repaired")
    try await move("returnDevice", "return")
    try await move("loanDevice", "loan", #"{"to": "school:middle", "days": 5}"#)
    try await move("returnDevice", "return")
    try await scribe.change(
      "assignDevices", .post, base + "/assignments", csv: "serial,school\nOC-0003,elementary\n")
    try await scribe.change("returnDevices", .post, base + "/returns", csv: "serial\nOC-0003\n")
    try await move("reportDeviceLost", "lost", #"{"reason": "\#(Self.names[4])"}"#)
    try await move("reportDeviceStolen", "stolen", #"{"policeReport": "\#(Self.names[4])"}"#)
    try await move("reportDeviceFound", "found")
    try await move("transferDevice", "transfer", #"{"to": "school:middle"}"#)
    try await move("retireDevice", "retire", #"{"reason": "sold"}"#)
  }

  private func rosterChanges(_ scribe: Scribe) async throws {
    let base = "/districts/otter-creek/roster"
    func archive(_ students: [String]) throws -> [UInt8] {
      try SampleDistrict.roster(of: "otter-creek", students: students, school: Self.names[2])
    }
    try await scribe.change("importRoster", .post, base + "/imports", zip: try archive(Array(Self.names[9...])))
    try await scribe.change("undoRosterImport", .post, base + "/undo")
    try await scribe.change("importStateRoster", .post, "/roster/imports", zip: try archive(Array(Self.names[9...])))
    try await scribe.change("undoStateRosterImport", .post, "/roster/undo")
    try await scribe.change("changeRoster", .patch, base, json: #"{"leftDays": 60}"#)
    try await scribe.change("importRoster", .post, base + "/imports", zip: try archive(Array(Self.names[9...])))
    try await scribe.change(
      "importRoster", .post, base + "/imports?allowRemoval=100", zip: try archive([Self.names[9]]))
    let left = await scribe.sample.call(.get, "/api/v1\(base)/persons?left=true")
    let person = try #require((left.body["items"] as? [[String: Any]])?.first?["id"] as? String)
    try await scribe.change("erasePerson", .delete, base + "/persons/\(person)")
    try await scribe.change(
      "setRosterMapping", .post, base + "/mappings",
      json:
        #"{"name": "staff", "role": "staff", "columns": {"number": "No", "givenName": "First", "familyName": "Last"}}"#)
    try await scribe.change(
      "importRoster", .post, base + "/imports?mapping=staff", csv: "No,First,Last\nT1,\(Self.names[10]),Example\n")
    try await scribe.change("removeRosterMapping", .delete, base + "/mappings/staff")
  }

  private func accessChanges(_ scribe: Scribe) async throws {
    let principal = try await scribe.change(
      "createPrincipal", .post, "/principals", json: #"{"kind": "person", "name": "\#(Self.names[4])"}"#)
    let base = "/principals/\(try #require(principal["id"] as? String))"
    try await scribe.change(
      "addGrant", .post, base + "/grants", json: #"{"role": "district-it", "district": "otter-creek"}"#)
    let token = try await scribe.change(
      "createAPIToken", .post, base + "/tokens", json: #"{"name": "\#(Self.names[5])", "expiresInDays": 1}"#)
    let id = try #require(token["id"] as? String)
    try await scribe.change("revokeAPIToken", .delete, base + "/tokens/\(id)")
    try await scribe.change("removeGrant", .delete, base + "/grants?role=district-it&district=otter-creek")
  }

  private func accountChanges(_ scribe: Scribe) async throws {
    let made = try await scribe.change(
      "createAccount", .post, "/accounts", json: #"{"login": "\#(Self.names[6])", "name": "\#(Self.names[7])"}"#)
    let id = try #require(made["id"] as? String)
    let link = try #require((made["link"] as? String)?.split(separator: "=").last.map(String.init))
    for operation in ["endSession", "endOwnSession"] {
      let session = try await scribe.sample.signIn(Self.names[6], link: operation == "endSession" ? link : nil)
      if operation == "endSession" {
        try await scribe.change(operation, .delete, "/accounts/\(id)/sessions/\(session)")
      } else {
        let token = await scribe.sample.call(
          .post, "/api/v1/principals/\(id)/tokens", json: #"{"name": "x", "expiresInDays": 1}"#)
        let secret = try #require(token.body["token"] as? String)
        try await scribe.change(operation, .delete, "/me/sessions/\(session)", token: secret)
      }
    }
    let people = "/districts/otter-creek/people"
    let staff = try await scribe.change(
      "addDistrictPerson", .post, people,
      json: #"{"login": "otto.\#(Self.names[6])", "name": "\#(Self.names[7])", "role": "read-only"}"#)
    let base = people + "/\(try #require(staff["id"] as? String))"
    try await scribe.change("addDistrictGrant", .post, base + "/grants", json: #"{"role": "help-desk"}"#)
    try await scribe.change("removeDistrictGrant", .delete, base + "/grants?role=help-desk")
    try await scribe.change("resetDistrictAccount", .post, base + "/reset")
    try await scribe.change("disableDistrictAccount", .post, base + "/disable")
    try await scribe.change("resetAccount", .post, "/accounts/\(id)/reset")
    try await scribe.change("disableAccount", .post, "/accounts/\(id)/disable")
  }

  @Test("Every route that changes something leaves an entry, and the journal holds no name")
  func everyWrite() async throws {
    let sample = try await SampleController()
    let scribe = Scribe(sample)
    try await districtChanges(scribe)
    try await custodyChanges(scribe)
    try await rosterChanges(scribe)
    try await accessChanges(scribe)
    try await accountChanges(scribe)
    // What pages change is in `WebTests`.
    let writes = sample.controller.people.routes.filter {
      [.post, .patch, .delete, .put].contains($0.method) && !$0.isPage
    }
    #expect(scribe.done == Set(writes.map(\.operation.id)), "a route that no test here tries")

    let texts = try await sample.controller.database.read(in: .state) { transaction in
      try transaction.rows(
        "SELECT district_id, actor_kind, actor, action, object_kind, object, body FROM audit_entry"
      ).map { row in
        let columns = ["district_id", "actor_kind", "actor", "action", "object_kind", "object"]
        let body = try row.get("body", as: [UInt8]?.self) ?? []
        return try columns.map { try row.get($0, as: String.self) }.joined(separator: " ")
          + String(decoding: body, as: UTF8.self)
      }
    }
    #expect(texts.count > writes.count)
    for text in texts {
      for name in Self.names { #expect(!text.contains(name), "\(text)") }
    }
  }
}
