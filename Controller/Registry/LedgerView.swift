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
  let reason: String?
  let evidence: String?

  /// - Parameter after: where the device stood with this event.
  init(_ entry: LedgerEntry, after: LedgerProjection) {
    sequence = entry.sequence
    at = entry.at.rfc3339
    actor = entry.actor
    kind = entry.kind
    stage = entry.stage
    custody = entry.custody
    stageAfter = after.stage
    custodyAfter = after.custody
    reason = entry.reason
    evidence = entry.evidence
  }

  /// The entries behind `sequence`, each with where it left the device.
  ///
  /// - Parameter entries: the ledger from its first event on.
  static func views(of entries: [LedgerEntry], after sequence: Int64) -> [LedgerView] {
    var standing = LedgerProjection()
    return entries.compactMap { entry in
      standing = standing.after(entry.event)
      return entry.sequence > sequence ? LedgerView(entry, after: standing) : nil
    }
  }

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
      ("reason", .string("Why, where one was asked for")), ("evidence", .string("Such as 'batch:fall-2026'")),
    ], required: ["sequence", "at", "actor", "kind"])
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
