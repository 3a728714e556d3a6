import Testing

@testable import rollcall

/// In which districts a command acts.
@Suite("Reach")
struct ReachTests {
  private let cedarFalls = ["ROLLCALL_DISTRICT": "cedar-falls"]

  private func sent(_ controller: FakeController) -> String? {
    controller.requests.last?.body.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("A grant without a district or --state-wide is not made")
  func noReach() {
    let controller = FakeController(.success(.json("{}")))
    for command in ["grant", "revoke-grant"] {
      for environment in [[:], ["ROLLCALL_DISTRICT": ""]] {
        let outcome = run(
          "principal", command, "prn_1", "--role", "district-it", on: controller, environment: environment)
        #expect(outcome.status == .usage)
        #expect(outcome.err.contains("--district") && outcome.err.contains("--state-wide"))
      }
    }
    #expect(controller.requests.isEmpty)
  }

  @Test("A grant keeps to ROLLCALL_DISTRICT, and its confirmation names the district")
  func fromEnvironment() {
    let controller = FakeController(.success(.json("{}")))
    let outcome = run(
      "principal", "grant", "prn_1", "--role", "district-it", on: controller, environment: cedarFalls)
    #expect(outcome.out == "Granted district-it in cedar-falls to prn_1.\n")
    #expect(sent(controller) == "{\"district\":\"cedar-falls\",\"role\":\"district-it\"}")
    let school = run(
      "principal", "grant", "prn_1", "--role", "read-only", "-d", "elm", "--school", "oak", on: controller,
      environment: cedarFalls)
    #expect(school.out == "Granted read-only in elm/oak to prn_1.\n")
  }

  @Test("--state-wide grants for the state, whatever ROLLCALL_DISTRICT says")
  func stateWide() {
    let controller = FakeController(.success(.json("{}")))
    let outcome = run(
      "principal", "grant", "prn_1", "--role", "read-only", "--state-wide", on: controller, environment: cedarFalls)
    #expect(outcome.out == "Granted read-only for the whole state to prn_1.\n")
    #expect(sent(controller) == "{\"role\":\"read-only\"}")
  }

  @Test("What contradicts itself is refused")
  func contradictions() {
    let controller = FakeController(.success(.json("{}")))
    for rest in [
      ["--role", "read-only", "--state-wide", "-d", "elm"], ["--role", "read-only", "--state-wide", "--school", "oak"],
      ["--role", "read-only", "--school", "oak"], ["--role", "state-admin", "-d", "elm"],
    ] {
      #expect(run(["principal", "grant", "prn_1"] + rest, on: controller).status == .usage, "\(rest)")
    }
    #expect(run("device", "list", "-d", "elm", "--all-districts", on: controller).status == .usage)
    #expect(controller.requests.isEmpty)
  }

  @Test("A grant is taken where it is said")
  func revokeGrant() {
    let controller = FakeController(.success(.json("{}")))
    let outcome = run(
      "principal", "revoke-grant", "prn_1", "--role", "district-it", on: controller, environment: cedarFalls)
    #expect(outcome.out == "Revoked district-it in cedar-falls from prn_1.\n")
    #expect(controller.requests[0].target == "/api/v1/principals/prn_1/grants?role=district-it&district=cedar-falls")
  }

  @Test(
    "Lists keep to ROLLCALL_DISTRICT, --district comes before it, and --all-districts asks for every district",
    arguments: [["device", "list"], ["pending", "list"], ["journal"], ["device", "show", "X1"]])
  func lists(command: [String]) {
    func targets(_ more: String...) -> [String] {
      let controller = FakeController(.success(.json("{\"items\":[]}")))
      _ = run(command + more, on: controller, environment: cedarFalls)
      return controller.requests.map(\.target)
    }
    #expect(!targets().isEmpty && targets().allSatisfy { $0.contains("district=cedar-falls") })
    #expect(targets("-d", "elm").allSatisfy { $0.contains("district=elm") })
    #expect(!targets("--all-districts").isEmpty)
    #expect(targets("--all-districts").allSatisfy { !$0.contains("district=") })
  }

  @Test("Where nothing is found, the district that was searched is named")
  func nothing() {
    let controller = FakeController(.success(.json("{\"items\":[]}")))
    #expect(run("device", "list", on: controller, environment: cedarFalls).err.contains("in district cedar-falls"))
    #expect(
      run("device", "show", "X1", on: controller, environment: cedarFalls).err.contains("in district cedar-falls"))
    #expect(!run("device", "list", on: controller).err.contains("in district"))
  }

  @Test("The examples of help name files where 'make run' puts them")
  func examples() {
    for arguments in [["--help"], ["login", "--help"]] {
      let help = run(arguments, on: FakeController(.success(.json("{}")))).out
      #expect(help.contains("var/controller/ca/root.pem") && help.contains("var/controller/admin.token"))
      #expect(!help.contains("var/ca") && !help.contains("var/admin"))
    }
  }
}
