import Audit
import Vocabulary

/// Decides, purely, which moves a device can make from where it stands, and what event a move is.
///
/// ```
/// ordered ─▶ received ─▶ enrolled … verified ─▶ packed ─▶ shipped ─▶ delivered      free: nobody has it for themselves
///                           │                                          │
///                           ▼           repair ⇄ repaired              ▼
///                        assigned ◀────────────────────────────▶ returned ─▶ …      retired, at the end
///                           └── lost, stolen ⇄ found, from anywhere ──┘
/// ```
enum CustodyDecision {
  /// The moves that are possible now, in their order.
  static func moves(from standing: LedgerProjection) -> [CustodyMove.Kind] {
    CustodyMove.Kind.allCases.filter { allows($0, from: standing) }
  }

  static func allows(_ kind: CustodyMove.Kind, from standing: LedgerProjection) -> Bool {
    let stage = standing.stage
    switch kind {
    case .receive: return [nil, .ordered, .shipped, .returned].contains(stage)
    case .deliver: return isOnItsWay(stage) || isFree(stage) && stage != .delivered && stage != .returned
    // A school or the district may pass it on; a person gives it back first.
    case .assign, .loan, .transfer: return isFree(stage) || isHeld(stage) && standing.custody != .person
    case .giveBack, .giveAccessories: return isHeld(stage)
    case .repair: return isFree(stage) || isHeld(stage)
    case .repaired: return stage == .inRepair
    case .lost: return isFree(stage) || isHeld(stage) || [.packed, .shipped, .inRepair, .stolen].contains(stage)
    case .stolen: return allows(.lost, from: standing) || stage == .lost
    case .found: return isOut(stage)
    case .retire:
      return isFree(stage) || isOut(stage) || stage == .inRepair || isHeld(stage) && standing.custody != .person
    case .returnAccessories: return !standing.owed.isEmpty
    }
  }

  /// Here, and nobody's: it can be given to somebody.
  private static func isFree(_ stage: Stage?) -> Bool {
    switch stage {
    case nil, .received, .enrolled, .imaged, .configured, .verified, .delivered, .returned: true
    case .ordered, .packed, .shipped, .assigned, .inService, .inRepair, .lost, .stolen, .retired: false
    }
  }

  private static func isOnItsWay(_ stage: Stage?) -> Bool { [.ordered, .packed, .shipped].contains(stage) }
  private static func isHeld(_ stage: Stage?) -> Bool { stage == .assigned || stage == .inService }
  private static func isOut(_ stage: Stage?) -> Bool { stage == .lost || stage == .stolen }

  /// The event that a move is.
  ///
  /// - Parameters:
  ///   - school: the device's school, to which it comes back where nobody says another place.
  ///   - last: the event that left the device where it stands; nil before the first.
  /// - Throws: `custody.impossible`, with the moves that are possible.
  static func event(
    of move: CustodyMove, from standing: LedgerProjection, school: SchoolID?, last: LedgerEntry?,
    actor: JournalEntry.Actor, now: Instant
  ) throws(RegistryError) -> LedgerEvent {
    guard allows(move.kind, from: standing) else {
      throw .impossible(move.kind, standing, last)
    }
    var event = LedgerEvent(
      kind(of: move, standing), at: now, actor: actor, holder: move.to, reason: move.reason, evidence: move.evidence)
    event.accessories = move.accessories
    event.category = move.category
    event.policeReport = move.policeReport
    event.dueDay = move.dueDay
    event.loanFor = move.instead
    let home = school.map(Holder.school) ?? .district
    switch move.kind {
    case .assign, .transfer:
      // Moved for good to where it is on loan, it is no longer on loan.
      let stays = move.kind == .transfer ? standing.loan == nil : isHeld(standing.stage)
      let isThere = move.to == standing.holder && stays
      guard !isThere else { throw .impossible(move.kind, standing, last, why: "it is there already") }
    case .giveBack: event.holder = move.to ?? home
    case .deliver: event.holder = move.to ?? home
    case .repair: event.holder = move.to ?? .district
    case .retire: event.holder = .district
    case .stolen:
      // Again only to add the number of the report, which may come later.
      let isNews = move.policeReport != nil && move.policeReport != standing.policeReport
      guard standing.stage != .stolen || isNews else {
        throw .impossible(.stolen, standing, last, why: "it is known as stolen, and no other police report is given")
      }
    case .returnAccessories:
      guard let debtor = debtor(of: move.accessories, standing) else {
        throw .impossible(.returnAccessories, standing, last, why: "nobody has all of these accessories of it")
      }
      event.holder = debtor
    case .loan:
      // A loan of what is on loan to the same one would only move its last day.
      let isThere = move.to == standing.holder && isHeld(standing.stage)
      guard !isThere else { throw .impossible(.loan, standing, last, why: "it is there already") }
    case .receive, .repaired, .lost, .found, .giveAccessories: break
    }
    return event
  }

  private static func kind(of move: CustodyMove, _ standing: LedgerProjection) -> LedgerEvent.Kind {
    switch move.kind {
    case .receive: .received
    case .deliver: .delivered
    case .assign: .assigned
    case .giveBack: standing.loan == nil ? .returned : .loanReturned
    case .loan: .loaned
    case .repair: .sentToRepair
    case .repaired: .repaired
    case .lost: .lost
    case .stolen: .stolen
    case .found: .found
    case .transfer: .transferred
    case .retire: .retired
    case .giveAccessories: .accessoriesGiven
    case .returnAccessories: .accessoriesReturned
    }
  }

  /// Who owes these accessories: who has the device before others.
  private static func debtor(of accessories: Accessories, _ standing: LedgerProjection) -> Holder? {
    let debtors = standing.owed.filter { $0.value.contains(accessories) }.keys
    return debtors.first { $0 == standing.holder } ?? debtors.min { $0.description < $1.description }
  }

  /// Whether nothing would change: somebody assigns a device to who has it.
  static func isDone(_ move: CustodyMove, _ standing: LedgerProjection) -> Bool {
    move.kind == .assign && isHeld(standing.stage) && standing.loan == nil && standing.holder == move.to
      && (standing.owed[standing.holder ?? .district] ?? []).contains(move.accessories)
  }
}

extension RegistryError {
  /// - Parameter why: in words, where the stage alone does not tell.
  static func impossible(
    _ kind: CustodyMove.Kind, _ standing: LedgerProjection, _ last: LedgerEntry?, why: String? = nil
  ) -> RegistryError {
    let allowed = CustodyDecision.moves(from: standing).filter { why == nil || $0 != kind }.map(\.rawValue)
    let place = "it is \(standing.stage.map { "'\($0.rawValue)'" } ?? "in no stage yet")"
    // Whoever may try a move reads this, also where they see no students.
    let who = standing.holder.map { " with \(ShownHolder($0, seesPeople: false))" } ?? ""
    let since = last.map { ", by what came before: \($0.words)" } ?? ""
    var error = RegistryError(
      .custodyImpossible,
      "The move '\(kind.rawValue)' is impossible: \(why ?? (place + who))\(since). Possible now: \(allowed.isEmpty ? "nothing" : allowed.joined(separator: ", "))."
    )
    error.plain = why.map { $0.prefix(1).uppercased() + $0.dropFirst() + "." } ?? standing.hindrance(of: kind)
    return error
  }
}

extension LedgerEntry {
  /// What happened, for who comes after it: `event 3 ('lost' on 2026-11-22T10:00:00Z by principal:prn_…)`.
  var words: String { "event \(sequence) ('\(kind.rawValue)' on \(at) by \(actor))" }
}
