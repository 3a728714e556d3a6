import Foundation
import Testing

/// A person at a terminal: the real `rollcall`, signed in, with a settings folder of its own.
struct Operator {
  let environment: [String: String]

  /// Signs in with the first administrator's token, as after `rollcalld init`.
  init(_ controller: RunningController, _ folder: TemporaryFolder) throws {
    environment = ["XDG_CONFIG_HOME": folder.file("config"), "NO_COLOR": "1"]
    let said = try rollcall([
      "login", "--server", controller.peopleURL, "--ca", controller.root, "--token-file",
      controller.state + "/admin.token",
    ])
    #expect(said.hasPrefix("Signed in to \(controller.peopleURL) as "), "\(said)")
    let stored = folder.file("config/rollcall/credentials.json")
    #expect(try FileManager.default.attributesOfItem(atPath: stored)[.posixPermissions] as? Int == 0o600)
  }

  /// What a command prints, expecting success.
  @discardableResult
  func rollcall(_ arguments: [String]) throws -> String {
    try succeed(Programs.path("rollcall"), arguments, environment: environment)
  }

  /// A command's end, whatever it is.
  func attempt(_ arguments: [String]) throws -> Finished {
    try run(Programs.path("rollcall"), arguments, environment: environment)
  }

  func object(_ arguments: [String]) throws -> [String: Any] {
    let text = try rollcall(arguments + ["--output", "json"])
    return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
  }

  func list(_ arguments: [String]) throws -> [[String: Any]] {
    let text = try rollcall(arguments + ["--output", "json"])
    return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]], "\(text)")
  }
}
