import AgentCollect
import Foundation
import Glibc
import Testing
import Vocabulary

@testable import AgentTransport
@testable import rollcall_agent

@Suite("The command measure")
struct MeasureTests {
  private func tree() throws -> String {
    let root = NSTemporaryDirectory() + "measure-" + UUID().uuidString
    let files = [
      "proc/uptime": "60.00 1\n", "proc/sys/kernel/random/boot_id": "b-1\n",
      "var/lib/dpkg/status": "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n",
      "var/lib/apt/lists/x_Packages": "Package: dpkg\nArchitecture: amd64\nVersion: 2\n\n",
    ]
    for (path, text) in files {
      let url = URL(filePath: root).appending(path: path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return root
  }

  @Test("It writes one file that none but root can write, and `collect` reports from it")
  func writes() throws {
    let root = try tree()
    defer { try? FileManager.default.removeItem(atPath: root) }
    let arguments = try Arguments(["--root", root + "/"], options: MeasureCommand.command.options)
    #expect(try MeasureCommand.command.run(arguments) == .done)
    var facts = stat()
    #expect(stat(root + "/" + Measurements.path, &facts) == 0)
    #expect(facts.st_mode & 0o777 == 0o644)
    #expect(stat(root + "/" + Measurements.folder, &facts) == 0)
    #expect(facts.st_mode & 0o777 == 0o750)
    let vitals = FactCollector(root: root).collect().vitals
    #expect(vitals?.updatesAvailable == 1)
    #expect(vitals?.unreadable.contains { $0.field == "updatesAvailable" } == false)
  }

  @Test("Its help says what it writes, and where with --root")
  func help() {
    let help = MeasureCommand.command.help
    #expect(help.contains("writes /run/rollcall-measure for the service"))
    #expect(help.contains("--root DIR") && help.contains("writes below it too: DIR/run/rollcall-measure/measured.json"))
  }

  @Test("A second one at the same time is refused, and a write that fails keeps the last file")
  func exclusive() throws {
    let root = try tree()
    defer { try? FileManager.default.removeItem(atPath: root) }
    let first = try MeasureCommand.measure(root: root, at: Instant(seconds: 1))
    #expect(MeasureCommand.words(first) == "Updates: 1 wait\n")
    struct Killed: Error {}
    var files = AtomicFiles()
    files.after = { step, _ in if step == .synced { throw Killed() } }
    #expect(throws: Killed.self) { try MeasureCommand.measure(root: root, at: Instant(seconds: 2), files: files) }
    let kept = try Data(contentsOf: URL(filePath: root + "/" + Measurements.path))
    #expect(try JSONDecoder().decode(Measurements.self, from: kept) == first)

    let lock = open(root + "/" + Measurements.folder, O_RDONLY | O_DIRECTORY)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX) == 0)
    let error = #expect(throws: AgentError.self) { try MeasureCommand.measure(root: root, at: Instant(seconds: 3)) }
    #expect(error?.kind == .busy)
  }
}
