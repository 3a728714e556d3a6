import Vocabulary

/// What the registry knows of a device that shares a mark with a claimed identity.
struct IdentityCandidate: Sendable, Hashable {
  let device: DeviceID
  var serial: String?
  var uuid: String?
  var boardSerial: String?
  var macs: Set<String> = []
}

/// Decides, purely, which of the candidates a claimed identity is.
///
/// The serial comes first. Without one, two of three must agree: UUID, board serial, MAC of a built-in adapter. A MAC
/// alone says nothing.
enum IdentityDecision: Equatable {
  case known(DeviceID)
  case unknown
  case ambiguous([DeviceID])

  static func decide(_ claim: ClaimedIdentity, among candidates: [IdentityCandidate]) -> IdentityDecision {
    let marks = candidates.map { (candidate: $0, marks: Marks(claim, $0)) }
    let quorum = marks.filter { $0.marks.agreeing >= 2 }.map(\.candidate)
    guard let serial = claim.serial else { return withoutSerial(marks, quorum) }
    let bySerial = candidates.filter { Folded.serial($0.serial) == serial.folded }
    let others = quorum.filter { candidate in !bySerial.contains(candidate) }
    if let named = bySerial.first {
      return others.isEmpty && bySerial.count == 1 ? .known(named.device) : ambiguous(bySerial + others)
    }
    // Its marks are those of a device with no serial so far: the same machine, its firmware now filled in.
    if others.count == 1, others[0].serial == nil { return .known(others[0].device) }
    return others.isEmpty ? .unknown : ambiguous(others)
  }

  private static func withoutSerial(
    _ marks: [(candidate: IdentityCandidate, marks: Marks)], _ quorum: [IdentityCandidate]
  ) -> IdentityDecision {
    if quorum.count == 1 { return .known(quorum[0].device) }
    if quorum.count > 1 { return ambiguous(quorum) }
    let contradictory = marks.filter { $0.marks.firmwareAgrees && $0.marks.contradicting > 0 }.map(\.candidate)
    return contradictory.isEmpty ? .unknown : ambiguous(contradictory)
  }

  private static func ambiguous(_ candidates: [IdentityCandidate]) -> IdentityDecision {
    .ambiguous(candidates.map(\.device).sorted())
  }

  /// How the three marks of a claim and a candidate compare; a mark that one of them lacks says nothing.
  private struct Marks {
    var agreeing = 0
    var contradicting = 0
    /// UUID or board serial agrees.
    var firmwareAgrees = false

    init(_ claim: ClaimedIdentity, _ candidate: IdentityCandidate) {
      firmware(claim.uuid?.text, candidate.uuid)
      firmware(claim.boardSerial?.folded, Folded.serial(candidate.boardSerial))
      guard !claim.builtInMACs.isEmpty, !candidate.macs.isEmpty else { return }
      count(claim.builtInMACs.contains { candidate.macs.contains($0.text) })
    }

    private mutating func firmware(_ claimed: String?, _ known: String?) {
      guard let claimed, let known else { return }
      count(claimed == known)
      if claimed == known { firmwareAgrees = true }
    }

    private mutating func count(_ agrees: Bool) {
      if agrees { agreeing += 1 } else { contradicting += 1 }
    }
  }
}
