import Enrollment
import Foundation
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import rollcalld

/// Certificates and keys that controllers share through their database.
@Suite("What controllers share")
struct SharingTests {
  private let now = SampleController.now
  private let database: any Database
  private let folder: String
  private let key: SealKey

  init() async throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("rollcall-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    database = try await TestDatabase.open(folder + "/shared.sqlite", migrations: Controller.migrations)
    key = try SealKey.loadOrMake(folder + "/seal.key")
  }

  private func controller(_ name: String, key: SealKey? = nil) throws -> (keys: SharedKeys, files: AuthorityFiles) {
    let state = StateFolder(path: "\(folder)/\(name)")
    try StateArchive.makeFolder(state.path)
    return (
      SharedKeys(database: database, key: key ?? self.key, state: state), AuthorityFiles(folder: state.authorityFolder)
    )
  }

  private func end() async throws {
    try await database.close()
    try FileManager.default.removeItem(atPath: folder)
  }

  @Test("A further controller gets the authority, and each hears of what the other changed")
  func agree() async throws {
    let (first, second) = (try controller("first"), try controller("second"))
    let made = try NewAuthority(name: "Test", now: now)
    try first.files.write(made)
    #expect(try await first.keys.agree())
    #expect(try await first.keys.agree() == false)
    #expect(try await second.keys.agree() == false)
    #expect(try second.files.load().issuingDER == made.authority.issuingDER)
    #expect(!FileManager.default.fileExists(atPath: second.files.rootKey))
    let mode = try FileManager.default.attributesOfItem(atPath: second.files.issuingKey)[.posixPermissions] as? Int
    #expect(mode == 0o600)

    let pair = try first.files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now)
    let rotation = try first.files.rotate(to: pair, now: now)
    #expect(try await first.keys.agree())
    #expect(try await second.keys.revisions() == ["authority": 2, "contacts": 1, "journal": 1])
    #expect(try await second.keys.agree() == false)
    #expect(try second.files.load().issuingDER == rotation.authority.issuingDER)
    #expect(try second.files.load().former.map(\.der) == [made.authority.issuingDER])

