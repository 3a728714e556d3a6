import NIOCore

/// Runs one job's operations one after another over at most one connection: opens, sends, waits, obeys `Retry-After`,
/// tries again after a lost connection, and keeps to its times where the run has a rate.
final class Slot: ConversationOwner {
  private let shift: Shift
  private let job: any Job
  private var conversation: Conversation?
  private var isOpen = false
  /// When the operation was due, and when the last one was by the rate.
  private var due = NIODeadline.now()
  private var nextDue: NIODeadline
  private var waitingSince: NIODeadline?
  private var lostInARow = 0
  private var ended = false

  init(shift: Shift, job: any Job, first: NIODeadline) {
    self.shift = shift
    self.job = job
    nextDue = first
    shift.slotBegan()
  }

  /// Begins the next operation, when it is due.
  func next() {
    guard shift.take() else { return end() }
    guard let interval = shift.interval else {
      due = .now()
      return begin()
    }
    due = nextDue
    nextDue = nextDue + .nanoseconds(interval)
    if due <= .now() { begin() } else { at(due) { $0.begin() } }
  }

  private func begin() {
    do {
      guard !shift.stopping else { return end() }
      switch try job.begin() {
      case .ready: break
      // Not all slots at the same moment, for the first device that may come.
      case .wait(let time): return at(time + .milliseconds(Int64.random(in: 0...250))) { $0.begin() }
      case .over: return end()
      }
    } catch {
      shift.tally.fail("generator \(error)")
      return end()
    }
    attempt()
  }

  private func attempt() {
    if shift.stopping && lostInARow > 0 { return end() }
    waitingSince = .now()
    if isOpen, let conversation { return transmit(conversation) }
    do {
      conversation = shift.target.open(
        on: shift.loop, try job.context(), within: shift.manners.connect, owner: self)
    } catch {
      shift.tally.fail("generator \(error)")
      end()
    }
  }

  private func transmit(_ conversation: Conversation) {
    let request = job.request()
    shift.tally.bytesSent += request.body.readableBytes
    conversation.send(request.head, body: request.body)
  }

  private func hangUp() {
    if isOpen { shift.closed() }
    isOpen = false
    conversation?.close()
    conversation = nil
  }

  /// Ends the slot, whatever it is doing.
  func end() {
    guard !ended else { return }
    ended = true
    waitingSince = nil
    job.end()
    hangUp()
    shift.slotEnded()
  }

  /// Called every second: an answer that does not come is a failure, too.
  func sweep() {
    guard let waitingSince, NIODeadline.now() - waitingSince > shift.manners.answer else { return }
    self.waitingSince = nil
    shift.tally.fail("timeout")
    hangUp()
    tryAgain()
  }

  /// Time is up: a slot that waits for nothing but its next turn ends now.
  func stop() {
    if waitingSince == nil { end() }
  }

  // MARK: - What the conversation tells

  func opened(_ conversation: Conversation) {
    guard conversation === self.conversation else { return }
    isOpen = true
    shift.opened()
    transmit(conversation)
  }

  func answered(_ answer: Answer, _ conversation: Conversation) {
    guard conversation === self.conversation, waitingSince != nil else { return }
    waitingSince = nil
    lostInARow = 0
    shift.tally.statuses[answer.status, default: 0] += 1
    let verdict = job.judge(answer, &shift.tally)
    if !answer.keepsAlive || ![.acknowledged(keep: true), .again(afterSeconds: nil)].contains(verdict) { hangUp() }
    switch verdict {
    case .acknowledged:
      shift.tally.acknowledge(microseconds: (NIODeadline.now() - due).nanoseconds / 1000)
      job.end()
      next()
    case .again(nil):
      attempt()
    case .again(let seconds?):
      shift.tally.deferred += 1
      retry(after: Comeback.delay(seconds: seconds))
    case .putOff:
      shift.tally.deferred += 1
      next()
    case .failed(let code):
      shift.tally.fail(code)
      job.end()
      next()
    }
  }

  func lost(_ conversation: Conversation, _ error: (any Error)?) {
    guard conversation === self.conversation else { return }
    if isOpen { shift.closed() }
    isOpen = false
    self.conversation = nil
    guard waitingSince != nil else { return }
    waitingSince = nil
    shift.tally.fail(FailureCode.of(error))
    tryAgain()
  }

  private func tryAgain() {
    lostInARow += 1
    guard lostInARow < shift.manners.lostConnections, !shift.stopping else { return end() }
    let pause = min(shift.manners.longestPause, 25 << Int64(min(lostInARow, 12)))
    retry(after: .milliseconds(pause / 2 + Int64.random(in: 0...pause / 2)))
  }

  private func retry(after delay: TimeAmount) {
    at(.now() + delay) { $0.attempt() }
  }

  private func at(_ time: NIODeadline, _ body: @escaping (Slot) -> Void) {
    shift.loop.assumeIsolated().scheduleTask(deadline: time) { if !self.ended { body(self) } }
  }
}
