import Testing
import Vocabulary

@testable import rollcall

/// What a person reads who typed something else than was meant.
@Suite("Plain words")
struct PlainWordsTests {
  private static let nothing = FakeController(.success(.json("{\"items\":[]}")))

  @Test(
    "A word that an option does not take is answered with those that it takes",
    arguments: [
      (["principal", "grant", "prn_1", "--state-wide", "--role"], "district-it"),
      (["principal", "create", "--name", "x", "--kind"], "service"),
      (["district", "create", "d", "--name", "x", "--unknown-serials"], "refuse"),
      (["device", "list", "--stage"], "in-repair"), (["device", "list", "--management"], "external"),
      (["device", "list", "--key-state"], "quarantined"), (["device", "list", "--health"], "failing"),
      (["batch", "show", "b", "-d", "d", "--state"], "unexpected"),
    ])
  func choices(arguments: [String], allowed: String) {
    let controller = Self.nothing
    let outcome = run(arguments + ["foo"], on: controller)
    #expect(outcome.status == .usage)
    #expect(outcome.err.contains("'foo'") && outcome.err.contains(allowed), "\(outcome.err)")
    #expect(!outcome.err.contains("Cannot initialize"))
    #expect(controller.requests.isEmpty)
  }

  @Test(
    "A command that there is not is answered with the nearest one",
    arguments: [
      (["device", "lst"], "'device' has no command 'lst'. Did you mean 'list'?"),
      (["devices"], "'rollcall' has no command 'devices'. Did you mean 'device'?"),
      (["software", "whohas", "x"], "Did you mean 'who-has'?"),
      (["batch", "zzzzzz"], "'batch' has no command 'zzzzzz'."),
    ])
  func commands(arguments: [String], said: String) {
    let outcome = run(arguments, on: Self.nothing)
    #expect(outcome.status == .usage && outcome.err.contains(said), "\(outcome.err)")
  }

  @Test("Every command is found by its name, and what is wrong behind it is another matter")
  func tree() {
    let names = Program.names(of: RollcallCommand.self)
    #expect(names.commands.contains { $0.name == "batch" && $0.commands.map(\.name).contains("remove") })
    #expect(names.mistake(in: ["device", "list", "lst"]) == nil && names.mistake(in: ["device", "--help"]) == nil)
  }

