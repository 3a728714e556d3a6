import Foundation
import TestSupport
import Testing

@testable import rollcalld

@Suite(.enabled(if: !TestDatabase.isPostgres, "a database server has backups of its own")) struct StateArchiveTests {
  private func state() async throws -> (SampleController, StateFolder) {
    let sample = try await SampleController()
    let folder = StateFolder(path: sample.folder)
    try FileManager.default.createDirectory(atPath: folder.authorityFolder, withIntermediateDirectories: true)
    try Data("key".utf8).write(to: URL(fileURLWithPath: folder.authorityFolder + "/issuing.key"))
    return (sample, folder)
  }

  private func kind(_ body: () throws -> Void) -> ConfigurationError.Kind? {
    do {
      try body()
      return nil
    } catch { return (error as? ConfigurationError)?.kind }
  }

  @Test("A backup is restored whole into an empty folder")
  func roundTrip() async throws {
    let (sample, source) = try await state()
    let backup = sample.folder + "/../\(UUID().uuidString)-backup"
    let target = StateFolder(path: sample.folder + "/../\(UUID().uuidString)-restored")
    defer { for path in [backup, target.path] { try? FileManager.default.removeItem(atPath: path) } }
    _ = try StateArchive.backup(source, to: backup)
    try StateArchive.restore(from: backup, to: target)
    #expect(kind { try StateArchive.requireWhole(target) } == .state)
    try StateArchive.commitRestore(target)
    try StateArchive.requireWhole(target)
    #expect(try String(contentsOfFile: target.authorityFolder + "/issuing.key", encoding: .utf8) == "key")
  }

  @Test("A backup whose file was changed is refused before anything is written")
  func damaged() async throws {
    let (sample, source) = try await state()
    let backup = sample.folder + "/../\(UUID().uuidString)-backup"
    let target = StateFolder(path: sample.folder + "/../\(UUID().uuidString)-restored")
    defer { try? FileManager.default.removeItem(atPath: backup) }
    _ = try StateArchive.backup(source, to: backup)
    try Data("other".utf8).write(to: URL(fileURLWithPath: backup + "/ca/issuing.key"))
    #expect(kind { try StateArchive.restore(from: backup, to: target) } == .state)
    #expect(!FileManager.default.fileExists(atPath: target.path))
  }

  @Test("A restore does not overwrite a controller, and a backup no folder")
  func occupied() async throws {
    let (sample, source) = try await state()
    let backup = sample.folder + "/../\(UUID().uuidString)-backup"
    defer { try? FileManager.default.removeItem(atPath: backup) }
    _ = try StateArchive.backup(source, to: backup)
    #expect(kind { try StateArchive.restore(from: backup, to: source) } == .state)
    #expect(kind { _ = try StateArchive.backup(source, to: backup) } == .state)
  }
}
