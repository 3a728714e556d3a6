import ArgumentParser
import Testing

@testable import rollcall

@Suite("Exit codes")
struct ExitCodeTests {
  @Test(
    "Each kind of refusal has its exit code",
    arguments: [
      (404, rollcall.ExitStatus.notFound), (401, .notAllowed), (403, .notAllowed), (400, .refused), (409, .refused),
      (413, .refused), (422, .refused), (500, .failure), (502, .unreachable), (503, .unreachable), (429, .unreachable),
    ])
  func refusals(status: Int, expected: rollcall.ExitStatus) {
    let outcome = run("me", on: FakeController(.success(.problem(status, "x.y", "What happened."))))
    #expect(outcome.status == expected)
    #expect(outcome.err.contains("error: What happened."))
    #expect(outcome.err.contains("(code x.y, request req-7)"))
    #expect(outcome.out.isEmpty)
  }

  @Test("A controller that does not answer is exit code 5, after the retries")
  func unreachable() {
    let failure = ConnectionFailure(message: "No answer.", code: "transfer.refused", isTransient: true)
    let controller = FakeController(.failure(failure))
    let outcome = run("me", on: controller)
    #expect(outcome.status == .unreachable)
    #expect(outcome.err == "error: No answer.\n       (code transfer.refused)\n")
    #expect(controller.requests.count == 4)
  }

  @Test("A certificate that is not trusted is not tried again")
  func untrusted() {
    let failure = ConnectionFailure(
      message: "Not trusted.", code: "transfer.server-certificate-unknown-ca", isTransient: false)
    let controller = FakeController(.failure(failure))
    let outcome = run("me", on: controller)
    #expect(outcome.status == .unreachable)
    #expect(outcome.err.contains("Not trusted.") && outcome.err.contains("--ca") && outcome.err.contains("ROLLCALL_CA"))
    #expect(controller.requests.count == 1)
  }

  @Test(
    "A wrong command line is exit code 2",
    arguments: [
      ["device", "show"], ["device", "list", "--output", "xml"], ["nothing"], ["batch", "create", "--id", "b"],
      ["device", "list", "--limit", "0"], ["district", "set", "cedar-falls"],
    ])
  func usage(arguments: [String]) {
    let console = TestConsole()
    var surroundings = Surroundings.real
    surroundings.console = console
    surroundings.environment = ["ROLLCALL_SERVER": "https://c.test", "ROLLCALL_API_TOKEN": "rcp_x"]
    surroundings.connect = { _ throws(CommandError) in FakeController(.success(.json("{}"))) }
    let status = Surroundings.$current.withValue(surroundings) { Program.run(arguments) }
    #expect(status == .usage)
    #expect(!console.err.isEmpty && console.out.isEmpty)
  }

  @Test("Without a stored token the command says how to sign in")
  func notSignedIn() {
    let console = TestConsole()
    var surroundings = Surroundings.real
    surroundings.console = console
    surroundings.environment = ["XDG_CONFIG_HOME": "/nowhere"]
    let status = Surroundings.$current.withValue(surroundings) { Program.run(["me"]) }
    #expect(status == .notAllowed)
    #expect(console.err.contains("rollcall login"))
  }

  @Test("Every command has an abstract and an example")
  func examples() {
    func check(_ command: any ParsableCommand.Type, _ path: String) {
      #expect(!command.configuration.abstract.isEmpty, "\(path)")
      if command.configuration.subcommands.isEmpty {
        #expect(command.configuration.discussion.contains("EXAMPLE"), "\(path)")
      }
      for part in command.configuration.subcommands { check(part, path + " \(part)") }
    }
    check(RollcallCommand.self, "rollcall")
  }
}
