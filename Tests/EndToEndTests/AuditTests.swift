import Foundation
import TestSupport
import Testing

/// The real programs: changes over the API, the journal exported and verified, tampered with, restored, taken over.
@Suite struct AuditTests {
  /// A checkpoint of all that was journalled so far; waits for the sequencer, which looks four times a second.
  private func checkpoint(_ person: Operator, atLeast size: Int) throws -> [String: Any] {
    for _ in 0..<200 {
      let answer = try person.attempt(["audit", "checkpoint", "--output", "json"])
      guard answer.status == 0, let data = answer.output.data(using: .utf8),
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any], let found = object["size"] as? Int,
        found >= size
      else { continue }
      return object
    }
    Issue.record("the journal never had \(size) leaves")
    return [:]
  }

  private func entries(_ person: Operator) throws -> Int { try person.list(["journal", "--all"]).count }

  private func makeSchools(_ person: Operator, _ names: String, count: Int) throws {
    for number in 0..<count {
      try person.rollcall(["school", "create", "-d", "cedar-falls", "\(names)-\(number)", "--name", "School \(number)"])
    }
  }

  private func key(_ controller: RunningController) -> String { controller.state + "/journal/checkpoint.pub" }

  private func prepared(_ folder: TemporaryFolder, kept: [String] = []) throws -> (RunningController, Operator) {
    let controller = try RunningController(in: folder, kept: kept)
    let person = try Operator(controller, folder)
    try person.rollcall(["district", "create", "cedar-falls", "--name", "Cedar Falls (fictional)"])
    try makeSchools(person, "first", count: 6)
    return (controller, person)
  }

  @Test("The journal is exported and verified without the controller; what is tampered with is named by its line")
  func exportAndVerify() throws {
    let folder = try TemporaryFolder()
    let (controller, person) = try prepared(folder)
    let size = try entries(person)
    _ = try checkpoint(person, atLeast: size)
    try person.rollcall(["audit", "checkpoint", "--output-file", folder.file("old.checkpoint")])
    #expect(try String(contentsOfFile: folder.file("old.checkpoint"), encoding: .utf8).contains("\n\(size)\n"))
    try makeSchools(person, "second", count: 3)
    _ = try checkpoint(person, atLeast: size + 3)
    let file = folder.file("journal.jsonl")
    try person.rollcall(["audit", "export", "--output-file", file])
    let mode = try FileManager.default.attributesOfItem(atPath: key(controller))[.posixPermissions] as? Int
    #expect(mode == 0o644)
    let secret = controller.state + "/journal/checkpoint.key"
    #expect(try FileManager.default.attributesOfItem(atPath: secret)[.posixPermissions] as? Int == 0o600)
    let verifier = folder.file("checkpoint.pub")
    try FileManager.default.copyItem(atPath: key(controller), toPath: verifier)
    let entry = try #require(
      try person.list(["journal", "--action", "school.create", "--limit", "1"]).first?["id"] as? String)
    let one = folder.file("entry.jsonl")
    try person.rollcall([
      "audit", "export", "--entry", entry, "--since", folder.file("old.checkpoint"), "--output-file", one,
    ])
    let district = folder.file("district.jsonl")
    try person.rollcall(["audit", "export", "-d", "cedar-falls", "--output-file", district])
    let rest = folder.file("rest.jsonl")
    try person.rollcall(["audit", "export", "--from", "\(size)", "--output-file", rest])
    #expect(controller.stop() == 0)

    // Nobody answers any more, and nobody is signed in.
    func verify(_ file: String, _ more: String...) throws -> Finished {
      try run(
        Programs.path("rollcall"), ["audit", "verify", file, "--key", verifier] + more,
        environment: ["XDG_CONFIG_HOME": folder.file("nobody")])
    }
    let old = ["--checkpoint", folder.file("old.checkpoint")]
    for (file, words) in [
      (file, "\(size + 3)"), (one, "Entries       1"), (district, "Scope         part"), (rest, "range"),
    ] {
      let verified = try verify(file)
      #expect(
        verified.status == 0 && verified.output.contains("holds") && verified.output.contains(words), "\(verified)")
    }
    for file in [file, one] { #expect(try verify(file, old[0], old[1]).status == 0) }

    let text = try String(contentsOfFile: file, encoding: .utf8)
    var lines = text.split(separator: "\n").map(String.init)
    let index = try #require(lines.firstIndex { $0.contains("school.create") })
    lines[index] = lines[index].replacing("school.create", with: "school.remove")
    let changed = try verify(folder.write(lines.joined(separator: "\n") + "\n", to: "changed.jsonl"))
    #expect(
      changed.status == 7 && changed.errors.hasPrefix("\(folder.file("changed.jsonl")):\(index + 1): entry "),
      "\(changed)")
    var dropped = text.split(separator: "\n").map(String.init)
    dropped.remove(at: index)
    let missing = try verify(folder.write(dropped.joined(separator: "\n") + "\n", to: "dropped.jsonl"))
    #expect(missing.status == 7 && missing.errors.contains("dropped.jsonl:\(index + 1): "), "\(missing)")
  }

  @Test(
    "Killed again and again, the controller sequences everything once; restored from an older backup, it is noticed")
  func killedAndRestored() throws {
    let folder = try TemporaryFolder()
    var (controller, person) = try prepared(folder)
    for round in 0..<3 {
      try makeSchools(person, "round-\(round)", count: 5)
      controller.kill()
      try controller.start()
      person = try Operator(controller, folder)
    }
    let size = try entries(person)
    _ = try checkpoint(person, atLeast: size)
    let (before, after) = (folder.file("before.jsonl"), folder.file("after.jsonl"))
    try person.rollcall(["audit", "export", "--output-file", before])
    #expect(try String(contentsOfFile: before, encoding: .utf8).split(separator: "\n").count == size + 2)
    try person.rollcall(["audit", "verify", before, "--key", key(controller)])

    try succeed(Programs.path("rollcalld"), ["backup", folder.file("backup"), "--state", controller.state])
    try makeSchools(person, "lost", count: 4)
    _ = try checkpoint(person, atLeast: size + 4)
    let newer = folder.file("newer.checkpoint")
    try person.rollcall(["audit", "checkpoint", "--output-file", newer])
    #expect(controller.stop() == 0)

    let state = folder.file("restored")
    try succeed(Programs.path("rollcalld"), ["restore", folder.file("backup"), "--state", state])
    let restored = try RunningController(state: state)
    person = try Operator(restored, folder)
    try makeSchools(person, "other", count: 6)
    _ = try checkpoint(person, atLeast: size + 6)
    try person.rollcall(["audit", "export", "--output-file", after])
    // The same key signs, what was before the backup is there, and what the newer checkpoint signed is not.
    try person.rollcall(["audit", "verify", after, "--key", key(controller), "--checkpoint", before])
    let forked = try person.attempt(["audit", "verify", after, "--key", key(controller), "--checkpoint", newer])
    #expect(forked.status == 7 && forked.errors.contains("the journal was forked"), "\(forked)")
    #expect(restored.stop() == 0)
  }

  @Test("Of two controllers on PostgreSQL one is killed, and the other goes on with the same tree and key")
  func takeover() throws {
    let folder = try TemporaryFolder()
    let sharing = ["--database", try PostgresServer.setting(), "--seal-key", folder.file("seal.key")]
    let (first, person) = try prepared(folder, kept: sharing)
    let state = folder.file("second")
    let second = try RunningController(state: state, settings: sharing)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: key(second))) == Data(contentsOf: URL(fileURLWithPath: key(first))))
    try makeSchools(person, "both", count: 10)
    let size = try entries(person)
    _ = try checkpoint(person, atLeast: size)
    let before = folder.file("before.jsonl")
    try person.rollcall(["audit", "export", "--output-file", before])
    try makeSchools(person, "last", count: 3)
    first.kill()
    try FileManager.default.copyItem(atPath: first.state + "/admin.token", toPath: state + "/admin.token")
    let other = try Operator(second, folder)
    try makeSchools(other, "alone", count: 3)
    _ = try checkpoint(other, atLeast: size + 6)
    let after = folder.file("after.jsonl")
    try other.rollcall(["audit", "export", "--output-file", after])
    try other.rollcall(["audit", "verify", after, "--key", key(first), "--checkpoint", before])
    #expect(second.stop() == 0)
  }
}
