import ArgumentParser
import NIOCore
import Testing

@testable import rollcall_swarm

@Suite("Runs of a simulated fleet")
struct SwarmRunTests {
  private func run(
    _ controller: FleetController, _ mode: String, _ words: [String], devices: Int, perConnection: Int? = nil,
    once: Bool = false
  ) async throws -> Report {
    let options = try RunOptions.parse(
      ["--target", "127.0.0.1:\(controller.port)", "--root", controller.root, "--quiet"] + words)
    let fleet = try CheckInOptions.parse(
      ["--fleet", try controller.fleet(devices: devices), "--packages", "5", "--differ", "1"])
    return try await CheckInRun(
      mode: mode, options: options, fleet: fleet, perConnection: perConnection, once: once,
      manners: once ? .stubborn : Manners()
    ).report()
  }

  @Test("Who is told to wait comes back when it was told to and not before, and all come in")
  func retryAfter() async throws {
    let controller = try await FleetController { _, visits in
      let own = visits.filter { $0.serial == visits.last?.serial }
      return own.count == 1 ? .init(status: .serviceUnavailable, retryAfter: 1) : .init()
    }
    // Fewer places than devices: one that waits leaves its place to another.
    let report = try await run(
      controller, "restart", ["--connections", "4"], devices: 9, perConnection: 1, once: true)
    #expect(report.acknowledged == 9 && report.deferred == 9 && report.failures.isEmpty, "\(report)")
    #expect(report.refusals == ["503 checkin.busy": 9])
    #expect((1...4).contains(report.mostOpenConnections))
    let visits = Dictionary(grouping: controller.visits, by: \.serial)
    #expect(visits.count == 9)
    for (serial, times) in visits {
      #expect(times.count == 2 && times[1].at - times[0].at >= .milliseconds(990), "\(serial ?? "?")")
    }
    try await controller.close()
  }

  @Test("At a given rate, all that was due while the controller stood still counts as late")
  func coordinatedOmission() async throws {
    let controller = try await FleetController { number, _ in .init(delay: .milliseconds(number == 20 ? 500 : 0)) }
    let report = try await run(
      controller, "steady", ["--connections", "1", "--rate", "100", "--count", "70"], devices: 1)
    #expect(report.acknowledged == 70 && report.latencyMicroseconds.correctedForCoordinatedOmission)
    // One answer was late; fifty were due meanwhile, on the average half as late.
    #expect(report.latencyMicroseconds.p50 > 50_000, "\(report.latencyMicroseconds)")
    #expect(report.latencyMicroseconds.max >= 500_000)
    try await controller.close()
  }

  @Test("A run samples its progress, and a return is judged by what admission predicts")
  func figures() async throws {
    let controller = try await FleetController { _, _ in .init(delay: .milliseconds(20)) }
    let report = try await run(
      controller, "soak", ["--connections", "1", "--duration", "0.6", "--rate", "20", "--sample-every", "0.2"],
      devices: 3, perConnection: 1)
    #expect((1...3).contains(report.samples?.count ?? 0), "\(report.samples ?? [])")
    let judged = Report.Return(devices: 100, acknowledged: 99, refused: 51, seconds: 18, expectedRate: 10)
    #expect(judged.missing == 1 && judged.predictedSeconds == 15 && judged.ratio == 1.2)
    try await controller.close()
  }

  @Test("Devices come in line, but first those whose time has come, the earliest first")
  func queue() {
    var queue = DeviceQueue([1, 2])
    let start = NIODeadline.now()
    for (place, seconds) in [(10, 5), (11, 3), (12, 4), (13, 9)] {
      queue.putOff(place, until: start + .seconds(Int64(seconds)))
    }
    var turns: [SteadyRoll.Turn] = []
    for second in [0, 4, 4, 4, 4, 6, 6] { turns.append(queue.turn(now: start + .seconds(Int64(second)))) }
    #expect(
      turns == [
        .device(1), .device(11), .device(12), .device(2), .wait(start + .seconds(5)), .device(10),
        .wait(start + .seconds(9)),
      ])
    #expect(queue.turn(now: start + .seconds(9)) == .device(13) && queue.turn(now: .distantFuture) == .nobody)
  }

  @Test("Never before Retry-After, and never more than a quarter of a second late or a day on")
  func comeback() {
    for seconds: Int64 in [0, 1, 30, 3600] {
      let delay = Comeback.delay(seconds: seconds)
      #expect(delay >= .seconds(seconds) && delay <= .seconds(seconds) + .milliseconds(250))
    }
    #expect(Comeback.delay(seconds: .max) <= .hours(25) && Comeback.delay(seconds: -5) >= .zero)
  }
}