    // The second takes the former issuer away, and so it goes from the first.
    for name in try FileManager.default.contentsOfDirectory(atPath: second.files.formerFolder) {
      try FileManager.default.removeItem(atPath: "\(second.files.formerFolder)/\(name)")
    }
    #expect(try await second.keys.agree())
    #expect(try await first.keys.agree() == false)
    #expect(try first.files.load().former.isEmpty)
    #expect(
      try FileManager.default.subpathsOfDirectory(atPath: first.files.folder).contains { $0.hasSuffix(".next") }
        == false)
    try await end()
  }

  @Test("A controller's first keys are there together, so that another one that starts beside it makes none of its own")
  func together() async throws {
    let (first, second) = (try controller("first"), try controller("second"))
    // It starts too early: there is nothing yet, and it leaves nothing.
    #expect(try await second.keys.agree() == false)
    #expect(try await first.keys.revisions() == [:])
    try first.files.write(try NewAuthority(name: "Test", now: now))
    // A state folder of before journals were signed, and contacts sealed.
    #expect(try await first.keys.agree())
    #expect(try await second.keys.revisions() == ["authority": 1, "contacts": 1, "journal": 1])
    #expect(try await second.keys.agree() == false)
    for path in ["journal/checkpoint.key", "roster/contact.key"] {
      let contents = ["first", "second"].map { FileManager.default.contents(atPath: "\(folder)/\($0)/\(path)") }
      #expect(contents[0] != nil && contents[0] == contents[1], "\(path)")
    }
    // Where contacts are sealed already, a lost key is no reason to make another.
    try await database.write(in: .state) {
      try $0.run("DELETE FROM daemon_shared WHERE name = 'contacts'")
      try $0.run("INSERT INTO roster_contact_key (id, fingerprint) VALUES (1, \(Digest.sha256([1])))")
    }
    let third = try controller("third")
    #expect(try await third.keys.agree() == false)
    #expect(!FileManager.default.fileExists(atPath: folder + "/third/roster/contact.key"))
    try await end()
  }

  @Test(
    "A database that went back, as after a restore, gets the newer keys again; a taking that was cut short is done again"
  )
  func wentBack() async throws {
    let (first, second) = (try controller("first"), try controller("second"))
    let made = try NewAuthority(name: "Test", now: now)
    try first.files.write(made)
    _ = try await first.keys.agree()
    let before = try await database.read(in: .state) { try SharedStore.get("authority", in: $0) }
    let old = try #require(before)
    let pair = try first.files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now)
    let rotation = try first.files.rotate(to: pair, now: now)
    #expect(try await first.keys.agree())
    _ = try await database.write(in: .state) {
      try $0.run("UPDATE daemon_shared SET revision = \(old.revision), sealed = \(old.sealed) WHERE name = 'authority'")
    }
    #expect(try await first.keys.agree())
    #expect(try first.files.load().issuingDER == rotation.authority.issuingDER)
    #expect(try await first.keys.revisions() == ["authority": 3, "contacts": 1, "journal": 1])
    _ = try await second.keys.agree()
    #expect(try second.files.load().issuingDER == rotation.authority.issuingDER)

    // Cut short before the new pair counts: a former issuer more, and the memory of what was being taken.
    let next = try first.files.rotate(
      to: try first.files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now), now: now)
    _ = try await first.keys.agree()
    let memory = "\(folder)/second/shared.json"
    let text = try String(contentsOfFile: memory, encoding: .utf8)
    try text.replacing("\"revision\":3", with: "\"revision\":3,\"taking\":4").write(
      toFile: memory, atomically: true, encoding: .utf8)
    let former = try FileManager.default.contentsOfDirectory(atPath: first.files.formerFolder)
    for name in former {
      try? FileManager.default.copyItem(
        atPath: "\(first.files.formerFolder)/\(name)", toPath: "\(second.files.formerFolder)/\(name)")
    }
    #expect(try await second.keys.agree() == false)
    #expect(try second.files.load().issuingDER == next.authority.issuingDER)
    try await end()
  }

  @Test("The contact key in use is shared, wherever it lies; a conflict names it")
  func contactKey() async throws {
    func keys(_ name: String, _ path: String) throws -> SharedKeys {
      let state = StateFolder(path: "\(folder)/\(name)")
      try StateArchive.makeFolder(state.path)
      return SharedKeys(database: database, key: key, state: state, contactKey: path)
    }
    try "one\n".write(toFile: folder + "/one.key", atomically: true, encoding: .utf8)
    #expect(try await keys("first", folder + "/one.key").agree())
    _ = try await keys("second", folder + "/two.key").agree()
    #expect(try String(contentsOfFile: folder + "/two.key", encoding: .utf8) == "one\n")
    try "other\n".write(toFile: folder + "/three.key", atomically: true, encoding: .utf8)
    do {
      _ = try await keys("third", folder + "/three.key").agree()
      Issue.record("another key was taken")
    } catch let error as ConfigurationError {
      #expect(error.kind == .shared && error.message.contains("move \(folder)/three.key aside"))
    }
    try await end()
  }

  @Test("Where both were changed, or are of different roots, a person decides, and nothing is changed")
  func conflict() async throws {
    let (first, second) = (try controller("first"), try controller("second"))
    let made = try NewAuthority(name: "Test", now: now)
    try first.files.write(made)
    _ = try await first.keys.agree()
    _ = try await second.keys.agree()
    for one in [first, second] {
      let pair = try one.files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now)
      _ = try one.files.rotate(to: pair, now: now)
    }
    let seconds = try second.files.load().issuingDER
    #expect(try await first.keys.agree())
    await #expect(throws: ConfigurationError.self) { try await second.keys.agree() }
    #expect(try second.files.load().issuingDER == seconds)

    let other = try controller("other")
    try other.files.write(try NewAuthority(name: "Other", now: now))
    do {
      _ = try await other.keys.agree()
      Issue.record("another root was taken")
    } catch let error as ConfigurationError {
      #expect(error.kind == .shared)
    }
    #expect(try await first.keys.agree() == false)
    try await end()
  }

  @Test("Another key, a changed row and a row in another's place are refused, and the folder stays empty")
  func wrongKey() async throws {
    let first = try controller("first")
    try first.files.write(try NewAuthority(name: "Test", now: now))
    _ = try await first.keys.agree()
    let stranger = try controller("stranger", key: SealKey.loadOrMake(folder + "/other.key"))
    do {
      _ = try await stranger.keys.agree()
      Issue.record("another key opened it")
    } catch let error as ConfigurationError {
      #expect(error.kind == .sealKey)
    }
    #expect(!FileManager.default.fileExists(atPath: stranger.files.folder))

    let sealed = try key.seal([1, 2, 3], as: "a", revision: 1)
    #expect(try key.open(sealed, as: "a", revision: 1) == [1, 2, 3])
    #expect(throws: ConfigurationError.self) { try key.open(sealed, as: "b", revision: 1) }
    #expect(throws: ConfigurationError.self) { try key.open(sealed, as: "a", revision: 2) }
    for length in 0..<sealed.count {
      #expect(throws: ConfigurationError.self) { try key.open(Array(sealed[..<length]), as: "a", revision: 1) }
    }
    let row = try await database.read(in: .state) { try SharedStore.get("authority", in: $0) }
    let text = String(decoding: try #require(row).sealed, as: UTF8.self)
    #expect(!text.contains("PRIVATE KEY"))
    try await end()
  }

  @Test("A key file that others can read, that is none, or is missing, is refused with what to do")
  func badKeyFile() async throws {
    let path = folder + "/seal.key"
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
    for (words, prepare) in [
      ("chmod 600", {}), ("is no seal key", { try self.write("hello", path) }),
      ("is no seal key", { try self.write("rollcall-seal-key-1:AAAA", path) }),
      ("cannot be read", { try FileManager.default.removeItem(atPath: path) }),
    ] as [(String, () throws -> Void)] {
      try prepare()
      do {
        _ = try SealKey.load(path)
        Issue.record("taken: \(words)")
      } catch let error as ConfigurationError {
        #expect(error.kind == .sealKey && error.message.contains(words), "\(error)")
      }
    }
    try await end()
  }

  private func write(_ text: String, _ path: String) throws {
    try? FileManager.default.removeItem(atPath: path)
    try DurableFile.write(text, to: path, mode: 0o600)
  }

  @Test("Names that the first controller was told are everybody's who was told none")
  func names() async throws {
    let (first, second) = (try controller("first"), try controller("second"))
    #expect(try await first.keys.names(or: nil) == nil)
    #expect(
      try await first.keys.names(or: ["rollcall.example.org", "10.0.0.1"]) == ["rollcall.example.org", "10.0.0.1"])
    #expect(try await second.keys.names(or: nil) == ["rollcall.example.org", "10.0.0.1"])
    #expect(try await second.keys.names(or: ["own.example.org"]) == ["own.example.org"])
    try await end()
  }

  @Test("A seal key without a PostgreSQL database is refused: there is nobody to share with")
  func needsDatabase() throws {
    #expect(throws: ConfigurationError.self) {
      try ControllerSettings(SettingSources(file: nil, environment: [:], flags: [.sealKey: "/x"]))
    }
  }
}
