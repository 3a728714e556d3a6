import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL
import Vocabulary
import Wire

/// The devices of one event loop that check in. Touched on its loop alone.
final class SteadyRoll {
  /// Beyond this many, a device's TLS context is made anew for each connection rather than kept.
  private static let keptContexts = 20_000

  let target: Target
  let intermediates: [[UInt8]]
  let head: HTTPRequestHead
  /// Messages over one connection; nil for as many as there are.
  let perConnection: Int?
  /// Any 2xx acknowledges: for measuring a server that is no controller.
  let peer: Bool
  var devices: [SimulatedDevice]
  var tails: [CheckInTail?]
  var wants: [Int: [FactSection]] = [:]
  var maker: MessageMaker
  private var free: CircularBuffer<Int>
  private var contexts: [Int: NIOSSLContext] = [:]

  init(
    target: Target, fleet: FleetFile, devices: [SimulatedDevice], head: HTTPRequestHead, perConnection: Int?,
    peer: Bool, maker: MessageMaker
  ) {
    self.target = target
    intermediates = fleet.intermediates
    self.devices = devices
    self.head = head
    self.perConnection = perConnection
    self.peer = peer
    self.maker = maker
    tails = Array(repeating: nil, count: devices.count)
    free = CircularBuffer(devices.indices)
  }

  func claim() -> Int? { free.popFirst() }
  func release(_ place: Int) { free.append(place) }

  func message(of place: Int) throws -> ByteBuffer {
    let want = wants.isEmpty ? [] : wants[place] ?? []
    return try maker.message(for: &devices[place], tail: &tails[place], want: want, now: Instant.now())
  }

  func context(of place: Int) throws -> NIOSSLContext {
    if let known = contexts[place] { return known }
    let device = devices[place]
    let key = try DeviceIdentity(index: device.index, seed: maker.seed).privateKey()
    let made = try target.context(chain: [device.leaf] + intermediates, key: key)
    if contexts.count < Self.keptContexts { contexts[place] = made }
    return made
  }
}

/// Checks in, one device after another or one device again and again.
final class SteadyJob: Job {
  private let roll: SteadyRoll
  private var place: Int?
  private var body = ByteBuffer()
  private var overConnection = 0
  /// For a body of `length` bytes; most have the same.
  private var head: HTTPRequestHead
  private var length = -1

  init(roll: SteadyRoll) {
    self.roll = roll
    head = roll.head
  }

  func begin() throws -> Bool {
    if place == nil { place = roll.claim() }
    guard let place else { return false }
    body = try roll.message(of: place)
    return true
  }

  func context() throws -> NIOSSLContext {
    guard let place else { throw SwarmError("No device to connect as.") }
    overConnection = 0
    return try roll.context(of: place)
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
      guard reply.sequence == roll.devices[place].sequence + 1 else { return .failed("200 another sequence") }
      if reply.standing != .active { tally.fail("standing \(reply.standing.rawValue)") }
      return acknowledged(place, want: reply.want)
    case 409: return resynchronised(place, answer, &tally)
    case 429, 503: return .again(afterSeconds: answer.retryAfter ?? 1)
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
    roll.devices[place].sequence += 1
    if !(roll.wants.isEmpty && want.isEmpty) { roll.wants[place] = want.isEmpty ? nil : want }
    overConnection += 1
    return .acknowledged(keep: roll.perConnection.map { overConnection < $0 } ?? true)
  }

  /// The controller expects another number: the device takes it, and says everything anew.
  private func resynchronised(_ place: Int, _ answer: Answer, _ tally: inout Tally) -> Verdict {
    let code = FailureCode.of(answer)
    let problem = try? WireCodec.decode(Problem.self, from: Array(answer.body.readableBytesView), as: "a problem")
    guard let expected = problem?.expectedSequence, expected != roll.devices[place].sequence + 1 else {
      return .failed(code)
    }
    tally.fail(code)
    roll.devices[place].sequence = expected - 1
    guard let message = try? roll.message(of: place) else { return .failed("generator") }
    body = message
    return .again(afterSeconds: nil)
  }
}

extension Instant {
  static func now() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
