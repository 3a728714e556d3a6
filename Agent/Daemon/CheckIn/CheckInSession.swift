import AgentTransport
import CurlClient
import Vocabulary
import Wire

/// One contact: an unanswered message again, the news, and what the controller asks for.
///
/// ```
/// spool/checkin and state.json (number, hashes) durable ──▶ POST
///   answer        ──▶ state.json (acknowledged), spool emptied
///   no answer     ──▶ the same bytes next time; newer facts follow them
///   not sent      ──▶ newer facts take the number and the place in the spool
///   409 expected n ─▶ number n, all hashes; the controller asks for what it lacks
/// ```
struct CheckInSession {
  /// Messages in one contact: resent, news, resynchronised, wanted, and one to spare.
  static let mostMessages = 5

  let file: StateFile
  let link: ControllerLink
  /// Reads the machine; it is given the clock's offset at the last contact, in milliseconds.
  let collect: (Int64?) -> Facts
  let log: Log
  var reading: () -> ClockReading = { .now }

  /// Returns the last answer; `state` is what was stored.
  ///
  /// - Throws: `transfer.` codes, ``Refusal``, `agent.file-…`, `agent.reply-unusable`.
  func run(_ state: inout AgentState) throws -> CheckInReply {
    var reply = try resend(&state)
    let facts = collect(state.clockOffsetMilliseconds)
    let hashes = try CheckInMessage.hashes(of: facts)
    let beside = try CheckInMessage.beside(facts)
    if let reply, state.acknowledged == hashes, state.wanted.isEmpty, (state.acknowledgedBeside ?? [:]) == beside {
      return reply
    }
    for _ in 1..<Self.mostMessages {
      let message = try CheckInMessage(facts, hashes: hashes, after: state, at: link.clock.now(at: reading()))
      try store(message, in: &state)
      do {
        reply = try deliver(message, &state)
      } catch let refusal as Refusal where refusal.code == "checkin.stale-sequence" {
        try resynchronise(refusal, &state)
        continue
      }
      if let reply, Set(state.wanted).isDisjoint(with: hashes.keys) { return reply }
    }
    guard let reply else {
      throw AgentError(.replyUnusable, "The controller refuses each sequence number that it asks for.")
    }
    return reply
  }

  // MARK: - Steps

  /// Sends the unanswered message once more, if the controller may have counted it.
  private func resend(_ state: inout AgentState) throws -> CheckInReply? {
    guard let pending = state.pending else { return nil }
    guard pending.mayHaveArrived, let body = try file.spooled(pending) else {
      // Never sent: its number is free again. Sent, but its bytes are lost: the controller will tell the number.
      state.sequence = pending.mayHaveArrived ? pending.sequence : pending.sequence - 1
      state.pending = nil
      return nil
    }
    do {
      return try deliver(CheckInMessage(pending: pending, body: body), &state, isRepeated: true)
    } catch let refusal as Refusal where refusal.code == "checkin.stale-sequence" {
      try resynchronise(refusal, &state)
      return nil
    }
  }

  private func store(_ message: CheckInMessage, in state: inout AgentState) throws {
    try file.spool(message.body)
    state.sequence = message.pending.sequence
    state.pending = message.pending
    try file.save(state)
  }

  private func deliver(
    _ message: CheckInMessage, _ state: inout AgentState, isRepeated: Bool = false
  ) throws -> CheckInReply {
    do {
      let response = try link.send(.post, AgentPath.checkIn, headers: message.headers, body: message.body)
      let reply = try WireCodec.decode(CheckInReply.self, from: response.body, as: "an answer to a check-in")
      guard reply.sequence == message.pending.sequence else {
        throw AgentError(
          .replyUnusable, "The controller answered check-in \(reply.sequence) to check-in \(message.pending.sequence).")
      }
      try acknowledge(message, reply, &state, isRepeated)
      return reply
    } catch let error as TransferError where !error.mayHaveArrived {
      try markUnsent(&state)
      throw error
    } catch let refusal as Refusal where !refusal.isTemporary && refusal.code != "checkin.stale-sequence" {
      try markUnsent(&state)
      throw refusal
    }
  }

  private func acknowledge(
    _ message: CheckInMessage, _ reply: CheckInReply, _ state: inout AgentState, _ isRepeated: Bool
  ) throws {
    let reading = reading()
    // A repeated message may get a stored answer, whose time is the time of the first.
    if !isRepeated, !link.learn(reply.time) {
      log.warning("controller's time not believed", ["time": reply.time.rfc3339])
    }
    state.keep(link.clock, at: reading)
    // The controller keeps nothing of a key that waits for a person.
    let isKept = reply.standing != .pending
    state.acknowledged = isKept ? message.pending.hashes.filter { !reply.want.contains($0.key) } : nil
    state.acknowledgedBeside = isKept ? message.pending.beside : nil
    state.wanted = reply.want
    state.pending = nil
    let now = link.clock.now(at: reading)
    state.lastContact = now
    state.nextContact = now.advanced(by: .seconds(reply.nextCheckInSeconds))
    state.standing = reply.standing
    state.notice = reply.notice
    state.forgetFailures()
    try file.save(state)
    try file.clearSpool()
    log.info(
      "check-in acknowledged",
      [
        "sequence": "\(reply.sequence)", "bytes": "\(message.body.count)", "standing": reply.standing.rawValue,
        "want": reply.want.map(\.rawValue).joined(separator: ","), "next": "\(reply.nextCheckInSeconds)s",
      ])
  }

  /// The controller has not stored the message: newer facts may take its number.
  private func markUnsent(_ state: inout AgentState) throws {
    state.pending?.mayHaveArrived = false
    try file.save(state)
  }

  private func resynchronise(_ refusal: Refusal, _ state: inout AgentState) throws {
    // The last number could not be followed by another.
    guard let expected = refusal.expectedSequence, (1..<Int64.max).contains(expected) else { throw refusal }
    log.notice("sequence number resynchronised", ["sent": "\(state.sequence)", "expected": "\(expected)"])
    state.sequence = expected - 1
    state.acknowledged = nil
    state.pending = nil
    try file.save(state)
  }
}

extension Duration {
  /// Rounded towards zero, saturating.
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let whole = seconds.multipliedReportingOverflow(by: 1000)
    return whole.overflow ? (seconds < 0 ? .min : .max) : whole.partialValue &+ attoseconds / 1_000_000_000_000_000
  }
}
