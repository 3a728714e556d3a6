package import Vocabulary

/// What people do with a device: each move becomes one event of its ledger.
package struct CustodyMove: Sendable, Hashable {
  package enum Kind: String, CaseIterable, Sendable, Codable {
    case receive, deliver, assign
    case giveBack = "return"
    case loan, repair, repaired, lost, stolen, found, transfer, retire
    case giveAccessories = "give-accessories"
    case returnAccessories = "return-accessories"
  }

  package var kind: Kind
  /// Who gets the device; nil where the move itself says who.
  package var to: Holder?
  /// What goes along, or comes back.
  package var accessories: Accessories = []
  package var category: RepairCategory?
  package var policeReport: String?
  /// The last day of a loan.
  package var dueDay: Int64?
  /// The device in repair in whose place another is loaned.
  package var instead: DeviceID?
  package var reason: String?
  package var evidence: String?

  package init(_ kind: Kind, to: Holder? = nil) {
    self.kind = kind
    self.to = to
  }
}
