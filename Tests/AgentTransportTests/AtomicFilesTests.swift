import Foundation
import Testing

@testable import AgentTransport

@Suite final class AtomicFilesTests {
  let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "rollcall-files-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  struct Killed: Error {}

  @Test("Killed after any step, a file is the old one or the new one, whole", arguments: AtomicFiles.Step.allCases)
  func whole(step: AtomicFiles.Step) throws {
    let path = folder + "/file"
    try AtomicFiles().write(Array("old".utf8), to: path)
    var files = AtomicFiles()
    files.after = { done, _ in if done == step { throw Killed() } }
    do { try files.write(Array("new and longer".utf8), to: path) } catch is Killed {}
    let content = String(decoding: try AtomicFiles().read(path) ?? [], as: UTF8.self)
    let isRenamed = step == .renamed || step == .folderSynced || step == .removed
    #expect(content == (isRenamed ? "new and longer" : "old"))
    try AtomicFiles().write(Array("again".utf8), to: path)
    #expect(try AtomicFiles().read(path) == Array("again".utf8))
  }

  @Test("A secret file is 0600 even where a readable left-over lies in its way")
  func modes() throws {
    let path = folder + "/secret"
    #expect(
      FileManager.default.createFile(atPath: path + ".new", contents: nil, attributes: [.posixPermissions: 0o644]))
    try AtomicFiles().write([1], to: path)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test("A missing file is nil; one over the limit, and a folder, are errors")
  func reading() throws {
    #expect(try AtomicFiles().read(folder + "/none") == nil)
    try AtomicFiles().write([UInt8](repeating: 0, count: 100), to: folder + "/long")
    #expect(throws: AgentError(.fileUnreadable, "")) { try AtomicFiles().read(self.folder + "/long", limit: 99) }
    #expect(throws: AgentError(.fileUnreadable, "")) { try AtomicFiles().read(self.folder) }
  }

  @Test("What cannot be written says why")
  func unwritable() {
    #expect(throws: AgentError(.fileUnwritable, "")) { try AtomicFiles().write([1], to: self.folder + "/none/file") }
  }

  @Test("Folders are made as deep as needed, and found made")
  func folders() throws {
    let deep = folder + "/a/b/c"
    try AtomicFiles().makeFolder(deep)
    try AtomicFiles().makeFolder(deep)
    let mode = try FileManager.default.attributesOfItem(atPath: deep)[.posixPermissions] as? Int
    #expect(mode == 0o700)
  }
}
