import ArgumentParser
import Vocabulary

// The words that options take; with them the parser names the allowed ones itself.

enum PrincipalKind: String, ExpressibleByArgument, CaseIterable { case person, service }

enum UnknownSerials: String, ExpressibleByArgument, CaseIterable { case refuse, pending }

enum RoleChoice: String, ExpressibleByArgument, CaseIterable {
  case stateAdmin = "state-admin"
  case auditor
  case districtAdmin = "district-admin"
  case districtIT = "district-it"
  case helpDesk = "help-desk"
  case schoolStaff = "school-staff"
  case warehouse
  case readOnly = "read-only"
}

enum StageChoice: String, ExpressibleByArgument, CaseIterable {
  case ordered, received, enrolled, imaged, configured, verified, packed, shipped, delivered, assigned
  case inService = "in-service"
  case inRepair = "in-repair"
  case lost, stolen, returned, retired
}

enum ManagementChoice: String, ExpressibleByArgument, CaseIterable { case agent, external, none }

enum KeyStateChoice: String, ExpressibleByArgument, CaseIterable {
  case active, restricted, quarantined, pending, revoked
}

enum HealthChoice: String, ExpressibleByArgument, CaseIterable { case well, attention, failing, unknown }

enum SerialStateChoice: String, ExpressibleByArgument, CaseIterable {
  case expected, enrolled, unexpected, quarantined, pending
}

/// The rule of codes that people choose, said of the option that broke it.
enum Code {
  /// - Parameter option: as it is typed, such as `--id`.
  static func check(_ code: String, _ option: String) throws(ValidationError) {
    guard BatchID(rawValue: code) == nil else { return }
    throw ValidationError(
      "\(option): '\(code)' is no code. A code has 1 to 40 of a–z, 0–9 and '-', and begins with a letter or digit, such as 'fall-2026'."
    )
  }
}
