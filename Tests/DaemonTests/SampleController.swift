import Access
import Audit
import Enrollment
import Foundation
import HTTPTypes
import Serving
import TestSupport
import Transparency
import Vocabulary

@testable import rollcalld

/// The whole controller on a temporary database, without sockets.
final class SampleController {
  static let now = Instant(seconds: 1_800_000_000)
  let controller: Controller
  let folder: String
  let adminToken: String
  private let authority: CertificateAuthority

  /// - Parameter isPostgres: which engine; by default the one of this run.
  init(isPostgres: Bool = TestDatabase.isPostgres) async throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("rollcall-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var settings = try ControllerSettings(
      SettingSources(
        file: nil, environment: isPostgres ? ["ROLLCALLD_DATABASE": PostgresServer.setting()] : [:],
        flags: [.state: folder]))
    settings.passwordCost = PasswordCost(logN: 4)
    authority = try NewAuthority(name: "Test", now: Self.now).authority
    controller = try await Controller(settings: settings, authority: authority, logger: Logs.silent)
    let token = folder + "/admin.token"
    try await controller.makeFirstAdministrator(now: Self.now) {
      try $0.write(toFile: token, atomically: true, encoding: .utf8)
    }
    adminToken = try String(contentsOfFile: token, encoding: .utf8)
  }

  /// The same controller on another database, as after its own was copied there.
  init(_ other: SampleController, on database: String) async throws {
    (folder, adminToken, authority) = (other.folder + "/moved", other.adminToken, other.authority)
    let settings = try ControllerSettings(
      SettingSources(file: nil, environment: ["ROLLCALLD_DATABASE": database], flags: [.state: folder]))
    controller = try await Controller(settings: settings, authority: authority, logger: Logs.silent)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Every entry of the journal so far gets its place in the tree.
  func sequence() async throws {
    try await JournalSequencer(
      database: controller.database, signer: NoteSigner(name: "test/journal"), logger: Logs.silent,
      clock: { Self.now }
    ).sequence()
  }

  func call(
    _ method: HTTPRequest.Method, _ path: String, json: String? = nil, csv: String? = nil, zip: [UInt8]? = nil,
    token: String? = nil,
    now: Instant = SampleController.now
  ) async -> (status: Int, body: [String: Any]) {
    let parts = path.split(separator: "?", maxSplits: 1)
    let query = (parts.count > 1 ? parts[1].split(separator: "&") : []).map { pair in
      let sides = pair.split(separator: "=", maxSplits: 1)
      return (name: String(sides[0]), value: sides.count > 1 ? String(sides[1]) : "")
    }
    var headers: HTTPFields = [.authorization: "Bearer \(token ?? adminToken)"]
    if json != nil { headers[.contentType] = "application/json" }
    if csv != nil { headers[.contentType] = "text/csv" }
    if zip != nil { headers[.contentType] = "application/zip" }
    let reply = await controller.people.respond(
      to: Call(
        method, String(parts[0]), query: query, headers: headers,
        body: zip ?? Array((json ?? csv ?? "").utf8), now: now))
    let body = try? await JSONSerialization.jsonObject(with: Data(reply.whole())) as? [String: Any]
    return (reply.status.code, body ?? [:])
  }
}
