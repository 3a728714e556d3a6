import TestSupport
import Testing
import Wire

@testable import CheckIn

@Suite("What a check-in looks up")
struct CheckInPlanTests {
  /// SQLite's plans do not look at how many rows there are; PostgreSQL reads small tables through, and rightly. Not noted: what is
  /// run for many rows at once, which goes by a primary key each, and what triggers do.
  @Test("No statement of a check-in reads a table through", .enabled(if: !TestDatabase.isPostgres))
  func plans() async throws {
    let plans = Plans()
    let world = try await World(plans: plans)
    var devices: [TestDevice] = []
    for number in 0..<20 { devices.append(try await world.enrol(number)) }
    for sequence in 1...3 {
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for device in devices {
          tasks.addTask {
            // All of it, nothing, and a part of it.
            let facts = Sample.facts(sequence == 3 ? device.number + 50 : device.number, packages: 3)
            let sending = sequence == 1 ? FactSection.allCases : sequence == 2 ? [] : [.hardware, .software]
            _ = try await world.send(Sample.request(Int64(sequence), facts, sending: sending), from: device)
          }
        }
        try await tasks.waitForAll()
      }
    }
    var lie = Sample.facts(5)
    lie.identity?.builtInMACs = ["a4:bb:6d:01:02:03"]
    let contested = try await world.send(Sample.request(4, lie, sending: [.identity]), from: devices[3])
    #expect(contested.standing == .quarantined)
    try await world.desk.indexer.catchUp()
    #expect(plans.lines.contains { $0.contains("SEARCH checkin_state") })
    let tables = [
      "checkin_state", "checkin_section", "checkin_software", "checkin_software_stale", "registry_contact",
      "registry_device", "registry_key", "registry_change", "registry_ledger_event", "checkin_package_devices",
      "registry_device_mac",
    ]
    #expect(plans.scans(of: tables) == [])
  }
}
