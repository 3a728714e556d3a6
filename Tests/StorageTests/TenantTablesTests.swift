import Storage
import StorageSQLite
import Testing

@Suite("Tenant tables")
struct TenantTablesTests {
  @Test("A table whose district_id is missing, optional or not first in its key is found")
  func violations() async throws {
    let place = try Place()
    let database = try SQLiteDatabase(
      path: place.file,
      migrations: [
        Migration(
          "t", 1,
          [
            "CREATE TABLE t_good (district_id TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (district_id, id))",
            "CREATE TABLE t_last (district_id TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (id, district_id))",
            "CREATE TABLE t_null (district_id TEXT, id TEXT NOT NULL, PRIMARY KEY (district_id, id))",
            "CREATE TABLE t_none (id TEXT NOT NULL PRIMARY KEY)",
            "CREATE TABLE t_shared (id TEXT NOT NULL PRIMARY KEY)",
          ])
      ])
    let found = try await TenantTables.violations(in: database, shared: ["storage_migration", "t_shared", "t_gone"])
    #expect(
      found == [
        "t_last.district_id does not lead the primary key.",
        "t_none has no district_id, and is not in the list of shared tables.",
        "t_null.district_id may be NULL.",
        "t_gone stands in the list of shared tables, and there is no such table.",
      ])
    try database.close()
  }
}
