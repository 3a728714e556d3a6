import NIOCore
import NIOHTTP1
import NIOSSL

/// What one slot does again and again: an enrolment, a check-in. Used on one event loop.
protocol Job: AnyObject {
  /// Makes the next operation ready; false where nothing is left to do.
  func begin() throws -> Bool
  /// What the connection of the present operation proves.
  func context() throws -> NIOSSLContext
  func request() -> (head: HTTPRequestHead, body: ByteBuffer)
  /// What the answer means.
  func judge(_ answer: Answer, _ tally: inout Tally) -> Verdict
  /// Ends the present operation, acknowledged or not.
  func end()
}

/// What an answer means for its operation.
enum Verdict: Equatable {
  /// Done; the connection stays for the same job's next operation where `keep`.
  case acknowledged(keep: Bool)
  /// To be sent again: at once, or after the controller's wish in seconds.
  case again(afterSeconds: Int64?)
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
  /// Nanoseconds between two operations of one slot; nil where each begins when the one before has ended.
  let interval: Int64?
  /// Set once, before ``begin()``.
  var slots: [Slot] = []
  private var running = 0
  private let done: EventLoopPromise<Void>
  var finished: EventLoopFuture<Void> { done.futureResult }

  init(loop: any EventLoop, target: Target, budget: Int?, interval: Int64?) {
    self.loop = loop
    self.target = target
    self.budget = budget
    self.interval = interval
    done = loop.makePromise()
  }

  /// Starts every slot.
  func begin() {
    if slots.isEmpty { done.succeed() }
    for slot in slots { slot.next() }
    sweep()
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
}
