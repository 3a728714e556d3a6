package import Audit
import Storage
package import Vocabulary

/// What has been done to a device.
package enum Stage: String, CaseIterable, Sendable, Codable, SQLConvertible {
  case ordered, received, enrolled, imaged, configured, verified, packed, shipped, delivered, assigned
  case inService = "in-service"
  case inRepair = "in-repair"
  case lost, stolen, returned, retired
}

/// Who answers for a device.
package enum Custody: String, CaseIterable, Sendable, Codable, SQLConvertible {
  case warehouse, carrier, district, school, person, vendor
}

/// What happened to a device: an entry of the custody ledger, never changed and never removed.
package struct LedgerEvent: Sendable, Hashable {
  package enum Kind: String, CaseIterable, Sendable, Codable, SQLConvertible {
    /// Somebody listed its serial: it will come.
    case expected
    /// Its key got a certificate and is trusted.
    case enrolled
    /// A list that named its serial does so no longer: it will not come by that list. `evidence` is that of `expected`.
    case withdrawn
    /// It came: to the warehouse, or to who `holder` says.
    case received
    /// It was handed over to a school or the district.
    case delivered
    case assigned
    /// Whoever had it gave it back.
    case returned
    /// Given for a time, mostly in place of another device that is in repair.
    case loaned
    case loanReturned = "loan-returned"
    case sentToRepair = "sent-to-repair"
    case repaired
    case lost, stolen, found
    /// It went to another school, or to another district, where its ledger goes on.
    case transferred
    case retired
    /// Accessories went to who has the device, without it.
    case accessoriesGiven = "accessories-given"
    /// Accessories came back from `holder`, without the device.
    case accessoriesReturned = "accessories-returned"
  }

  package var at: Instant
  /// Ids only, never a name.
  package var actor: JournalEntry.Actor
  package var kind: Kind
  /// Set only where the event itself states it; else the kind decides.
  package var stage: Stage?
  /// Set only where the event itself states it; else the kind decides.
  package var custody: Custody?
  /// Who has it from now on; of `accessoriesReturned` who gave them back.
  package var holder: Holder?
  /// What went along, or came back.
  package var accessories: Accessories = []
  package var category: RepairCategory?
  package var policeReport: String?
  /// Until when it is loaned, that day included; days since 1970-01-01.
  package var dueDay: Int64?
  /// The device in repair in whose place it is loaned.
  package var loanFor: DeviceID?
  /// Why, in a person's words, where one was asked for.
  package var reason: String?
  /// What proves it, as `batch:fall-2026`, `key:` and the key's digest, or both with a space between.
  package var evidence: String?

  package init(
    _ kind: Kind, at: Instant, actor: JournalEntry.Actor, stage: Stage? = nil, custody: Custody? = nil,
    holder: Holder? = nil, reason: String? = nil, evidence: String? = nil
  ) {
    self.kind = kind
    self.at = at
    self.actor = actor
    self.stage = stage
    self.custody = custody
    self.holder = holder
    self.reason = reason
    self.evidence = evidence
  }
}

extension LedgerEvent {
  /// The evidence of an enrolment: what allowed it, then the key.
  package static func evidence(of key: Digest, _ allowed: String? = nil) -> String {
    [allowed, "key:\(key)"].compactMap(\.self).joined(separator: " ")
  }
}

extension JournalEntry.Actor {
  /// As it stands in the ledger: `principal:prn_…`, `key:…`, `enrollment-token:tok_…`, `controller`.
  var ledgerText: String {
    switch self {
    case .principal(let id): "principal:\(id)"
    case .key(let digest): "key:\(digest)"
    case .enrollmentToken(let id): "enrollment-token:\(id)"
    case .controller: "controller"
    }
  }
}
