import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Registry

@Suite("Counts of health read no device")
struct HealthPlanTests {
  /// Notes the plan of every query and statement on its way, in the engine's own words.
  private final class Planning: Transaction {
    private let base: any Transaction
    private(set) var lines: [String] = []
    var engine: Engine { base.engine }

    init(_ base: any Transaction) { self.base = base }

    private func note(_ query: SQL) throws {
      let isSQLite = engine == .sqlite
      lines += try base.rows((isSQLite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + query).map {
        try $0.get(isSQLite ? "detail" : "QUERY PLAN", as: String.self)
      }
    }

    func rows(_ query: SQL) throws -> [Row] {
      try note(query)
      return try base.rows(query)
    }

    func run(_ statement: SQL) throws -> Int {
      try note(statement)
      return try base.run(statement)
    }

    func each(_ query: SQL, _ body: (Row) throws -> Void) throws { for row in try rows(query) { try body(row) } }
    func run(_ statement: SQL, rows: some Sequence<[SQLValue]>) throws { try base.run(statement, rows: rows) }
    func savepoint<T>(_ body: () throws -> T) throws -> T { try base.savepoint(body) }
    func tryLock(_ work: String) throws -> Bool { try base.tryLock(work) }
  }

  @Test("Neither counts nor a step of folding touch a device, and a district's are found by its key")
  func plans() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await DeviceListTests.fill(bench, devices: 3000)
    let (oak, cedar) = (RegistryBench.oak, RegistryBench.cedar)
    for scope in [TenantScope.district(oak), .districts([oak, cedar]), .state] {
      for bySchool in [true, false] {
        let lines = try await bench.database.read(in: scope) { transaction in
          let planning = Planning(transaction)
          _ = try HealthStore.counts(scope, bySchool: bySchool, planning)
          return planning.lines
        }
        #expect(!lines.isEmpty && !lines.contains { $0.contains("registry_device") || $0.contains("registry_contact") })
        if scope != .state, !TestDatabase.isPostgres {
          #expect(!lines.contains { $0.hasPrefix("SCAN registry_") }, "\(scope): \(lines)")
        }
      }
    }
    let lines = try await bench.database.write(in: .state) { transaction in
      let planning = Planning(transaction)
      _ = try HealthStore.fold(limit: 10, planning)
      return planning.lines
    }
    #expect(!lines.contains { $0.contains("registry_device") || $0.contains("registry_contact") }, "\(lines)")
    // PostgreSQL has thousands of rows to fold now: a step that takes few finds them by their key.
    if TestDatabase.isPostgres {
      #expect(!lines.contains { $0.contains("Seq Scan on registry_health_delta") }, "\(lines)")
    }
  }
}
