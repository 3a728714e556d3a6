import Storage
package import Vocabulary

/// A device that a search found, with where it is and how it is.
package struct FoundDevice: Sendable, Hashable {
  /// In the order in which results are told.
  package enum Match: String, CaseIterable, Sendable, Codable {
    /// Exactly.
    case id, serial
    case assetTag = "asset-tag"
    case hostname
    /// Its serial, asset tag or host name begins so.
    case beginning
    /// Its serial ends so.
    case end
    /// Its serial has it somewhere.
    case part
  }

  package let device: Device
  /// nil where it is asked for by what it is of, not by its names.
  package let match: Match?
  package let health: Health.Verdict
  package let lastContact: Instant?
  package let holder: Holder?

  init(_ row: Row, _ match: Match?) throws {
    device = try Device(row)
    self.match = match
    health = try row.get("health", as: Health.Verdict?.self) ?? .unknown
    lastContact = try row.get("last_contact")
    holder = try row.get("holder")
  }
}
