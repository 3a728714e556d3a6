import Dispatch
import HTTPTypes
import Registry
import Serving
import Storage
import Synchronization
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Compression

@Suite("Check-ins that share a transaction")
struct GroupTests {
  @Test("A thousand check-ins at once land once each, in fewer transactions")
  func thousand() async throws {
    let world = try await World()
    var devices: [TestDevice] = []
    for number in 0..<100 { devices.append(try await world.enrol(number)) }
    for sequence in 1...10 {
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for device in devices {
          tasks.addTask {
            let facts = Sample.facts(device.number, packages: 3)
            let sending: [FactSection] = sequence == 1 ? FactSection.allCases : []
            let reply = try await world.send(Sample.request(Int64(sequence), facts, sending: sending), from: device)
            #expect(reply.want.isEmpty)
          }
        }
        try await tasks.waitForAll()
      }
    }
    let sum = try await world.database.read(in: .state) {
      try $0.row("SELECT COUNT(*) AS n, SUM(sequence) AS total FROM checkin_state")!
    }
    #expect(try sum.get("n", as: Int.self) == 100)
    #expect(try sum.get("total", as: Int.self) == 1000)
    #expect(try await world.count("checkin_section") == 400)
    #expect(try await world.count("checkin_software") == 100)
    let figures = world.desk.group.figures
    #expect(figures.checkIns == 1000 && figures.groups < 1000 && figures.largest <= CheckInGroup.largestGroup)
  }

  @Test("The same message from many connections at once lands once, and all get the same bytes")
  func sameMessage() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let body = try WireCodec.encode(Sample.request(1, Sample.facts(1)))
    let replies = try await withThrowingTaskGroup(of: [UInt8].self) { tasks in
      for _ in 0..<50 { tasks.addTask { try await world.post(body, from: device).body } }
      return try await tasks.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
    }
    #expect(replies.count == 1)
    #expect(try await world.count("checkin_state") == 1)
  }

  @Test("A member that fails takes nothing of the others with it, and leaves nothing itself")
  func failingMember() async throws {
    let world = try await World()
    let gate = Gate()
    let first = Task {
      try await world.desk.group.commit(in: World.district, jitter: 0) { _ in
        gate.wait()
        return .nothing
      }
    }
    await gate.entered()
    let tasks = (0..<9).map { number in
      Task {
        try await world.desk.group.commit(in: World.district, jitter: 0) { transaction in
          try transaction.run(
            """
            INSERT INTO checkin_held (district_id, key, section, hash, body, changed_at)
            VALUES (\(World.district), \([UInt8(number)]), 'system', \([UInt8]()), \([UInt8]()), 0)
            """)
          if number == 4 { throw CheckInError(.damaged, "this one") }
          if number == 5 { try transaction.run("INSERT INTO checkin_held (district_id) VALUES (\(World.district))") }
          return .nothing
        }
      }
    }
    while world.desk.group.waiting < 9 { await Task.yield() }
    gate.open()
    _ = try await first.value
    var failed: [Int] = []
    for (number, task) in tasks.enumerated() {
      if case .failure = await task.result { failed.append(number) }
    }
    #expect(failed == [4, 5])
    #expect(try await world.count("checkin_held") == 7)
    #expect(world.desk.group.figures.groups == 2)
  }

  @Test(
    "In one group, unchanged check-ins, a first one, a stale one, one with changes and one twice each get what they would alone"
  )
  func mixedGroup() async throws {
    let world = try await World()
    var devices: [TestDevice] = []
    for number in 0..<12 { devices.append(try await world.enrol(number)) }
    for device in devices.dropLast() {
      _ = try await world.send(Sample.request(1, Sample.facts(device.number, packages: 3)), from: device)
    }
    let gate = Gate()
    let first = Task {
      try await world.desk.group.commit(in: World.district, jitter: 0) { _ in
        gate.wait()
        return .nothing
      }
    }
    await gate.entered()
    func sending(_ number: Int, _ sequence: Int64, _ sections: [FactSection], packages: Int = 3) throws -> Task<
      Int, any Error
    > {
      let device = devices[number]
      let body = try WireCodec.encode(
        Sample.request(sequence, Sample.facts(device.number, packages: packages), sending: sections))
      return Task {
        do { return try await world.post(body, from: device).status.code } catch let error as CheckInError {
          return error.status.code
        }
      }
    }
    var tasks: [Task<Int, any Error>] = []
    for number in 0..<8 { tasks.append(try sending(number, 2, [])) }
    tasks.append(try sending(8, 7, []))
    tasks.append(try sending(9, 2, FactSection.allCases, packages: 4))
    tasks.append(try sending(10, 2, []))
    tasks.append(try sending(10, 2, []))
    tasks.append(try sending(11, 1, FactSection.allCases))
    while world.desk.group.waiting < tasks.count { await Task.yield() }
    gate.open()
    _ = try await first.value
    var codes: [Int] = []
    for task in tasks { codes.append(try await task.value) }
    #expect(codes == Array(repeating: 200, count: 8) + [409, 200, 200, 200, 200])
    #expect(world.desk.group.figures.largest == tasks.count)
    let sequences = try await world.database.read(in: .state) {
      try $0.rows("SELECT sequence FROM checkin_state").map { try $0.get("sequence", as: Int.self) }
    }
    #expect(sequences.sorted() == [1, 1] + Array(repeating: 2, count: 10))
    #expect(try await world.count("registry_contact") == 12)
  }

  @Test("A full queue answers busy with a time to come back, and takes check-ins again when it has drained")
  func busy() async throws {
    let world = try await World(queueLimit: 2)
    let device = try await world.enrol(1)
    let gate = Gate()
    let first = Task {
      try await world.desk.group.commit(in: World.district, jitter: 0) { _ in
        gate.wait()
        return .nothing
      }
    }
    await gate.entered()
    let waiting = (0..<2).map { _ in
      Task { try await world.desk.group.commit(in: World.district, jitter: 0) { _ in .nothing } }
    }
    while world.desk.group.waiting < 2 { await Task.yield() }
    let body = try WireCodec.encode(Sample.request(1, Sample.facts(1, packages: 3)))
    do {
      _ = try await world.post(body, from: device)
      Issue.record("taken over the limit")
    } catch let error as CheckInError {
      #expect(error.kind == .busy && error.status == .serviceUnavailable)
      let seconds = try #require(error.headers[.retryAfter].flatMap { Int($0) })
      #expect((5...30).contains(seconds))
    }
    gate.open()
    _ = try await first.value
    for task in waiting { _ = try await task.value }
    #expect(try await world.post(body, from: device).status == .ok)
    #expect(world.desk.group.figures.refused == 1)
  }

  @Test("Messages past the bytes in flight answer busy before they are read")
  func bytesInFlight() {
    let admission = Admission(limit: 100)
    #expect(admission.enter(60) && !admission.enter(60) && admission.enter(40))
    admission.leave(60)
    admission.leave(40)
    #expect(admission.inFlight == 0)
    // One message larger than the limit alone must not wait for ever.
    #expect(admission.enter(1_000) && !admission.enter(1))
    #expect(admission.refused == 2)
  }

  @Test("A message that unpacks large weighs what it is, and answers busy where there is no room for that")
  func unpackedBytes() async throws {
    let admission = Admission(limit: 100)
    #expect(admission.enter(40) && admission.enter(40))
    #expect(!admission.grow(from: 40, to: 70) && admission.grow(from: 40, to: 60) && admission.inFlight == 100)
    let world = try await World(inFlight: .mebibytes(1))
    let device = try await world.enrol(1)
    let gate = Gate()
    let first = Task {
      try await world.desk.group.commit(in: World.district, jitter: 0) { _ in
        gate.wait()
        return .nothing
      }
    }
    await gate.entered()
    let small = try WireCodec.encode(Sample.request(1, Sample.facts(1, packages: 3)))
    let waiting = Task { try await world.post(small, from: device) }
    while world.desk.group.waiting < 1 { await Task.yield() }
    var padded = try WireCodec.encode(Sample.request(1, Sample.facts(1, packages: 3)))
    padded += [UInt8](repeating: 0x20, count: 1 << 20)
    let bomb = try Gzip.compress(padded)
    #expect(bomb.count < 8_192)
    let refused = try await refusal { try await world.post(bomb, from: device, headers: [.contentEncoding: "gzip"]) }
    #expect(refused == "checkin.busy")
    gate.open()
    _ = try await first.value
    #expect(try await waiting.value.status == .ok)
    #expect(world.desk.messagesInFlight == 0)
  }

  @Test("The group's numbers are shown to operators")
  func metrics() async throws {
    let world = try await World()
    let metrics = Metrics()
    let desk = CheckIns(
      database: world.database, records: world.registry, unknownKeys: world.unknown, metrics: metrics)
    _ = try await desk.group.commit(in: World.district, jitter: 0) { _ in .nothing }
    for line in [
      "rollcall_checkin_waiting 0.0", "rollcall_checkin_in_flight_bytes 0.0", "rollcall_checkin_groups_total 1",
      "rollcall_checkin_grouped_total 1", "rollcall_checkin_refused_total 0",
    ] {
      #expect(metrics.text.contains(line + "\n"), "\(metrics.text)")
    }
  }

  @Test("A stop lets what waits become durable, and takes nothing more")
  func stop() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let gate = Gate()
    let first = Task {
      try await world.desk.group.commit(in: World.district, jitter: 0) { _ in
        gate.wait()
        return .nothing
      }
    }
    await gate.entered()
    let body = try WireCodec.encode(Sample.request(1, Sample.facts(1, packages: 3)))
    let waiting = Task { try await world.post(body, from: device) }
    while world.desk.group.waiting < 1 { await Task.yield() }
    let closing = Task { await world.desk.group.close() }
    while !world.desk.group.isClosed { await Task.yield() }
    #expect(try await refusal { try await world.post(body, from: device) } == "checkin.busy")
    gate.open()
    _ = try await first.value
    #expect(try await waiting.value.status == .ok)
    await closing.value
    #expect(try await world.count("checkin_state") == 1)
  }
}

extension CheckInOutcome {
  static let nothing = CheckInOutcome(reply: [], changes: KeyChanges())
}

/// Holds the database's thread until the test has arranged what comes behind it.
final class Gate: Sendable {
  private let opened = DispatchSemaphore(value: 0)
  private let state = Mutex(false)

  func wait() {
    state.withLock { $0 = true }
    opened.wait()
  }

  func entered() async { while !state.withLock({ $0 }) { await Task.yield() } }
  func open() { opened.signal() }
}
