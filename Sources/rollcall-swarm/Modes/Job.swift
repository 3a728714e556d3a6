import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// What one slot does again and again: an enrolment, a check-in. Used on one event loop.
protocol Job: AnyObject {
  /// Makes the next operation ready.
  func begin() throws -> Start
  /// What the connection of the present operation proves.
  func context() throws -> NIOSSLContext
  func request() -> (head: HTTPRequestHead, body: ByteBuffer)
  /// What the answer means.
  func judge(_ answer: Answer, _ tally: inout Tally) -> Verdict
  /// Ends the present operation, acknowledged or not.
  func end()
}

/// Whether an operation can begin.
enum Start: Equatable {
  case ready
  /// Nothing can be done before then.
  case wait(NIODeadline)
  /// Nothing is left to do.
  case over
}

/// What an answer means for its operation.
enum Verdict: Equatable {
  /// Done; the connection stays for the same job's next operation where `keep`.
  case acknowledged(keep: Bool)
  /// To be sent again: at once, or after the controller's wish in seconds.
  case again(afterSeconds: Int64?)
  /// The job took note of when to come back; something else is done meanwhile.
  case putOff
  case failed(String)
}

/// One event loop's share of a run: what it may still do, and what it counted. Touched on its loop alone.
final class Shift {
  let loop: any EventLoop
  let target: Target
  var tally = Tally()
  var stopping = false
  /// Operations still to begin; nil for as many as time allows.
  private var budget: Int?
  let manners: Manners
  /// Nanoseconds between two operations of one slot; nil where each begins when the one before has ended.
  let interval: Int64?
  /// Set once, before ``begin()``.
  var slots: [Slot] = []
  private var running = 0
  private let done: EventLoopPromise<Void>
  var finished: EventLoopFuture<Void> { done.futureResult }

  /// Connections of this loop and of the others.
  private let crowd: Crowd

  init(
    loop: any EventLoop, target: Target, budget: Int?, interval: Int64?, manners: Manners = Manners(), crowd: Crowd
  ) {
    (self.manners, self.crowd) = (manners, crowd)
    self.loop = loop
    self.target = target
    self.budget = budget
    self.interval = interval
    done = loop.makePromise()
  }

  /// Starts every slot, a few at a time: making thousands of TLS contexts in one go would leave those that are open
  /// already without an answer until the last is made, and the controller would give them up.
  func begin() {
    if slots.isEmpty { done.succeed() }
    begin(from: 0)
    sweep()
  }

  private static let atOnce = 8

  private func begin(from first: Int) {
    let next = min(first + Self.atOnce, slots.count)
    for slot in slots[first..<next] { slot.next() }
    guard next < slots.count else { return }
    loop.assumeIsolated().scheduleTask(in: .microseconds(200)) { self.begin(from: next) }
  }

  private func sweep() {
    guard running > 0 else { return }
    for slot in slots { slot.sweep() }
    loop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.sweep() }
  }

  /// No operation begins any more; those under way have two seconds.
  func stop() {
    guard !stopping else { return }
    stopping = true
    for slot in slots { slot.stop() }
    loop.assumeIsolated().scheduleTask(in: .seconds(2)) { for slot in self.slots { slot.end() } }
  }

  /// Whether another operation may begin.
  func take() -> Bool {
    guard !stopping else { return false }
    guard let left = budget else { return true }
    guard left > 0 else { return false }
    budget = left - 1
    return true
  }

  func slotBegan() { running += 1 }

  func slotEnded() {
    running -= 1
    if running == 0 { done.succeed() }
  }

  func opened() {
    tally.connections += 1
    tally.mostOpen = max(tally.mostOpen, crowd.opened())
  }

  func closed() { crowd.closed() }
}

/// How many connections are open, on all loops.
final class Crowd: Sendable {
  private let open = Atomic(0)

  /// - Returns: how many are open now, this one included.
  func opened() -> Int { open.add(1, ordering: .relaxed).newValue }

  func closed() { open.subtract(1, ordering: .relaxed) }
}

/// How long a slot bears with the controller.
struct Manners: Sendable {
  /// Lost connections in a row after which a slot gives up.
  var lostConnections = 200
  var answer = TimeAmount.seconds(30)
  /// Until a connection is made.
  var connect = TimeAmount.seconds(10)
  /// The longest pause after a lost connection, in milliseconds.
  var longestPause: Int64 = 2000

  /// Of devices that must come in, however long it takes.
  static let stubborn = Manners(
    lostConnections: .max, answer: .seconds(300), connect: .seconds(60), longestPause: 20_000)
}
