import Foundation
import Serving
import Storage
import Testing
import Vocabulary

@testable import Registry

/// A roster of the tests' own: who has which number, and who is in which class.
struct SampleRoster: CustodyPersons {
  var students: [DistrictID: [String: PersonID]] = [:]
  var classes: [DistrictID: [String: [PersonID]]] = [:]

  /// 30 students with the numbers 1000 to 1029 in `cedar-falls`, the first five in the class `bio`, nobody
  /// any more in the class `over`; `oak-park` has none.
  static let cedar: SampleRoster = {
    let students = (0..<30).map { ("\(1000 + $0)", PersonID.numbered($0)) }
    return SampleRoster(
      students: [RegistryBench.cedar: Dictionary(uniqueKeysWithValues: students)],
      classes: [RegistryBench.cedar: ["bio": students.prefix(5).map(\.1), "over": []]])
  }()

  func hasRoster(_ district: DistrictID, in transaction: any Transaction) -> Bool { students[district] != nil }

  func students(
    numbered numbers: [String], of district: DistrictID, in transaction: any Transaction
  ) -> [String: PersonID] { (students[district] ?? [:]).filter { numbers.contains($0.key) } }

  func persons(
    _ ids: [PersonID], of district: DistrictID, in transaction: any Transaction
  ) -> Set<PersonID> { Set(ids).intersection((students[district] ?? [:]).values) }

  func students(
    ofClass id: String, of district: DistrictID, on day: CivilDate, in transaction: any Transaction
  ) -> [PersonID]? { classes[district]?[id] }
}

extension PersonID {
  static func numbered(_ number: Int) -> PersonID {
    PersonID(rawValue: "per_" + String(format: "%016d", number))!
  }
}

/// A registry with two schools and a roster in `cedar-falls`.
struct CustodyBench {
  let registry: RegistryBench
  static let path = "/api/v1/districts/cedar-falls"

  init(persons: any CustodyPersons = SampleRoster.cedar) async throws {
    registry = try await RegistryBench.withDistricts(persons: persons)
    for school in ["north", "south"] {
      _ = try await registry.send(.post, Self.path + "/schools", body: #"{"id":"\#(school)","name":"\#(school) High"}"#)
    }
  }

  /// A device that an import made known, free to go to anybody.
  func device(_ serial: String, school: String? = nil) async throws -> DeviceID {
    _ = try await registry.send(
      .post, Self.path + "/devices/import", body: "serial,school\n\(serial),\(school ?? "")\n")
    let found = try await registry.send(.get, "/api/v1/devices", query: [("serial", serial)])
    return try found.firstDevice()
  }

  @discardableResult
  func move(
    _ device: DeviceID, _ kind: CustodyMove.Kind, _ body: String = "", as caller: Caller? = .administrator,
    key: String? = nil, at now: Instant = RegistryBench.now
  ) async throws -> RegistryBench.Answer {
    try await registry.send(
      .post, Self.path + "/devices/\(device)/\(kind.rawValue)", as: caller, body: body, key: key, at: now)
  }

  /// The refusal; nil where the move was made.
  func refused(
    _ device: DeviceID, _ kind: CustodyMove.Kind, _ body: String = "", as caller: Caller? = .administrator
  ) async throws -> (code: String, message: String)? {
    do {
      try await move(device, kind, body, as: caller)
      return nil
    } catch let error as any StatusError {
      return (error.code.text, error.message)
    }
  }

  @discardableResult
  func many(_ path: String, csv: String, key: String? = nil) async throws -> RegistryBench.Answer {
    try await registry.send(.post, Self.path + "/" + path, body: csv, key: key, type: "text/csv")
  }

  /// The faults of a file that is refused.
  func faults(_ path: String, csv: String) async throws -> [Fault] {
    do {
      _ = try await many(path, csv: csv)
      return []
    } catch let error as CSVError { return error.faults }
  }

  func standing(_ device: DeviceID) async throws -> [String: Any] {
    let shown = try await registry.send(.get, Self.path + "/devices/\(device)")
    return try #require(shown.json["standing"] as? [String: Any])
  }

  /// A device's ledger.
  func events(_ device: DeviceID) async throws -> [[String: Any]] {
    try await registry.send(.get, Self.path + "/devices/\(device)/ledger").items
  }

  /// Holds the stored projection of every device of both districts to its ledger.
  func requireReplayed(_ comment: Comment? = nil) async throws {
    try await registry.write { transaction in
      for district in [RegistryBench.cedar, RegistryBench.oak] {
        let ids = try transaction.rows("SELECT device_id FROM registry_device WHERE district_id = \(district)")
        for row in ids {
          let id: DeviceID = try row.get("device_id")
          let entries = try LedgerStore.entries(of: id, in: district, transaction)
          #expect(entries.map(\.sequence) == (0..<entries.count).map { Int64($0 + 1) }, comment)
          let replayed = LedgerProjection.project(entries.map(\.event))
          let stored = try #require(try DeviceStore.device(id, in: district, transaction))
          #expect(stored.stage == replayed.stage && stored.custody == replayed.custody, comment)
          let custody = try CustodyStore.row(of: id, in: district, transaction)
          #expect(custody == CustodyStore.Row(replayed), comment)
        }
      }
    }
  }
}

extension RegistryBench.Answer {
  /// The id of a list's first device.
  func firstDevice() throws -> DeviceID {
    let text = try #require(items.first?["id"] as? String)
    return try #require(DeviceID(rawValue: text))
  }
}
