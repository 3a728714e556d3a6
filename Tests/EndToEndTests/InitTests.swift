import Foundation
import Testing

/// A state folder whose setting up was interrupted.
@Suite struct InitTests {
  private let program = Programs.path("rollcalld")

  @Test("Killed at any write to the disk, init is run again and comes to its end with an administrator who can sign in")
  func killed() throws {
    for number in 1...100 {
      let folder = try TemporaryFolder()
      let state = folder.file("controller")
      let killed = try run(
        "/usr/bin/strace",
        [
          "-f", "-qq", "-o", folder.file("trace"), "-e", "trace=fsync,fdatasync", "-e",
          "inject=fsync,fdatasync:signal=SIGKILL:when=\(number)", program, "init", "--state", state,
        ])
      try succeed(program, ["init", "--if-missing", "--state", state])
      if killed.status == 0 {
        #expect(number > 10, "init wrote to the disk \(number - 1) times")
        return
      }
      let controller = try RunningController(state: state)
      #expect(try controller.api("GET", "/api/v1/me").status == 200, "killed at write \(number)")
      #expect(controller.stop() == 0)
    }
    Issue.record("init never came to its end")
  }

  @Test(
    "A database without an administrator is set up to its end, and doctor says what it lacks; one with is let alone")
  func withoutAdministrator() throws {
    let folder = try TemporaryFolder()
    let state = folder.file("controller")
    try succeed(program, ["init", "--state", state])
    let database = state + "/rollcall.sqlite"
    try succeed("/usr/bin/sqlite3", [database, "DELETE FROM access_grant"])
    let doctor = try run(program, ["doctor", "--state", state])
    #expect(doctor.status == 2 && doctor.output.contains("FAULT administrator"), "\(doctor.output)")
    try succeed(program, ["init", "--state", state])
    let token = try String(contentsOfFile: state + "/admin.token", encoding: .utf8)
    let again = try run(program, ["init", "--state", state])
    #expect(again.status != 0 && again.errors.contains("holds a controller already"), "\(again)")
    #expect(try succeed(program, ["init", "--if-missing", "--state", state]).contains("nothing was changed"))
    #expect(try String(contentsOfFile: state + "/admin.token", encoding: .utf8) == token)
    let controller = try RunningController(state: state)
    #expect(try controller.api("GET", "/api/v1/me").status == 200)
    let busy = try run(program, ["init", "--if-missing", "--state", state])
    #expect(busy.status != 0 && busy.errors.contains("Another rollcalld works on"), "\(busy)")
    #expect(controller.stop() == 0)
  }
}
