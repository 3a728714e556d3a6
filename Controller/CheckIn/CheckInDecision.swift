internal import Vocabulary
internal import Wire

/// All that is known of the one who checks in, before its message is looked at.
struct KnownState: Sendable {
  /// The last check-in of this key that was stored.
  struct Last: Sendable, Hashable {
    let sequence: Int64
    let digest: Digest
    let reply: StoredReply
  }

  let device: DeviceID
  let keyState: KeyState
  let certificateBegins: Instant
  let certificateEnds: Instant
  /// nil at the first contact of a key.
  let last: Last?
  /// The hashes of the sections that are stored where this key's facts go.
  let hashes: SectionHashes
}

/// What is made of a check-in.
enum Decision: Sendable, Equatable {
  /// The message that was answered last, again: its answer, again.
  case repeated(reply: StoredReply)
  /// Nothing is stored; a person has to act first.
  case waiting(CheckInReply)
  case accepted(Acceptance)
}

struct Acceptance: Sendable, Hashable {
  /// Where the facts go.
  enum Place: Sendable, Hashable {
    /// They are the device's.
    case device
    /// They are kept apart, under the key, until a person decides which key is the device.
    case held
  }

  var place: Place
  /// The sections of the message whose hash is not the stored one, or that tell something beside it.
  var changed: [FactSection]
  /// The hashes after them.
  var hashes: SectionHashes
  var reply: CheckInReply
}

/// Decides, purely, what a check-in does.
///
/// A key's first contact may have any sequence number. After that one number follows the other: the last one again
/// with the same content gets the same answer, byte by byte, so that a lost answer wedges nobody; anything else is
/// refused with the number that is expected.
///
/// - Parameters:
///   - load: how full the controller is, 0 to 1; later returns spread it.
///   - puttingOff: sections that are neither taken nor asked for this time; as their hash stays another, they are later.
/// - Throws: `checkin.stale-sequence`.
func decide(
  _ check: Verified<CheckInRequest>, known: KnownState, policy: CheckInPolicy, load: Double, now: Instant,
  puttingOff: Set<FactSection> = []
) throws(CheckInError) -> Decision {
  let message = check.message
  if known.keyState == .pending || known.keyState == .revoked {
    return .waiting(waitingReply(to: message, device: known.device, policy: policy, load: load, now: now))
  }
  if let last = known.last {
    if message.sequence == last.sequence, check.digest == last.digest { return .repeated(reply: last.reply) }
    let expected = last.sequence + 1
    guard message.sequence == expected else { throw .stale(expected: expected, got: message.sequence) }
  }
  let missing =
    check.hashes == known.hashes
    ? [] : check.hashes.sections.filter { check.hashes[$0] != known.hashes[$0] && !puttingOff.contains($0) }
  let told = check.canonical.isEmpty ? [] : check.hashes.sections.filter { check.canonical[$0] != nil }
  let changed = told.filter { missing.contains($0) || message.facts.beside($0) != nil }
  let restricted = known.keyState == .restricted
  let want = restricted ? [] : missing.filter { check.canonical[$0] == nil }
  let active = known.keyState == .active
  let reply = CheckInReply(
    sequence: message.sequence, time: now,
    nextCheckInSeconds: policy.secondsToNext(device: known.device, now: now, soon: !want.isEmpty, load: load),
    standing: restricted ? .restricted : active ? .active : .quarantined, want: want,
    renew: active
      && CheckInPolicy.renewalIsDue(
        device: known.device, notBefore: known.certificateBegins, notAfter: known.certificateEnds, now: now),
    notice: restricted ? policy.restrictedNotice : nil, unknownSections: message.unknownSections)
  return .accepted(
    Acceptance(
      place: known.keyState == .quarantined ? .held : .device, changed: changed,
      hashes: known.hashes.taking(changed, from: check.hashes), reply: reply))
}

/// The answer to a key that a person has not admitted yet: come back soon.
func waitingReply(
  to message: CheckInRequest, device: DeviceID?, policy: CheckInPolicy, load: Double, now: Instant
) -> CheckInReply {
  let device = device ?? DeviceID(unchecked: "unknown")
  return CheckInReply(
    sequence: message.sequence, time: now,
    nextCheckInSeconds: policy.secondsToNext(device: device, now: now, soon: true, load: load), standing: .pending,
    unknownSections: message.unknownSections)
}
