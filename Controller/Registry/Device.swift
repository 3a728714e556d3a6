import Storage
package import Vocabulary

/// Who reports a device.
package enum Management: String, CaseIterable, Sendable, Codable, SQLConvertible {
  /// Our agent.
  case agent
  /// Another agent, an MDM or an export.
  case external
  /// Nobody: it is known by its serial alone.
  case none
}

/// How sure it is which machine a device is.
package enum IdentityStrength: String, CaseIterable, Sendable, Codable, SQLConvertible {
  /// The machine itself said its serial, or two of UUID, board serial and built-in MAC.
  case strong
  /// Known by its key alone.
  case weak
  /// Somebody listed the serial; the machine has not spoken yet.
  case serialOnly = "serial-only"
}

/// A device as the registry stores it.
package struct Device: Sendable, Hashable {
  package let id: DeviceID
  package let district: DistrictID
  package var school: SchoolID?
  package var serial: String?
  package var uuid: String?
  package var boardSerial: String?
  package var assetTag: String?
  package var vendor: String?
  package var model: String?
  package var hostname: String?
  package var management: Management
  package var identity: IdentityStrength
  /// Projected from the ledger; nobody else writes it.
  package let stage: Stage?
  /// Projected from the ledger; nobody else writes it.
  package let custody: Custody?
  package let createdAt: Instant

  init(
    id: DeviceID, district: DistrictID, serial: String? = nil, management: Management, identity: IdentityStrength,
    createdAt: Instant
  ) {
    self.id = id
    self.district = district
    self.serial = serial
    self.management = management
    self.identity = identity
    self.createdAt = createdAt
    stage = nil
    custody = nil
  }

  init(_ row: Row) throws {
    id = try row.get("device_id")
    district = try row.get("district_id")
    school = try row.get("school_id")
    serial = try row.get("serial")
    uuid = try row.get("uuid")
    boardSerial = try row.get("board_serial")
    assetTag = try row.get("asset_tag")
    vendor = try row.get("vendor")
    model = try row.get("model")
    hostname = try row.get("hostname")
    management = try row.get("management")
    identity = try row.get("identity")
    stage = try row.get("stage")
    custody = try row.get("custody")
    createdAt = try row.get("created_at")
  }
}

extension Device {
  /// Takes over what `claim` says of the machine, but serial and addresses.
  mutating func take(_ claim: ClaimedIdentity) {
    uuid = claim.uuid?.text ?? uuid
    boardSerial = claim.boardSerial?.text ?? boardSerial
    if identity != .strong { identity = claim.strength }
  }
}

/// Text as it is compared: without regard to case.
enum Folded {
  static func serial(_ text: String?) -> String? { text?.uppercased() }
  /// A serial from its end to its beginning, character by character as both engines count them.
  static func reversed(_ serial: String?) -> String? {
    Self.serial(serial).map { String(String.UnicodeScalarView($0.unicodeScalars.reversed())) }
  }
  static func assetTag(_ text: String?) -> String? { text?.uppercased() }
  static func hostname(_ text: String?) -> String? { text?.lowercased() }
}
