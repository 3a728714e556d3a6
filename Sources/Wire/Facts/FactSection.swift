/// The parts of a device's facts that travel, are hashed and are kept apart.
package enum FactSection: String, CaseIterable, Sendable, Codable, Comparable {
  case identity, hardware, system, vitals, software

  package static func < (left: FactSection, right: FactSection) -> Bool { left.rawValue < right.rawValue }
}

/// A fact that could not be read, and why; never an invented value in its place.
package struct Unreadable: Hashable, Sendable, Codable, Canonical {
  /// The field, by its name in the section, such as `disks.nvme0n1.percentUsed`.
  package var field: String
  /// Why, in words an operator understands, such as `permission denied: /dev/nvme0`.
  package var reason: String

  package init(field: String, reason: String) {
    self.field = field
    self.reason = reason
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.field("field", field)
    encoder.field("reason", reason)
  }
}

/// Everything an agent knows about its machine. A section that is nil was not collected.
package struct Facts: Hashable, Sendable, Codable {
  package var identity: IdentityFacts?
  package var hardware: HardwareFacts?
  package var system: SystemFacts?
  package var vitals: VitalFacts?
  package var software: SoftwareList?

  package init(
    identity: IdentityFacts? = nil, hardware: HardwareFacts? = nil, system: SystemFacts? = nil,
    vitals: VitalFacts? = nil, software: SoftwareList? = nil
  ) {
    self.identity = identity
    self.hardware = hardware
    self.system = system
    self.vitals = vitals
    self.software = software
  }

  /// The canonical encoding of one section, whose SHA-256 is the section's hash; nil where it is absent.
  package func canonical(_ section: FactSection) -> [UInt8]? {
    switch section {
    case .identity: identity?.canonicalBytes
    case .hardware: hardware?.canonicalBytes
    case .system: system?.canonicalBytes
    case .vitals: vitals?.canonicalBytes
    case .software: software?.canonicalBytes
    }
  }

  /// These facts with only the named sections.
  package func only(_ sections: some Sequence<FactSection>) -> Facts {
    var part = Facts()
    for section in sections {
      switch section {
      case .identity: part.identity = identity
      case .hardware: part.hardware = hardware
      case .system: part.system = system
      case .vitals: part.vitals = vitals
      case .software: part.software = software
      }
    }
    return part
  }
}