  @Test("Where a command needs a district, it is that command's usage that is shown")
  func usage() {
    let outcome = run("batch", "list", on: Self.nothing)
    #expect(outcome.status == .usage && outcome.err.hasPrefix("Error: Which district?"))
    #expect(
      outcome.err.contains("Usage: rollcall batch list") && !outcome.err.contains("<subcommand>"), "\(outcome.err)")
  }

  @Test("Signing in at the devices port names the people port, and stores nothing")
  func devicesPort() {
    let controller = FakeController(.success(.problem(404, "request.not-found", "There is no such thing here.")))
    let files = MemoryFiles()
    let outcome = run("login", "--server", "https://controller.test:8444", on: controller, files: files)
    #expect(outcome.status == .failure)
    #expect(outcome.err.contains("is it the devices port? The people port is 8443 by default"), "\(outcome.err)")
    #expect(files["/config/rollcall/credentials.json"] == nil)
  }

  @Test("The roles and states of keys that options take are those of the vocabulary")
  func vocabulary() {
    #expect(Set(RoleChoice.allCases.map(\.rawValue)) == Set(Role.allCases.map(\.rawValue)))
    #expect(Set(KeyStateChoice.allCases.map(\.rawValue)) == Set(KeyState.allCases.map(\.rawValue)))
  }

  @Test(
    "A code that breaks the rule is refused with the rule, under the option's name",
    arguments: [
      (["batch", "create", "-d", "d", "--id", "Load!"], "--id: 'Load!'"),
      (["district", "create", "Cedar Falls", "--name", "x"], "The district's code: 'Cedar Falls'"),
      (["school", "create", "-d", "d", "_x", "--name", "x"], "The school's code: '_x'"),
    ])
  func codes(arguments: [String], said: String) {
    let controller = Self.nothing
    let outcome = run(arguments, on: controller)
    #expect(outcome.status == .usage)
    #expect(outcome.err.contains(said) && outcome.err.contains("1 to 40 of a–z, 0–9 and '-'"), "\(outcome.err)")
    #expect(controller.requests.isEmpty)
  }

  @Test(
    "A file that lists no serial is refused before it is sent",
    arguments: [
      ("serial\n", "0 serials"), ("serial,model\r\n \r\n\r\n", "0 serials"), ("", "is empty"), ("\n\n", "is empty"),
    ])
  func emptyList(content: String, said: String) {
    let controller = Self.nothing
    for arguments in [["create", "--id", "b"], ["add", "b"], ["remove", "b"]] {
      let outcome = run(
        ["batch"] + arguments + ["-d", "d", "--serials", "s.csv"], on: controller,
        files: MemoryFiles(["s.csv": content]))
      #expect(outcome.status == .refused)
      #expect(outcome.err.contains("s.csv") && outcome.err.contains(said))
    }
    #expect(controller.requests.isEmpty)
  }

  @Test("Without --serials a batch begins empty")
  func noList() {
    let controller = FakeController(.success(.json("{\"id\":\"b\"}", status: 201)))
    #expect(run("batch", "create", "-d", "d", "--id", "b", on: controller).status == .success)
  }

  @Test("Serials are taken out by their file, and the batch is shown as it is then; each refused line has its place")
  func removal() {
    let answer = "{\"id\":\"b\",\"district\":\"d\",\"counts\":{\"listed\":4},\"removed\":2}"
    let refused = APIAnswer.problem(
      422, "enroll.faults", "The list has 1 fault.",
      errors:
        "[{\"line\":3,\"field\":\"serial\",\"code\":\"enroll.serial-enrolled\",\"message\":\"This device has enrolled.\"}]"
    )
    let controller = FakeController(.success(.json(answer)), .success(refused))
    let files = MemoryFiles(["s.csv": "serial\nA1B2\nC3D4\n"])
    let done = run("batch", "remove", "b", "-d", "d", "--serials", "s.csv", on: controller, files: files)
    #expect(done.out.hasPrefix("Removed 2.\nBatch") && done.out.contains("Listed          4\n"), "\(done.out)")
    let request = controller.requests[0]
    #expect(request.method == .delete && request.target == "/api/v1/districts/d/batches/b/serials")
    #expect(request.body.map { String(decoding: $0, as: UTF8.self) } == "serial\nA1B2\nC3D4\n")
    #expect(request.headers.contains { $0.name == "Idempotency-Key" && $0.value == "key-1" })
    let failed = run("batch", "remove", "b", "-d", "d", "--serials", "s.csv", on: controller, files: files)
    #expect(failed.status == .refused && failed.err.contains("s.csv:3: serial: This device has enrolled."))
  }

  @Test("A batch tells how many serials are listed beside those still expected")
  func batch() {
    let answer =
      "{\"id\":\"b\",\"district\":\"d\",\"counts\":{\"listed\":50,\"expected\":0,\"enrolled\":49,\"unexpected\":1,\"quarantined\":1,\"pending\":2}}"
    let controller = FakeController(.success(.json(answer)))
    let lines = run("batch", "show", "b", "-d", "d", on: controller).out.split(separator: "\n")
    #expect(lines.contains("Listed          50") && lines.contains("Still expected  0"), "\(lines)")
    #expect(
      run("batch", "show", "b", "-d", "d", "--output", "csv", on: controller).out
        == "id,name,district,listed,expected,enrolled,unexpected,quarantined,pending,createdAt\r\nb,,d,50,0,49,1,1,2,\r\n"
    )
    let json = run("batch", "show", "b", "-d", "d", "--output", "json", on: controller).out
    #expect(JSONValue(Array(json.utf8)) == JSONValue(Array(answer.utf8)))
  }
}
