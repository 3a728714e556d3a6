package import Serving
package import Vocabulary

/// Who may make a move, and how far: the routes' rules, the pages with their buttons and what a standing offers follow from
/// the one table of them, ``CustodyMove/Kind/rights``.
package struct MoveRights: Sendable, Hashable {
  /// Roles that make it where they are held for the device's district or for the state.
  package let inDistrict: Set<Role>
  /// Those of them that make it too where they are held for the device's school alone.
  package let atSchool: Set<Role>

  fileprivate init(_ inDistrict: Set<Role>, atSchool: Set<Role> = []) {
    (self.inDistrict, self.atSchool) = (inDistrict.union(atSchool), atSchool)
  }

  /// Of a route for this move alone; of whom it lets in at a school, ``CustodyMove/Kind/require(_:of:)`` says which device.
  var rule: AccessRule { atSchool.isEmpty ? .district(inDistrict) : .school(inDistrict) }

  /// For the API's description.
  var words: String {
    func names(_ roles: Set<Role>) -> String { roles.map(\.rawValue).sorted().joined(separator: ", ") }
    return names(inDistrict) + (atSchool.isEmpty ? "" : "; at a school, for its devices: \(names(atSchool))")
  }

  /// The roles that make any move at all.
  package static let movers = CustodyMove.Kind.allCases.reduce(into: Set<Role>()) { $0.formUnion($1.rights.inDistrict) }

  /// The roles that make each of these moves with devices of a whole district.
  package static func roles(forAll kinds: [CustodyMove.Kind]) -> Set<Role> {
    kinds.reduce(Set(Role.allCases)) { $0.intersection($1.rights.inDistrict) }
  }
}

extension CustodyMove.Kind {
  package var rights: MoveRights {
    switch self {
    // What a warehouse is there for: boxes come in and go out.
    case .receive, .deliver: MoveRights(AccessRule.deviceManagers.union([.warehouse]))
    // Whoever is told of a loss says so at once: the device is restricted from then on, and managers take it back by `found`.
    case .lost, .stolen: MoveRights(AccessRule.deviceManagers, atSchool: [.helpDesk, .schoolStaff])
    case .assign, .giveBack, .loan, .repair, .repaired, .found, .transfer, .retire, .giveAccessories,
      .returnAccessories:
      MoveRights(AccessRule.deviceManagers)
    }
  }

  /// Whether the caller may make it with this device, where the device can make it.
  package func isOpen(to caller: Caller?, _ device: Device) -> Bool {
    guard let caller else { return false }
    return caller.holds(rights.inDistrict, in: device.district)
      || caller.holds(rights.atSchool, in: device.district, at: device.school)
  }

  /// - Throws: `request.not-found` where the caller does not see the device, else `access.forbidden`.
  package func require(_ caller: Caller?, of device: Device) throws(ServingError) {
    guard !isOpen(to: caller, device) else { return }
    guard caller?.holds(AccessRule.anyReader, in: device.district, at: device.school) == true else {
      throw ServingError.missing("device", device.id, in: device.district)
    }
    func names(_ roles: Set<Role>) -> String { roles.map(\.rawValue).sorted().joined(separator: " or ") }
    let near = rights.atSchool.isEmpty ? "" : ", or \(names(rights.atSchool)) for its school"
    throw ServingError(
      .forbidden,
      "Your roles do not allow the move '\(rawValue)' of this device; it takes \(names(rights.inDistrict)) for the whole district '\(device.district)'\(near). Ask a state administrator for the grant."
    )
  }
}
