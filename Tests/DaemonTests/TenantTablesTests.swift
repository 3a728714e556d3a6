import TestSupport
import Testing

@testable import rollcalld

@Suite struct TenantTablesTests {
  /// What all districts share, each with its reason. A table is added here only by somebody who can say why.
  private static let shared: Set<String> = [
    // Principals are the state's; a grant names the districts that its principal reaches.
    "access_principal", "access_grant", "access_token",
    // Answers of repeated requests belong to the principal that sent them.
    "serving_idempotency",
    // A list of packages names no machine and nobody; devices of any district differ from it.
    "checkin_software_base",
    // Certificates and keys of the controllers themselves, sealed.
    "daemon_shared",
    // Which migrations were applied.
    "storage_migration",
  ]

  @Test("Every table has its district in the lead of its key, or stands in the closed list of shared ones")
  func everyTable() async throws {
    let sample = try await SampleController()
    #expect(try await TestDatabase.tenancyViolations(in: sample.controller.database, shared: Self.shared) == [])
  }
}
