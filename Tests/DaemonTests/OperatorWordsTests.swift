import Enrollment
import Foundation
import NIOCore
import NIOSSL
import ServiceLifecycle
import Testing
import Vocabulary

@testable import rollcalld

/// What an operator who got something wrong is told, and what mends itself.
@Suite("What operators meet")
struct OperatorWordsTests {
  private final class Folder {
    let state = StateFolder(path: FileManager.default.temporaryDirectory.path + "/words-\(UUID().uuidString)")
    init() throws {
      for path in [state.path, state.serverFolder] { try StateArchive.makeFolder(path) }
    }
    deinit { try? FileManager.default.removeItem(atPath: state.path) }

    func settings(_ flags: [Setting: String] = [:]) throws -> ControllerSettings {
      let file = FileManager.default.fileExists(atPath: state.configuration) ? state.configuration : nil
      let all = flags.merging([.state: state.path]) { $1 }
      return try ControllerSettings(SettingSources(file: file, environment: [:], flags: all))
    }
  }

  private func failure(_ body: () throws -> Void) -> ConfigurationError? {
    do {
      try body()
      return nil
    } catch { return error as? ConfigurationError }
  }

  @Test("A command of the controller that there is not is answered with the nearest one")
  func commands() {
    let names = Rollcalld.names(of: Rollcalld.self)
    #expect(names.mistake(in: ["serv"]) == "'rollcalld' has no command 'serv'. Did you mean 'serve'?")
    #expect(names.mistake(in: ["ca", "rotat"])?.contains("Did you mean 'rotate'?") == true)
    #expect(names.mistake(in: ["serve", "--stat"]) == nil && names.mistake(in: []) == nil)
  }

  @Test("Processor time is a counter to what reads the metrics")
  func processorTime() async throws {
    let sample = try await SampleController()
    let reply = await sample.text(.get, "/metrics", token: sample.adminToken)
    #expect(reply.status == 200 && reply.text.contains("# TYPE process_cpu_seconds_total counter\n"))
  }

