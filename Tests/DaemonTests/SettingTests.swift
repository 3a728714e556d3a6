import Foundation
import Testing

@testable import rollcalld

@Suite struct SettingTests {
  private func settings(
    file text: String? = nil, environment: [String: String] = [:], flags: [Setting: String] = [:]
  ) throws -> ControllerSettings {
    var path: String?
    if let text {
      let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + ".yaml").path
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      path = file
    }
    defer { if let path { try? FileManager.default.removeItem(atPath: path) } }
    return try ControllerSettings(SettingSources(file: path, environment: environment, flags: flags))
  }

  private func failure(_ body: () throws -> ControllerSettings) -> ConfigurationError? {
    do {
      _ = try body()
      return nil
    } catch { return error as? ConfigurationError }
  }

  @Test("Without any source, every setting has its default")
  func defaults() throws {
    let settings = try settings()
    #expect(settings.people == .init(host: "127.0.0.1", port: 8443))
    #expect(settings.checkInInterval == .seconds(3600))
    #expect(settings.state.path == "/var/lib/rollcall")
  }

  @Test("The machine's file beats the state folder's, setting by setting")
  func machineFile() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (own, machine) = (folder.path + "/own.yaml", folder.path + "/machine.yaml")
    try Data("queue: 100\nconnections: 200\n".utf8).write(to: URL(fileURLWithPath: own))
    try Data("connections: 201\n".utf8).write(to: URL(fileURLWithPath: machine))
    let settings = try ControllerSettings(SettingSources(machine: machine, file: own, environment: [:], flags: [:]))
    #expect(settings.queue == 100)
    #expect(settings.connections == 201)
  }

  @Test("The machine's file counts for the package's folder alone, and not beside --config")
  func whichFiles() {
    let packaged = StateFolder(path: "/var/lib/rollcall/")
    let other = StateFolder(path: "/srv/rollcall")
    let both = packaged.settingFiles(config: nil, exists: { _ in true })
    #expect(both == (packaged.configuration, StateFolder.machineSettings))
    #expect(packaged.settingFiles(config: nil, exists: { _ in false }) == (nil, nil))
    #expect(packaged.settingFiles(config: "x.yaml", exists: { _ in true }) == ("x.yaml", nil))
    #expect(other.settingFiles(config: nil, exists: { _ in true }) == (other.configuration, nil))
  }

  @Test("A flag beats the environment, which beats the file")
  func precedence() throws {
    let file = "queue: 100\nconnections: 200\ncheck-in-interval: 300\n"
    let settings = try settings(
      file: file, environment: ["ROLLCALLD_CONNECTIONS": "201", "ROLLCALLD_CHECK_IN_INTERVAL": "301"],
      flags: [.checkInInterval: "302"])
    #expect(settings.queue == 100)
    #expect(settings.connections == 201)
    #expect(settings.checkInInterval == .seconds(302))
  }

  @Test("An unknown key of the file is refused with its place and the nearest valid name")
  func unknownKey() throws {
    let error = try #require(failure { try settings(file: "people: 0.0.0.0:1\npeeple-key: x\n") })
    #expect(error.kind == .unknownKey)
    #expect(error.message.contains(":2:1:"))
    #expect(error.message.contains("did you mean 'people-key'?"))
  }

  @Test("An unknown variable of the environment is refused with the nearest valid name")
  func unknownVariable() throws {
    let error = try #require(failure { try settings(environment: ["ROLLCALLD_QUEU": "1"]) })
    #expect(error.kind == .unknownKey)
    #expect(error.message.contains("ROLLCALLD_QUEUE"))
  }

  @Test(
    "A value out of its range is refused with its place and unit",
    arguments: [
      (Setting.queue, "0"), (.queue, "many"), (.people, "8443"), (.people, ":8443"), (.devices, "host:99999"),
      (.checkInInterval, "9"), (.logLevel, "loud"), (.logFormat, "xml"), (.names, ""), (.peopleKey, "alone"),
    ])
  func badValue(setting: Setting, value: String) throws {
    let error = try #require(failure { try settings(flags: [setting: value]) })
    #expect(error.kind == .badValue)
  }

  @Test(
    "Files that are no settings are refused",
    arguments: ["- a\n- b\n", "a: [", "queue: [1, 2]\n", "queue: 16\nqueue: 17\n"])
  func badFile(text: String) throws {
    #expect(failure { try settings(file: text) } != nil)
  }

  @Test("IPv6 addresses stand in brackets")
  func addresses() throws {
    #expect(try settings(flags: [.people: "[::]:1"]).people == .init(host: "::", port: 1))
  }

  @Test("Every setting has words and a unit")
  func words() {
    for setting in Setting.allCases { #expect(!setting.meaning.isEmpty && !setting.unit.isEmpty) }
  }
}
