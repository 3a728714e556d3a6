import TestSupport
import Testing

@testable import rollcalld

@Suite struct TenantTablesTests {
  /// What all districts share, each with its reason. A table is added here only by somebody who can say why.
  static let shared: Set<String> = [
    // Principals are the state's; a grant names the districts that its principal reaches.
    "access_principal", "access_grant", "access_token",
    // So are their accounts, one-time links and sessions; attempts to sign in belong to nobody yet.
    "access_account", "access_link", "access_session", "access_browser", "access_attempt",
    // Answers of repeated requests belong to the principal that sent them.
    "serving_idempotency",
    // A list of packages names no machine and nobody; devices of any district differ from it.
    "checkin_software_base", "checkin_base_package", "checkin_package_name",
    // For how long records are kept in districts that have not chosen: the state's own choice.
    "registry_retention",
    // What the state calls networks in every district, and which change of all labels was the last.
    "registry_state_network", "registry_network_revision",
    // Certificates and keys of the controllers themselves, sealed.
    "daemon_shared",
    // By which key all districts' guardians are sealed: an HMAC under it, of nothing.
    "roster_contact_key",
    // One row that is written where somebody wants to know whether anything can be.
    "daemon_probe",
    // Hashes over the journal's leaves, which are salted, and their count.
    "audit_tile", "audit_checkpoint",
    // Which migrations were applied.
    "storage_migration",
  ]

  @Test("Every table has its district in the lead of its key, or stands in the closed list of shared ones")
  func everyTable() async throws {
    let sample = try await SampleController()
    #expect(try await TestDatabase.tenancyViolations(in: sample.controller.database, shared: Self.shared) == [])
  }
}
