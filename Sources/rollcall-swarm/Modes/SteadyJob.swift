import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL
import Vocabulary
import Wire

/// Checks in, one device after another or one device again and again.
final class SteadyJob: Job {
  private let roll: SteadyRoll
  private var place: Int?
  private var device = SimulatedDevice(index: 0, leaf: [])
  private var tail: CheckInTail?
  private var body = ByteBuffer()
  private var overConnection = 0
  /// For a body of `length` bytes; most have the same.
  private var head: HTTPRequestHead
  private var length = -1

  init(roll: SteadyRoll) {
    self.roll = roll
    head = roll.head
  }

  func begin() throws -> Start {
    if place == nil {
      switch roll.turn() {
      case .nobody: return .over
      case .wait(let time): return .wait(time)
      case .device(let next):
        guard let known = roll.fleet.device(next) else { throw SwarmError("Device \(next) has no certificate.") }
        (place, device, tail) = (next, known, nil)
      }
    }
    try makeMessage()
    return .ready
  }

  private func makeMessage() throws {
    let want = roll.wants.isEmpty ? [] : place.flatMap { roll.wants[$0] } ?? []
    body = try roll.maker.message(for: &device, tail: &tail, want: want, now: Instant.now())
  }

  func context() throws -> NIOSSLContext {
    guard let place else { throw SwarmError("No device to connect as.") }
    overConnection = 0
    return try roll.context(of: device, at: place)
  }

  func request() -> (head: HTTPRequestHead, body: ByteBuffer) {
    if length != body.readableBytes {
      length = body.readableBytes
      head.headers.replaceOrAdd(name: "content-length", value: "\(length)")
    }
    return (head, body)
  }

  func judge(_ answer: Answer, _ tally: inout Tally) -> Verdict {
    guard let place else { return .failed("generator") }
    switch answer.status {
    case 200..<300 where roll.peer: return acknowledged(place, want: [])
    case 200:
      guard let reply = answer.body.withUnsafeReadableBytes({ AnswerScan($0) }) else { return .failed("200 malformed") }
      guard reply.sequence == device.sequence + 1 else { return .failed("200 another sequence") }
      if reply.standing != .active { tally.fail("standing \(reply.standing.rawValue)") }
      return acknowledged(place, want: reply.want)
    case 409: return resynchronised(answer, &tally)
    case 429, 503:
      tally.refuse(FailureCode.of(answer))
      let wait = answer.retryAfter ?? 1
      guard roll.once else { return .again(afterSeconds: wait) }
      roll.putOff(place, until: .now() + Comeback.delay(seconds: wait))
      self.place = nil
      return .putOff
    default: return .failed(FailureCode.of(answer))
    }
  }

  /// Ends the device's turn unless its connection stays.
  func end() {
    guard let place, roll.perConnection.map({ overConnection >= $0 || overConnection == 0 }) ?? false else { return }
    roll.release(place)
    self.place = nil
  }

  private func acknowledged(_ place: Int, want: [FactSection]) -> Verdict {
    device.sequence += 1
    if !roll.peer { roll.fleet.keep(device, at: place) }
    if !(roll.wants.isEmpty && want.isEmpty) { roll.wants[place] = want.isEmpty ? nil : want }
    overConnection += 1
    return .acknowledged(keep: roll.perConnection.map { overConnection < $0 } ?? true)
  }

  /// The controller expects another number: the device takes it, and says everything anew.
  private func resynchronised(_ answer: Answer, _ tally: inout Tally) -> Verdict {
    let code = FailureCode.of(answer)
    let problem = try? WireCodec.decode(Problem.self, from: Array(answer.body.readableBytesView), as: "a problem")
    guard let expected = problem?.expectedSequence, expected != device.sequence + 1 else { return .failed(code) }
    tally.fail(code)
    device.sequence = expected - 1
    do { try makeMessage() } catch { return .failed("generator") }
    return .again(afterSeconds: nil)
  }
}

/// When a device that was told to wait comes back.
enum Comeback {
  /// Never before what `Retry-After` says, and up to a quarter of a second later; a day at most, as the agent has it.
  static func delay(seconds: Int64) -> TimeAmount {
    .milliseconds(min(max(seconds, 0), 86_400) * 1000 + Int64.random(in: 0...250))
  }
}

extension Instant {
  static func now() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