  @Test("What init was given is kept: a plain serve has the same settings and keeps the certificate's names")
  func keptSettings() throws {
    let folder = try Folder()
    let flags: [Setting: String] = [
      .state: folder.state.path, .names: "vm.example.test", .people: "0.0.0.0:9443", .queue: "4096",
    ]
    #expect(try KeptSettings.keep(flags, in: folder.state) == .written)
    let authority = try NewAuthority(name: "Test", now: SystemClock.now).authority
    try ServerIdentities.write(authority, try folder.settings(flags), now: SystemClock.now)
    let made = try String(contentsOfFile: folder.state.devicesCertificate, encoding: .utf8)
    let served = try folder.settings()
    #expect(served.names == ["vm.example.test"] && served.people == .init(host: "0.0.0.0", port: 9443))
    try ServerIdentities.refresh(authority, served, now: SystemClock.now)
    #expect(try String(contentsOfFile: folder.state.devicesCertificate, encoding: .utf8) == made)
    let text = try String(contentsOfFile: folder.state.configuration, encoding: .utf8)
    #expect(!text.contains("queue"), "a default is not written")
    let mode = try FileManager.default.attributesOfItem(atPath: folder.state.configuration)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test("A settings file that is there stays, and defaults need none")
  func settingsThatAreThere() throws {
    let folder = try Folder()
    #expect(try KeptSettings.keep([.state: "x", .queue: "4096"], in: folder.state) == .nothingToKeep)
    try Data("queue: 100\n".utf8).write(to: URL(fileURLWithPath: folder.state.configuration))
    #expect(try KeptSettings.keep([.queue: "200"], in: folder.state) == .stays)
    #expect(try folder.settings().queue == 100)
  }

  @Test(
    "A certificate of our own that is damaged is made anew", arguments: ["devices.pem", "people.pem", "people.key"])
  func damagedOwn(file: String) throws {
    let folder = try Folder()
    let authority = try NewAuthority(name: "Test", now: SystemClock.now).authority
    try ServerIdentities.write(authority, try folder.settings(), now: SystemClock.now)
    try Data("-----BEGIN CERT".utf8).write(to: URL(fileURLWithPath: folder.state.serverFolder + "/" + file))
    try ServerIdentities.refresh(authority, try folder.settings(), now: SystemClock.now)
    _ = try ServerIdentities.peopleContext(try folder.settings())
    _ = try ServerIdentities.devicesContext(try folder.settings(), authority)
  }

  @Test("An operator's own certificate that is damaged is named, and stays as it is")
  func damagedOperators() throws {
    let folder = try Folder()
    let (chain, key) = (folder.state.path + "/own.pem", folder.state.path + "/own.key")
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: chain))
    let settings = try folder.settings([.peopleCertificate: chain, .peopleKey: key])
    let fault = failure { _ = try ServerIdentities.peopleContext(settings) }
    #expect(fault?.message.contains("\(chain) is damaged, or is not PEM. Put your chain") == true)
    #expect(try String(contentsOfFile: chain, encoding: .utf8) == "nonsense")
  }

  @Test("A name that can be none is refused with its place")
  func badName() throws {
    let folder = try Folder()
    try Data("names: \"a b\"\n".utf8).write(to: URL(fileURLWithPath: folder.state.configuration))
    let fault = failure { _ = try folder.settings() }
    #expect(
      fault?.message.contains("\(folder.state.configuration):1:1: 'names' is 'a b'; 'a b' is no DNS name") == true)
  }

  @Test("A folder that cannot be made, or is no backup, is told in plain words")
  func folders() throws {
    let folder = try Folder()
    try Data().write(to: URL(fileURLWithPath: folder.state.path + "/file"))
    let below = folder.state.path + "/file/state"
    #expect(
      failure { try StateArchive.makeFolder(below) }?.message == "The folder \(below) cannot be made: Not a directory.")
    let restored = failure { try StateArchive.restore(from: folder.state.path, to: StateFolder(path: below)) }
    #expect(restored?.message.hasPrefix("\(folder.state.path) is no backup folder: there is no SHA256SUMS") == true)
  }

  @Test("A port in use is told with its address and setting")
  func portInUse() {
    let fault = NamedListener.fault(.people, .init(host: "::1", port: 8443), EADDRINUSE)
    #expect(
      fault.message
        == "Cannot listen on [::1]:8443: another program listens there. Stop it, or give 'people' another port.")
  }

  @Test("A listener's name that has no address is told with its setting")
  func unknownHost() async throws {
    struct Nameless: Service {
      func run() async throws { _ = try SocketAddress.makeAddressResolvingHost("a b", port: 8443) }
    }
    let listener = NamedListener(setting: .people, address: .init(host: "a b", port: 8443), base: Nameless())
    let fault = await #expect(throws: ConfigurationError.self) { try await listener.run() }
    #expect(fault?.message.contains("Cannot listen on a b: no address is known by that name. Give 'people'") == true)
  }

  @Test("A device that never reported has an empty list of software")
  func noSoftware() async throws {
    let sample = try await SampleController()
    _ = await sample.call(.post, "/api/v1/districts", json: #"{"id":"cedar","name":"Cedar"}"#)
    _ = await sample.call(
      .post, "/api/v1/districts/cedar/batches", json: #"{"id":"one","name":"One","serials":["PF3ABCDE"]}"#)
    let devices = await sample.call(.get, "/api/v1/devices").body["items"] as? [[String: Any]]
    let id = try #require(devices?.first?["id"] as? String)
    let reply = await sample.call(.get, "/api/v1/districts/cedar/devices/\(id)/software")
    #expect(reply.status == 200 && (reply.body["items"] as? [Any])?.isEmpty == true)
  }
}
