import Storage
package import Vocabulary

/// A device's health as its last vitals show it.
package struct Health: Sendable, Hashable, Codable {
  package enum Verdict: String, CaseIterable, Sendable, Codable, SQLConvertible {
    case well, attention, failing, unknown
  }

  /// One thing that was looked at, such as the battery.
  package struct Item: Sendable, Hashable, Codable {
    /// A code: `battery`, `disk`, `memory`, `space`, `temperature`, `clock`, `updates`.
    package let item: String
    package let verdict: Verdict
    package let reason: String

    package init(item: String, verdict: Verdict, reason: String) {
      self.item = item
      self.verdict = verdict
      self.reason = reason
    }
  }

  package let verdict: Verdict
  package let items: [Item]

  package init(verdict: Verdict, items: [Item]) {
    self.verdict = verdict
    self.items = items
  }

  package static let unknown = Health(verdict: .unknown, items: [])
}

/// A device's check-in, as far as the registry keeps it.
package struct Contact: Sendable {
  package let district: DistrictID
  package let device: DeviceID
  package let key: Digest
  package let at: Instant
  /// When the controller told it to come again.
  package let next: Instant
  package let agentVersion: String
  /// The device's clock minus the controller's.
  package let clockOffset: Duration
  /// nil where it has not changed; the last one then stays.
  package let health: Health?
  /// nil where it is not known, or nothing is called anything.
  package let network: NetworkID?

  package init(
    district: DistrictID, device: DeviceID, key: Digest, at: Instant, next: Instant, agentVersion: String,
    clockOffset: Duration, health: Health?, network: NetworkID? = nil
  ) {
    self.district = district
    self.device = device
    self.key = key
    self.at = at
    self.next = next
    self.agentVersion = agentVersion
    self.clockOffset = clockOffset
    self.health = health
    self.network = network
  }
}

/// A fact that is not what it was: a disk swapped, memory removed, a serial that moved.
package struct FactChange: Sendable, Hashable {
  /// Such as `hardware`.
  package let section: String
  /// The field's path in the section, such as `disks.nvme0n1.serial`.
  package let field: String
  /// nil where there was none.
  package let old: String?
  /// nil where there is none any more.
  package let new: String?

  package init(section: String, field: String, old: String?, new: String?) {
    self.section = section
    self.field = field
    self.old = old
    self.new = new
  }
}
