import Access
import Enrollment
import Foundation
import Serving
import Storage
import Synchronization
import TestSupport
import Testing
import Vocabulary

@testable import rollcalld

@Suite struct FirstLinkTests {
  /// Runs the next change once in vain, lets another controller in, and runs it again, as after a serialization conflict.
  private final class Contended: Database {
    private struct Again: Error {}

    let inner: any Database
    let between = Mutex<(@Sendable (any Transaction) throws -> Void)?>(nil)

    init(_ inner: any Database) { self.inner = inner }

    func read<T: Sendable>(
      in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
    ) async throws -> T { try await inner.read(in: scope, body) }

    func write<T: Sendable>(
      in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
    ) async throws -> T {
      let other = between.withLock { between in
        defer { between = nil }
        return between
      }
      if let other {
        do {
          let _: Void = try await inner.write(in: scope) { transaction in
            _ = try body(transaction)
            throw Again()
          }
        } catch is Again {}
        try await inner.write(in: scope, other)
      }
      return try await inner.write(in: scope, body)
    }

    func close() async throws { try await inner.close() }
  }

  private func contended(
    _ other: @escaping @Sendable (any Transaction) throws -> Void
  ) async throws -> (words: String?, file: String?) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rollcall-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let settings = try ControllerSettings(SettingSources(file: nil, environment: [:], flags: [.state: folder]))
    let database = Contended(
      try await TestDatabase.open(folder + "/rollcall.sqlite", migrations: Controller.migrations))
    let controller = try await Controller(
      settings: settings, authority: NewAuthority(name: "Test", now: SampleController.now).authority,
      opened: database, logger: Logs.silent)
    try await controller.makeFirstAdministrator(now: SampleController.now) { _ in }
    database.between.withLock { $0 = other }
    let words = try await FirstLink.make(controller, settings, now: SampleController.now)
    let file = try? String(contentsOfFile: settings.state.adminLink, encoding: .utf8)
    try await controller.close()
    return (words, file)
  }

  @Test("A link that another controller made first is neither announced nor left in this one's file")
  func otherFirst() async throws {
    let (words, file) = try await contended { transaction in
      let made = try Access.firstLink(in: transaction, now: SampleController.now)
      #expect(made != nil)
    }
    #expect(words == nil && file == nil)
  }

  @Test("Where the change ran again, the link that counts is the one that is kept and told")
  func again() async throws {
    let (words, file) = try await contended { _ in }
    let link = try #require(file?.split(separator: "=").last?.trimmingCharacters(in: .newlines))
    #expect(link.hasPrefix("rcl_") && words?.contains(link) == true)
  }
}
