import Testing
import Vocabulary
import Wire

@testable import rollcall_swarm

@Suite("Simulated messages")
struct SwarmMessageTests {
  private let mixture: Mixture

  init() throws {
    mixture = Mixture(
      changed: 0, software: 0, table: try .builtIn(), sets: SoftwareSets(packages: 60, differ: 3, bases: 2))
  }

  @Test("The first message says everything, with hashes of what it says")
  func first() throws {
    var maker = MessageMaker(seed: 7, mixture: mixture, worker: 0)
    var device = SimulatedDevice(index: 3, leaf: [])
    var tail: CheckInTail?
    let now = Instant(milliseconds: 1_790_000_123_456)
    let bytes = Array(try maker.message(for: &device, tail: &tail, want: [], now: now).readableBytesView)
    let message = try WireCodec.checkIn(from: bytes)
    #expect(message.sequence == 1)
    #expect(message.sentAt == now)
    #expect(message.unknownSections == 0)
    #expect(message.facts.identity?.serial == DeviceIdentity(index: 3, seed: 7).serial)
    #expect(message.facts.software?.packages.count == 60)
    for section in FactSection.allCases {
      let canonical = try #require(message.facts.canonical(section))
      #expect(message.hashes[section] == sha256(canonical), "\(section)")
    }
    #expect(device.hashes == message.hashes)
  }

  @Test("An unchanged message is hashes alone, written as the agent writes it")
  func unchanged() throws {
    var maker = MessageMaker(seed: 7, mixture: mixture, worker: 0)
    var device = SimulatedDevice(index: 3, leaf: [])
    var tail: CheckInTail?
    _ = try maker.message(for: &device, tail: &tail, want: [], now: Instant(milliseconds: 5))
    device.sequence = 1
    _ = try maker.message(for: &device, tail: &tail, want: [], now: Instant(milliseconds: 5))
    device.sequence = 999_999
    let later = try maker.message(for: &device, tail: &tail, want: [], now: Instant(milliseconds: 1_790_000_000_000))
    let message = try WireCodec.checkIn(from: Array(later.readableBytesView))
    #expect(message.facts == Facts())
    #expect(message.hashes == device.hashes)
    #expect(message.sequence == 1_000_000)
    #expect(message.sentAt == Instant(milliseconds: 1_790_000_000_000))
    var agents = message
    agents.agent = "0.1.0-swarm"
    #expect(Array(later.readableBytesView) == (try WireCodec.encode(agents)))
  }

  @Test("Changed vitals have another hash; what is asked for is sent again")
  func changes() throws {
    var changing = mixture
    changing.changed = 1
    var maker = MessageMaker(seed: 7, mixture: changing, worker: 0)
    var device = SimulatedDevice(index: 3, leaf: [])
    var tail: CheckInTail?
    _ = try maker.message(for: &device, tail: &tail, want: [], now: Instant(milliseconds: 5))
    let before = device.hashes
    let bytes = Array(
      try maker.message(for: &device, tail: &tail, want: [], now: Instant(milliseconds: 6)).readableBytesView)
    let message = try WireCodec.checkIn(from: bytes)
    #expect(message.facts.only([.vitals]) == message.facts && message.facts.vitals != nil)
    #expect(message.hashes[.vitals] != before?[.vitals] && message.hashes[.software] == before?[.software])
    let asked = try maker.message(
      for: &device, tail: &tail, want: [.identity, .software], now: Instant(milliseconds: 7))
    let answer = try WireCodec.checkIn(from: Array(asked.readableBytesView))
    #expect(answer.facts.identity != nil && answer.facts.software != nil && answer.facts.vitals == nil)
    #expect(answer.hashes[.software] == before?[.software])
  }

  @Test("Every state of vitals has its own hash")
  func variants() throws {
    let model = try HardwareTable.builtIn().models[0]
    let all = (0..<DeviceFacts.vitalVariants).map { DeviceFacts.vitals(model, variant: $0).canonicalBytes }
    #expect(Set(all).count == all.count)
  }

  @Test("Devices of one base differ in the given number of packages, and their lists are valid")
  func software() throws {
    let sets = SoftwareSets(packages: 200, differ: 5, bases: 2)
    let first = try SoftwareList(encoding: sets.list(device: 0, edition: 0, seed: 1))
    let other = try SoftwareList(encoding: sets.list(device: 2, edition: 0, seed: 1))
    let another = try SoftwareList(encoding: sets.list(device: 1, edition: 0, seed: 1))
    let shared = Set(first.packages).intersection(other.packages).count
    #expect((190...195).contains(shared))
    #expect(Set(first.packages).isDisjoint(with: another.packages))
    #expect(sets.list(device: 0, edition: 1, seed: 1) != first.encoding)
    #expect(sets.list(device: 0, edition: 0, seed: 1) == first.encoding)
  }

  @Test("A reply is read without decoding it")
  func scan() throws {
    var reply = CheckInReply(sequence: 42, time: Instant(milliseconds: 1), nextCheckInSeconds: 3600, standing: .active)
    #expect(scan(try WireCodec.encode(reply)) == (42, [], .active))
    reply.want = [.software, .vitals]
    reply.standing = .quarantined
    #expect(scan(try WireCodec.encode(reply)) == (42, [.software, .vitals], .quarantined))
    #expect(scan(Array("{}".utf8)) == nil)
    #expect(scan(Array("{\"sequence\":\"x\",\"want\":[,\"standing\":1".utf8)) == nil)
    #expect(scan([]) == nil)
  }

  private func scan(_ body: [UInt8]) -> (Int64, [FactSection], CheckInReply.Standing)? {
    body.withUnsafeBytes { AnswerScan($0) }.map { ($0.sequence, $0.want, $0.standing) }
  }
}

private func == (
  left: (Int64, [FactSection], CheckInReply.Standing)?, right: (Int64, [FactSection], CheckInReply.Standing)?
) -> Bool {
  switch (left, right) {
  case (nil, nil): true
  case (let left?, let right?): left.0 == right.0 && left.1 == right.1 && left.2 == right.2
  default: false
  }
}
