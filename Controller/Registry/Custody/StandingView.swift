import Serving
import Vocabulary

/// Where a device stands by its ledger, as the API shows it: who has it, until when, what is out, and what can follow.
struct StandingView: Encodable, Sendable {
  /// The last event's number, for 'expected' of the next move; 0 before the first.
  let sequence: Int64
  let stage: Stage?
  let custody: Custody?
  let holder: ShownHolder?
  let since: String?
  let loan: LoanTerms?
  let category: RepairCategory?
  let policeReport: String?
  let owed: [Debt]
  let moves: [CustodyMove.Kind]

  struct LoanTerms: Encodable, Sendable {
    let due: String?
    let isOverdue: Bool
    let `for`: DeviceID?
  }

  /// Accessories that somebody still has.
  struct Debt: Encodable, Sendable {
    let holder: ShownHolder
    let accessories: [String]
  }

  init(_ standing: LedgerProjection, sequence: Int64, today: Int64, of device: Device, for caller: Caller?) {
    let seesPeople = caller?.seesPeople(in: device.district, at: device.school) == true
    self.sequence = sequence
    stage = standing.stage
    custody = standing.custody
    holder = standing.holder.map { ShownHolder($0, seesPeople: seesPeople) }
    since = standing.since?.rfc3339
    loan = standing.loan.map { loan in
      LoanTerms(
        due: loan.dueDay.map(CivilDate.text), isOverdue: loan.dueDay.map { $0 < today } ?? false, for: loan.instead)
    }
    category = standing.repair
    policeReport = standing.policeReport
    // In the order of who owes them, told or not.
    owed = standing.owed.sorted { $0.key.description < $1.key.description }.map {
      Debt(holder: ShownHolder($0, seesPeople: seesPeople), accessories: $1.names)
    }
    moves = CustodyDecision.moves(from: standing).filter { $0.isOpen(to: caller, device) }
  }

  static let schema = Schema.object(
    [
      ("sequence", .integer("The last event's number, for 'expected' of the next move; 0 before the first")),
      ("stage", .oneOf(Stage.allCases.map(\.rawValue), "What has been done to it")),
      ("custody", .oneOf(Custody.allCases.map(\.rawValue), "Who answers for it")),
      (
        "holder",
        .string(
          "Who has it, such as 'person:' and an id (without the id for roles that see no students), or 'school:' and a code"
        )
      ),
      ("since", .dateTime("Since when")),
      (
        "loan",
        .object(
          [
            ("due", .string("The last day, as 2026-12-03")), ("isOverdue", .boolean("Whether that day is over")),
            ("for", .string("The device in whose place it is loaned")),
          ], required: ["isOverdue"])
      ),
      ("category", .oneOf(RepairCategory.allCases.map(\.rawValue), "What is repaired")),
      ("policeReport", .string("Of a stolen device")),
      (
        "owed",
        .array(
          .object(
            [
              ("holder", .string("Who has them")),
              ("accessories", .array(.oneOf(Accessory.allCases.map(\.rawValue), "What is out"))),
            ], required: ["holder", "accessories"]))
      ),
      (
        "moves",
        .array(
          .oneOf(CustodyMove.Kind.allCases.map(\.rawValue), "A move that is possible now, and that your roles allow"))
      ),
    ], required: ["sequence", "owed", "moves"])
}

/// What a move did: its event, what came before it, and where the device stands now.
struct MovedView: Encodable, Sendable {
  let event: LedgerView
  let before: Before?
  let standing: StandingView

  /// The event that a move follows: of two people who move one device, the second sees what the first did.
  struct Before: Encodable, Sendable {
    let sequence: Int64
    let at: String
    let actor: String
    let kind: LedgerEvent.Kind
  }

  init(
    _ entry: LedgerEntry, from standing: LedgerStore.Standing, after: LedgerProjection, today: Int64,
    of device: Device, for caller: Caller?
  ) {
    let seesPeople = caller?.seesPeople(in: device.district, at: device.school) == true
    event = LedgerView(entry, before: standing.projection, after: after, seesPeople: seesPeople)
    before = standing.lastEntry.map {
      Before(sequence: $0.sequence, at: $0.at.rfc3339, actor: $0.actor, kind: $0.kind)
    }
    self.standing = StandingView(after, sequence: entry.sequence, today: today, of: device, for: caller)
  }

  static let schema = Schema.object(
    [
      ("event", LedgerView.schema),
      (
        "before",
        .object(
          [
            ("sequence", .integer("Its number")), ("at", .dateTime("When it happened")), ("actor", .string("Who")),
            ("kind", .oneOf(LedgerEvent.Kind.allCases.map(\.rawValue), "What happened")),
          ], required: ["sequence", "at", "actor", "kind"])
      ),
      ("standing", StandingView.schema),
    ], required: ["event", "standing"])
}
