import Foundation
import Testing

/// The main job, by the real programs on this very machine.
@Suite struct MainJobTests {
  @Test("This machine enrols, checks in, and is found by the operator")
  func thisMachine() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let token = try controller.prepareBatch(serials: ["EXAMPLE-1"], allowUnidentified: true)
    let tokenFile = try folder.write(token + "\n", to: "token")
    let agent = ["--controller", controller.devicesURL, "--state-dir", folder.file("agent")]
    try succeed(Programs.path("rollcall-agent"), ["enroll", "--token-file", tokenFile] + agent)
    try succeed(Programs.path("rollcall-agent"), ["once"] + agent)
    let list = try controller.api("GET", "/api/v1/devices?management=agent")
    let devices = try #require(list.body["items"] as? [[String: Any]])
    #expect(devices.count == 1)
    let device = try #require(devices.first)
    let id = try #require(device["id"] as? String)
    let shown = try controller.api("GET", "/api/v1/districts/cedar-falls/devices/\(id)")
    #expect(shown.status == 200)
    let facts = try #require(shown.body["facts"] as? [String: Any])
    let system = try #require(facts["system"] as? [String: Any])
    let hostname = try String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8)
    #expect(system["hostname"] as? String == hostname.trimmingCharacters(in: .whitespacesAndNewlines))
    let packages = try run("/usr/bin/dpkg-query", ["-W", "-f", "${db:Status-Status}\n"]).output
    let installed = packages.split(separator: "\n").filter { $0 == "installed" }.count
    #expect((shown.body["softwareCount"] as? Int ?? 0) == installed)
    try succeed(Programs.path("rollcall-agent"), ["once"] + agent)
    #expect(controller.stop() == 0)
  }
}
