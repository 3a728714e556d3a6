import AgentTransport
import Vocabulary
import Wire

/// What the agent remembers between contacts.
struct AgentState: Hashable, Sendable, Codable {
  /// The message that was made and not yet answered; its bytes lie in the spool.
  struct Pending: Hashable, Sendable, Codable {
    var sequence: Int64
    /// SHA-256 of the bytes in the spool.
    var body: Digest
    var isCompressed: Bool
    /// The hashes that the message told.
    var hashes: [FactSection: Digest]
    /// Of what it told beside them.
    var beside: [FactSection: Digest]?
    /// Whether the controller may have stored it. Then the very same bytes go again, for it has counted them.
    var mayHaveArrived: Bool
  }

  /// SHA-256 of the public key that ``sequence`` counts for; a new key counts from 1.
  var key: Digest?
  /// The number of the last message that was made.
  var sequence: Int64 = 0
  /// What the controller is known to hold: nothing at first (everything is sent), nil where that is unknown (hashes
  /// are sent, and the controller asks for what it lacks).
  var acknowledged: [FactSection: Digest]? = [:]
  /// What was told last of sections that tell something beside what is hashed; nil where an agent of before made the state.
  var acknowledgedBeside: [FactSection: Digest]?
  var pending: Pending?
  /// Sections that the controller asked for.
  var wanted: [FactSection] = []
  /// The time that is proven to have passed: what a controller said last. The machine's own clock never moves it.
  var clockFloor: Instant?
  /// The machine's clock minus the controller's at the last contact.
  var clockOffsetMilliseconds: Int64?
  var lastContact: Instant?
  var nextContact: Instant?
  var standing: CheckInReply.Standing?
  var notice: String?
  /// Contacts that failed since the last one that did not.
  var failures = 0
  /// Why the last contact, or the last try to enrol, failed.
  var lastFailure: String?
  /// Its code; `enroll.pending` while enrolment waits for a person.
  var lastFailureCode: String?
}

extension AgentState {
  /// After the state was lost or damaged: the number and what the controller holds are unknown.
  static let lost: AgentState = {
    var state = AgentState()
    state.acknowledged = nil
    return state
  }()

  /// A contact failed; `status` and `doctor` tell it.
  mutating func count(_ failure: Failure) {
    failures = failures == .max ? failures : failures + 1
    remember(failure)
  }

  mutating func remember(_ failure: Failure) {
    lastFailure = failure.message
    lastFailureCode = failure.code
  }

  mutating func forgetFailures() {
    failures = 0
    lastFailure = nil
    lastFailureCode = nil
  }

  /// A new key was enrolled: what was said of another says nothing of it.
  mutating func beginAnew() {
    forgetFailures()
    standing = nil
    notice = nil
  }

  /// The state for messages of `key`: another key counts anew, and the controller is asked what it holds.
  func counting(for key: Digest) -> AgentState {
    guard key != self.key else { return self }
    var state = self
    if self.key != nil { state.acknowledged = nil }
    state.acknowledgedBeside = nil
    state.key = key
    state.sequence = 0
    state.pending = nil
    return state
  }
}

extension AgentState {
  func clock(at reading: ClockReading) -> ClockEstimate {
    ClockEstimate(kept: clockFloor, offset: clockOffsetMilliseconds, at: reading)
  }

  /// Keeps what a contact has learned about the time.
  mutating func keep(_ clock: ClockEstimate, at reading: ClockReading) {
    clockFloor = clock.proven(at: reading)
    if clock.isTold { clockOffsetMilliseconds = reading.system.since(clock.now(at: reading)).wholeMilliseconds }
  }
}
