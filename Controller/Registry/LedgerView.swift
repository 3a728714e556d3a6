import Serving
import Vocabulary

/// An event of the custody ledger as the API shows it.
struct LedgerView: Encodable, Sendable {
  let sequence: Int64
  let at: String
  let actor: String
  let kind: LedgerEvent.Kind
  let stage: Stage?
  let custody: Custody?
  let stageAfter: Stage?
  let custodyAfter: Custody?
  /// Who had it, where another has it since.
  let from: ShownHolder?
  /// Who has it since.
  let to: ShownHolder?
  let accessories: [String]?
  let category: RepairCategory?
  let policeReport: String?
  let due: String?
  let loanFor: DeviceID?
  let reason: String?
  let evidence: String?

  /// - Parameters:
  ///   - before: where the device stood until this event.
  ///   - after: where it stood with it.
  ///   - seesPeople: whether people are told by their ids.
  init(_ entry: LedgerEntry, before: LedgerProjection, after: LedgerProjection, seesPeople: Bool) {
    let event = entry.event
    sequence = entry.sequence
    at = event.at.rfc3339
    actor = entry.actor
    kind = event.kind
    stage = event.stage
    custody = event.custody
    stageAfter = after.stage
    custodyAfter = after.custody
    let parties = event.parties(before: before, after: after)
    from = parties.from.map { ShownHolder($0, seesPeople: seesPeople) }
    to = parties.to.map { ShownHolder($0, seesPeople: seesPeople) }
    accessories = event.accessories.isEmpty ? nil : event.accessories.names
    category = event.category
    policeReport = event.policeReport
    due = event.dueDay.map(CivilDate.text)
    loanFor = event.loanFor
    reason = event.reason
    evidence = event.evidence
  }

  /// The entries behind `sequence`, each with where it left the device.
  ///
  /// - Parameter entries: the ledger from its first event on.
  static func views(of entries: [LedgerEntry], after sequence: Int64, seesPeople: Bool) -> [LedgerView] {
    var standing = LedgerProjection()
    return entries.compactMap { entry in
      let before = standing
      standing.take(entry.event)
      guard entry.sequence > sequence else { return nil }
      return LedgerView(entry, before: before, after: standing, seesPeople: seesPeople)
    }
  }

  private static let holder =
    "'person:' and an id (without the id for roles that see no students), 'school:' and a code, 'district', 'warehouse', 'vendor:' and a name"

  static let schema = Schema.object(
    [
      ("sequence", .integer("From 1 for each device, without gaps")), ("at", .dateTime("When it happened")),
      ("actor", .string("'principal:', 'key:' or 'enrollment-token:' and an id, or 'controller'")),
      ("kind", .oneOf(LedgerEvent.Kind.allCases.map(\.rawValue), "What happened")),
      ("stage", .oneOf(Stage.allCases.map(\.rawValue), "Where the event itself states it")),
      ("custody", .oneOf(Custody.allCases.map(\.rawValue), "Where the event itself states it")),
      (
        "stageAfter",
        .oneOf(Stage.allCases.map(\.rawValue), "The device's stage after the event; absent where there is none")
      ),
      (
        "custodyAfter",
        .oneOf(
          Custody.allCases.map(\.rawValue), "Who answers for the device after the event; absent where nobody is told")
      ),
      ("from", .string("Who had it, where the event took it from somebody: \(holder)")),
      ("to", .string("Who has it since: \(holder), or 'district:' and a code for another district")),
      ("accessories", .array(.oneOf(Accessory.allCases.map(\.rawValue), "What went along, or came back"))),
      ("category", .oneOf(RepairCategory.allCases.map(\.rawValue), "What is the matter with it")),
      ("policeReport", .string("The number of the police report")),
      ("due", .string("The last day of a loan, as 2026-12-03")),
      ("loanFor", .string("The device in repair in whose place it is loaned")),
      ("reason", .string("Why, where one was asked for")), ("evidence", .string("Such as 'batch:fall-2026'")),
    ], required: ["sequence", "at", "actor", "kind"])
}

extension LedgerEvent {
  /// Who had what the event moved, where another has it since, and who has it since.
  package func parties(before: LedgerProjection, after: LedgerProjection) -> (from: Holder?, to: Holder?) {
    guard kind != .accessoriesReturned else { return (holder, nil) }
    let isKept = before.holder == after.holder
    return (isKept ? nil : before.holder, isKept ? holder : after.holder)
  }
}

/// A change of a fact as the API shows it.
struct ChangeView: Encodable, Sendable {
  let sequence: Int64
  let at: String
  let section: String
  let field: String
  let old: String?
  let new: String?

  init(_ stored: StoredChange) {
    sequence = stored.sequence
    at = stored.at.rfc3339
    section = stored.change.section
    field = stored.change.field
    old = stored.change.old
    new = stored.change.new
  }

  static let schema = Schema.object(
    [
      ("sequence", .integer("Counts up for each device")), ("at", .dateTime("When the controller learnt it")),
      ("section", .string("Such as 'hardware'")),
      ("field", .string("The field's path, such as 'disks.nvme0n1.serial'")),
      ("old", .string("Absent where there was none")), ("new", .string("Absent where there is none any more")),
    ], required: ["sequence", "at", "section", "field"])
}
