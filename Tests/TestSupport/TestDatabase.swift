import Foundation
import Storage
import StoragePostgres
import StorageSQLite

/// The database of a feature's tests: SQLite in the test's folder, or, with ROLLCALL_TEST_ENGINE=postgres, a schema of
/// the tests' own server. `make test` runs the features' tests once on each.
package enum TestDatabase {
  package static let isPostgres = ProcessInfo.processInfo.environment["ROLLCALL_TEST_ENGINE"] == "postgres"

  /// - Parameter file: where SQLite keeps it.
  package static func open(_ file: String, migrations: [Migration]) async throws -> any Database {
    guard isPostgres else { return try SQLiteDatabase(path: file, migrations: migrations) }
    let server = try PostgresServer.shared.get()
    return try await server.open(schema: server.freshSchema(), migrations: migrations)
  }
}

extension TestDatabase {
  /// What breaks the rule of tenancy, a sentence each.
  package static func tenancyViolations(in database: any Database, shared: Set<String>) async throws -> [String] {
    switch database {
    case let database as SQLiteDatabase: try await TenantTables.violations(in: database, shared: shared)
    case let database as PostgresDatabase: try await database.tenancyViolations(shared: shared)
    default: ["This engine has no such check."]
    }
  }
}
