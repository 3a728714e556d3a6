import Testing

@testable import rollcall

@Suite("Secrets")
struct SecretTests {
  @Test("login checks the token before it stores it")
  func login() {
    let controller = FakeController(.success(.json("{\"id\":\"prn_1\",\"name\":\"Ada\",\"grants\":[]}")))
    let files = MemoryFiles(["token": " rcp_fromfile\n", "root.pem": "PEM"])
    let outcome = run(
      "login", "--server", "https://c.test:8443/", "--ca", "root.pem", "--token-file", "token", on: controller,
      files: files)
    #expect(outcome.status == .success)
    #expect(controller.requests[0].target == "/api/v1/me")
    #expect(controller.requests[0].headers.contains { $0.value == "Bearer rcp_fromfile" })
    let stored = JSONValue(Array((files["/config/rollcall/credentials.json"] ?? "").utf8))
    #expect(stored == ["server": "https://c.test:8443", "token": "rcp_fromfile", "authorities": "PEM"])
    #expect(!outcome.out.contains("rcp_"))
  }

  @Test("A token that the controller refuses is not stored")
  func refusedLogin() {
    let controller = FakeController(.success(.problem(401, "access.unauthenticated", "No.")))
    let files = MemoryFiles(["token": "rcp_wrong"])
    let outcome = run("login", "--server", "https://c.test", "--token-file", "token", on: controller, files: files)
    #expect(outcome.status == .notAllowed)
    #expect(files["/config/rollcall/credentials.json"] == nil)
  }

  @Test("An enrolment token is not taken for an API token, and http is not taken for https")
  func wrongKind() {
    let controller = FakeController(.success(.json("{}")))
    let files = MemoryFiles(["token": "rct1.abc.def", "api": "rcp_x"])
    #expect(
      run("login", "--server", "https://c.test", "--token-file", "token", on: controller, files: files).status == .usage
    )
    #expect(
      run("login", "--server", "http://c.test", "--token-file", "api", on: controller, files: files).status == .usage)
    #expect(
      run("login", "--server", "https://c.test/path", "--token-file", "api", on: controller, files: files).status
        == .usage)
    #expect(controller.requests.isEmpty)
  }

  @Test("The token is read from standard input where nothing else gives it")
  func standardInput() {
    let controller = FakeController(.success(.json("{\"name\":\"Ada\"}")))
    let outcome = run(
      "login", "--server", "https://c.test", on: controller, environment: ["ROLLCALL_API_TOKEN": "rcp_typed"])
    #expect(outcome.status == .success)
    #expect(controller.requests[0].headers.contains { $0.value == "Bearer rcp_typed" })
  }

  @Test("--output-file takes an enrolment token's secret, which is then not printed")
  func outputFile() {
    let controller = FakeController(
      .success(.json("{\"id\":\"tok_1\",\"token\":\"rct1.aaa.bbb\",\"uses\":5}", status: 201)))
    let files = MemoryFiles()
    let outcome = run(
      "token", "create", "-d", "cedar-falls", "--batch", "fall-2026", "--output-file", "/t", on: controller,
      files: files)
    #expect(outcome.status == .success)
    #expect(files["/t"] == "rct1.aaa.bbb\n")
    #expect(!outcome.out.contains("rct1") && !outcome.err.contains("rct1"))
    #expect(controller.requests[0].body.map { String(decoding: $0, as: UTF8.self) } == "{\"expiresInHours\":24}")
  }

  @Test("--output-file overwrites nothing, and says so before anything is asked for")
  func existingOutputFile() {
    let controller = FakeController(.success(.json("{\"id\":\"tok_1\",\"token\":\"rct1.aaa.bbb\"}", status: 201)))
    let files = MemoryFiles(["/t": "precious"])
    let outcome = run(
      "token", "create", "-d", "cedar-falls", "--batch", "fall-2026", "--output-file", "/t", on: controller,
      files: files)
    #expect(outcome.status == .failure)
    #expect(controller.requests.isEmpty)
    #expect(files["/t"] == "precious")
  }

  @Test(
    "A secret that cannot be written is revoked again",
    arguments: [
      (
        ["token", "create", "-d", "cedar-falls", "--batch", "fall-2026"],
        "/api/v1/districts/cedar-falls/tokens/tok_1"
      ),
      (["api-token", "create", "--principal", "prn_1", "--name", "x"], "/api/v1/principals/prn_1/tokens/tok_1"),
    ])
  func unwritten(arguments: [String], revoked: String) {
    let controller = FakeController(
      .success(.json("{\"id\":\"tok_1\",\"token\":\"rct1.aaa.bbb\"}", status: 201)),
      .success(.json("", status: 204)))
    let outcome = run(arguments + ["--output-file", "/t"], on: controller, files: MemoryFiles(full: ["/t"]))
    #expect(outcome.status == .failure)
    #expect(controller.requests.map(\.method) == [.post, .delete])
    #expect(controller.requests.last?.target == revoked)
    #expect(
      outcome.err.contains("/t cannot be written") && outcome.err.contains("tok_1 that was made for it is revoked"))
    #expect(!outcome.out.contains("rct1") && !outcome.err.contains("rct1"))
  }

  @Test("A secret that can neither be written nor revoked is named, with the command that revokes it")
  func unrevoked() {
    let controller = FakeController(
      .success(.json("{\"id\":\"tok_1\",\"token\":\"rct1.aaa.bbb\"}", status: 201)),
      .success(.problem(500, "x.y", "No.")))
    let outcome = run(
      "token", "create", "-d", "cedar-falls", "--batch", "fall-2026", "--output-file", "/t", on: controller,
      files: MemoryFiles(full: ["/t"]))
    #expect(outcome.status == .failure)
    #expect(
      outcome.err.contains("could not be revoked. Revoke it with 'rollcall token revoke tok_1 --district cedar-falls'"))
  }

  @Test("A secret that was lost with a connection is told so")
  func lostSecret() {
    let controller = FakeController(.success(.json("{\"id\":\"tok_1\"}", status: 201)))
    let outcome = run("token", "create", "-d", "cedar-falls", "--batch", "fall-2026", on: controller)
    #expect(outcome.status == .failure)
    #expect(outcome.err.contains("rollcall token revoke tok_1"))
  }

  @Test("logout forgets")
  func logout() {
    let files = MemoryFiles(["/config/rollcall/credentials.json": "{}"])
    let controller = FakeController(.success(.json("{}")))
    #expect(run("logout", on: controller, files: files).out == "Signed out.\n")
    #expect(run("logout", on: controller, files: files).out == "You were not signed in.\n")
  }
}
