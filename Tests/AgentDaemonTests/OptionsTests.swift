import Testing
import Vocabulary

@testable import AgentTransport
@testable import rollcall_agent

@Suite struct OptionsTests {
  private func arguments(_ words: String...) throws(UsageError) -> Arguments {
    try Arguments(words, options: Command.configuration + [Option("wait", nil, "")])
  }

  @Test("Values stand after a space or an equals sign, switches alone")
  func reads() throws {
    let arguments = try arguments("--controller", "https://a", "--state-dir=/x", "--wait")
    #expect(arguments.values == ["controller": "https://a", "state-dir": "/x"])
    #expect(arguments.switches == ["wait"])
  }

  @Test(
    "What cannot be understood says so, with the nearest name",
    arguments: [
      (["--state-dri", "x"], "There is no option --state-dri. Did you mean --state-dir?"),
      (["--zzzzzzzz"], "There is no option --zzzzzzzz."),
      (["word"], "'word' is not an option; options begin with '--'."),
      (["--controller"], "--controller needs a value: --controller URL."),
      (["--wait=yes"], "--wait takes no value."),
      (["--wait", "--wait"], "--wait stands twice."),
    ])
  func refuses(words: [String], message: String) {
    #expect(throws: UsageError(message: message)) {
      try Arguments(words, options: Command.configuration + [Option("wait", nil, "")])
    }
  }

  @Test("A token on the command line is refused with the ways that keep it secret")
  func token() throws {
    do throws(UsageError) {
      _ = try arguments("--token", "rct1.x.y")
      Issue.record("taken")
    } catch { #expect(error.message.contains("--token-file") && error.message.contains("ROLLCALL_TOKEN")) }
  }

  @Test("A configuration file sets what it names; comments and blank lines count as lines only")
  func file() throws {
    let text = "# agent\n\ncontroller = https://rollcall.example.org:8444/\nstate-dir=/srv/agent/\n"
    let configuration = try Configuration(text: text, from: "agent.conf")
    #expect(configuration.controller == "https://rollcall.example.org:8444")
    #expect(configuration.stateFolder.path == "/srv/agent")
  }

  @Test(
    "A wrong line is named with its number",
    arguments: [
      ("controler = https://a", "agent.conf, line 1: there is no setting 'controler'. Did you mean 'controller'?"),
      ("\n\nroot", "agent.conf, line 3: a line is 'key = value'."),
      ("root = /a\nroot = /b", "agent.conf, line 2: 'root' stands in line 1 already."),
      ("root =", "agent.conf, line 1: 'root' has no value."),
      (
        "controller = http://a",
        "agent.conf, line 1: 'http://a' is not a controller's address. It reads https://NAME or https://NAME:PORT."
      ),
    ])
  func wrongFile(text: String, message: String) {
    #expect(throws: ConfigurationError(message: message)) { try Configuration(text: text, from: "agent.conf") }
  }

  @Test(
    "Addresses are taken with and without a port",
    arguments: ["https://a", "https://a:1", "https://[::1]", "https://[::1]:8444"])
  func addresses(text: String) throws { #expect(try Configuration.address(text, at: "x") == text) }

  @Test(
    "Other addresses are refused",
    arguments: [
      "https://", "https://a:", "https://a:0", "https://a:65536", "https://a:x", "https://a/b", "https://u@a", "a",
    ])
  func wrongAddresses(text: String) {
    #expect(throws: ConfigurationError.self) { try Configuration.address(text, at: "x") }
  }

  @Test("Every command has a summary, and its help names each of its options")
  func help() {
    for command in Program.commands {
      #expect(Program.help.contains(command.summary))
      for option in command.options { #expect(command.help.contains("--\(option.name)")) }
    }
  }

  @Test("Exit statuses differ and are explained")
  func exitCodes() {
    #expect(Set(ExitCode.allCases.map(\.meaning)).count == ExitCode.allCases.count)
    #expect(ExitCode(of: UsageError(message: "")) == .usage)
    #expect(ExitCode(of: AgentError(.fileUnwritable, "")) == .files)
    #expect(ExitCode(of: Refusal(status: 503, code: "x", message: "")) == .waiting)
    #expect(ExitCode(of: Refusal(status: 403, code: "x", message: "")) == .refused)
  }
}
