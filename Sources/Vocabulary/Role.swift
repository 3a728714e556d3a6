/// What a principal may do where it was granted.
package enum Role: String, CaseIterable, Sendable, Codable, Hashable {
  /// Everything in every district; granted for the state only.
  case stateAdmin = "state-admin"
  /// Sees everything, the journal too, and changes nothing.
  case auditor
  /// Answers for a district: what district-it may, and who works in it.
  case districtAdmin = "district-admin"
  /// Runs a district's devices: batches, tokens, approval, import.
  case districtIT = "district-it"
  /// Looks up who has which device and how it is.
  case helpDesk = "help-desk"
  /// Sees the devices of a school.
  case schoolStaff = "school-staff"
  /// Receives, prepares and hands on: devices, batches and what waits.
  case warehouse
  /// Sees, changes nothing.
  case readOnly = "read-only"
}

/// How far a grant reaches.
package enum Reach: Hashable, Sendable {
  case state
  case district(DistrictID)
  case school(DistrictID, SchoolID)
}

/// A role and where it holds.
package struct Grant: Hashable, Sendable {
  package let reach: Reach
  package let role: Role

  package init(_ role: Role, at reach: Reach) {
    self.role = role
    self.reach = reach
  }
}

/// Where a device's key stands; see `docs/architecture.md`, "States of a key".
package enum KeyState: String, CaseIterable, Sendable, Codable, Hashable {
  /// Trusted: its check-ins count.
  case active
  /// The device is lost or stolen: it checks in and gets a notice only.
  case restricted
  /// Another key claims the same identity: it checks in, its facts are held apart, it gets nothing.
  case quarantined
  /// Known by nobody yet: waits for a person.
  case pending
  /// Refused.
  case revoked
}
