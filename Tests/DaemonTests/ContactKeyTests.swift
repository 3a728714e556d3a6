import Foundation
import Roster
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import rollcalld

/// The key that seals guardians: none is made in place of one that is lost.
@Suite("The contact key")
struct ContactKeyTests {
  private let folder: String
  private let database: any Database

  init() async throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("rollcall-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    database = try await TestDatabase.open(folder + "/contacts.sqlite", migrations: Controller.migrations)
  }

  private func settings(_ state: String, contactKey: String? = nil) throws -> ControllerSettings {
    var given: [Setting: String] = [.state: "\(folder)/\(state)"]
    if let contactKey { given[.contactKey] = contactKey }
    let settings = try ControllerSettings(SettingSources(file: nil, environment: [:], flags: given))
    try StateArchive.makeFolder(settings.state.path)
    return settings
  }

  private func isRefused(_ body: () async throws -> Void) async throws -> Bool {
    do { try await body() } catch let error as ConfigurationError { return error.kind == .contactKey }
    return false
  }

  private func end() async throws {
    try await database.close()
    try FileManager.default.removeItem(atPath: folder)
  }

  @Test("The first start makes one; when it is lost or another, no start goes on by itself")
  func lost() async throws {
    let settings = try settings("first")
    let key = try await ContactKeyFile.load(settings, on: database, isReplaced: false)
    let text = try String(contentsOfFile: settings.contactKeyPath, encoding: .utf8)
    _ = try await ContactKeyFile.load(settings, on: database, isReplaced: false)
    try FileManager.default.removeItem(atPath: settings.contactKeyPath)
    #expect(try await isRefused { _ = try await ContactKeyFile.load(settings, on: database, isReplaced: false) })
    #expect(!FileManager.default.fileExists(atPath: settings.contactKeyPath))
    let other = try self.settings("other")
    _ = try ContactKeyFile.loadOrMake(other)
    #expect(try await isRefused { _ = try await ContactKeyFile.load(other, on: database, isReplaced: false) })
    // Whoever says so takes another, and then the first is refused.
    _ = try await ContactKeyFile.load(other, on: database, isReplaced: true)
    _ = try await ContactKeyFile.load(other, on: database, isReplaced: false)
    try text.write(toFile: settings.contactKeyPath, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: settings.contactKeyPath)
    #expect(try await isRefused { try await ContactKeyFile.claim(key, for: settings, on: database) })
    try await end()
  }

  @Test("Where 'contact-key' names a file that is not there, none is made; init makes it")
  func named() async throws {
    let settings = try settings("named", contactKey: folder + "/elsewhere.key")
    #expect(try await isRefused { _ = try await ContactKeyFile.load(settings, on: database, isReplaced: false) })
    #expect(!ContactKeyFile.isThere(settings))
    _ = try ContactKeyFile.loadOrMake(settings)
    _ = try await ContactKeyFile.load(settings, on: database, isReplaced: false)
    try await end()
  }

  @Test("Guardians that were sealed before the database kept by what are no place for another key")
  func before() async throws {
    try await database.write(in: .state) { transaction in
      try transaction.run(
        """
        INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
        VALUES ('birch', 'Birch', 'refuse', \(SampleController.now))
        """)
      try transaction.run(
        """
        INSERT INTO roster_guardian (district_id, sourced_id, sealed, hash, changed_in)
        VALUES ('birch', 'g1', \([UInt8](repeating: 1, count: 60)), 1, 1)
        """)
    }
    let settings = try settings("late")
    #expect(try await isRefused { _ = try await ContactKeyFile.load(settings, on: database, isReplaced: false) })
    _ = try ContactKeyFile.loadOrMake(settings)
    #expect(try await isRefused { _ = try await ContactKeyFile.load(settings, on: database, isReplaced: false) })
    try await end()
  }
}
