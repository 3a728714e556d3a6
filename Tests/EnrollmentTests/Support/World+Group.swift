import Foundation
import Registry
import Storage
import Vocabulary
import Wire

@testable import Enrollment

/// What a machine says of itself in its request.
struct TestMachine: Hashable, Sendable {
  var serial: String?
  var uuid: String?
  var board: String?
  var macs: [String] = []

  func request(by key: TestKey) throws -> CertificateRequest {
    var uris: [IdentityURI] = []
    if let uuid { uris.append(.uuid(try required(HardwareUUID(uuid)))) }
    if let board { uris.append(.board(try required(Serial(board)))) }
    for mac in macs { uris.append(.mac(try required(MACAddress(mac)))) }
    return try CertificateRequest(body: key.request(serial: serial, uris: uris.map(\.text)))
  }

  func ask(by key: TestKey, _ token: String, label: String? = nil, at now: Instant = World.start) throws
    -> EnrollmentAsk
  {
    let secret = try required(TokenSecret(presented: token))
    return EnrollmentAsk(request: try request(by: key), secret: secret.digest, label: label, now: now)
  }
}

extension World {
  /// What asks come to that share a transaction, in their order: `certificate`, `wait`, or the code of what was thrown.
  @discardableResult
  func group(_ asks: [EnrollmentAsk]) async throws -> [String] {
    let results = try await database.write(in: .state) { [desk] in try desk.enrolments.results(of: asks, in: $0) }
    return results.map { result in
      switch result {
      case .success(let done):
        registry.apply(done.changes)
        return done.outcome == .wait ? "wait" : "certificate"
      case .failure(let error as EnrollmentError): return error.kind.rawValue
      case .failure(let error as RegistryError): return error.kind.rawValue
      case .failure(let error): return "\(error)"
      }
    }
  }

  /// How many of a group would be enrolled together; nothing of it stays.
  func together(_ asks: [EnrollmentAsk]) async throws -> Int {
    try await database.write(in: .state) { [desk] transaction in
      var count = 0
      try? transaction.savepoint {
        count = try desk.store.enrollTogether(asks, transaction).count { $0 != nil }
        throw Missing()
      }
      return count
    }
  }

  // MARK: - All that is stored

  /// All rows that enrolling writes, but what chance makes: random ids are told by what they are of, certificates by whether
  /// there is one, and the journal's entries without their places.
  func dump() async throws -> [String] {
    try await database.read(in: .state) { transaction in
      let names = try Self.names(transaction)
      return try Self.kept.flatMap { table, columns in
        try transaction.rows("SELECT \(columns) FROM \(table)").map { row in
          let values = row.values.map { value in
            switch value {
            case .text(let text): Self.renamed(text, names)
            case .bytes(let bytes):
              bytes.first == UInt8(ascii: "{")
                ? Self.renamed(String(decoding: bytes, as: UTF8.self), names) : Hex.encode(bytes)
            // SQLite keeps a boolean as a number.
            case .boolean(let flag): flag ? "1" : "0"
            case .integer(let number): "\(number)"
            default: "\(value)"
            }
          }
          return "\(table.rendered(for: .sqlite).text): \(values.joined(separator: ", "))"
        }
      }.sorted()
    }
  }

  private static let kept: [(table: SQL, columns: SQL)] = [
    (
      "registry_device",
      """
      district_id, device_id, serial, serial_folded, uuid, board_serial, board_serial_folded, asset_tag, management, identity,
      stage, custody, created_at
      """
    ),
    ("registry_device_mac", "district_id, mac, device_id"),
    (
      "registry_key",
      "district_id, digest, device_id, state, not_before, not_after, issued_at, last_seen, replaced_by, reason, revision"
    ),
    (
      "registry_ledger_event",
      "district_id, device_id, sequence, at, actor, kind, stage, custody, reason, evidence, holder, accessories"
    ),
    ("registry_custody", "district_id, device_id, holder, since"),
    ("registry_change", "district_id, device_id, sequence, at, section, field, old, new"),
    ("enrollment_token", "district_id, id, batch_id, used, uses, revoked_at"),
    (
      "enrollment_token_use",
      "district_id, token_id, key, device_id, not_after, at, CASE WHEN length(certificate) > 0 THEN 1 ELSE 0 END AS kept"
    ),
    (
      "enrollment_expected", "district_id, batch_id, entry, serial, asset_tag, device_id, listed, state, changed_at"
    ),
    (
      "enrollment_pending",
      """
      district_id, id, batch_id, token_id, key, serial, uuid, board_serial, macs, reason, state, device_id, requested_at,
      seen_at, decided_at
      """
    ),
    ("audit_entry", "district_id, at, actor_kind, actor, action, object_kind, object, body, leaf_version"),
  ]

  /// Of each random id what it is of: a device's serial or keys, a waiting request's key, a token's place among those of its time.
  private static func names(_ transaction: any Transaction) throws -> [String: String] {
    var names: [String: String] = [:]
    var keys: [String: [String]] = [:]
    for row in try transaction.rows("SELECT device_id, digest FROM registry_key ORDER BY digest") {
      keys[try row.get("device_id"), default: []].append(try row.get("digest", as: Digest.self).description)
    }
    for row in try transaction.rows("SELECT device_id, serial, uuid, board_serial FROM registry_device") {
      let id: String = try row.get("device_id")
      let marks = [try row.get("serial", as: String?.self), try row.get("uuid"), try row.get("board_serial")]
      names[id] = "device(\(marks) \(keys[id] ?? []))"
    }
    for row in try transaction.rows("SELECT id, key FROM enrollment_pending") {
      names[try row.get("id")] = "pending(\(try row.get("key", as: Digest.self)))"
    }
    for row in try transaction.rows("SELECT id, district_id, created_at FROM enrollment_token") {
      let place = "\(try row.get("district_id", as: String.self)) \(try row.get("created_at", as: Int64.self))"
      names[try row.get("id")] = "token(\(place))"
    }
    for row in try transaction.rows("SELECT DISTINCT actor FROM audit_entry WHERE actor_kind = 'principal'") {
      names[try row.get("actor")] = "person"
    }
    return names
  }

  private static func renamed(_ text: String, _ names: [String: String]) -> String {
    var (result, word) = ("", "")
    for character in text + "\n" {
      if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
      } else {
        result += names[word] ?? word
        result.append(character)
        word = ""
      }
    }
    return String(result.dropLast())
  }
}
