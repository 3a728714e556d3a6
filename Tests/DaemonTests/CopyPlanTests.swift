import Storage
import Synchronization
import Testing

@testable import rollcalld

/// Tables that are copied at once.
@Suite struct CopyPlanTests {
  private struct Seen {
    var begun: [String] = []
    var ended: Set<String> = []
    var most = 0
  }

  private final class Watch: Sendable {
    let seen = Mutex(Seen())
  }

  /// `leaf1` to `leaf6` refer to `middle`, `middle` to `root`; `alone` to nothing.
  private static func plan() throws -> CopyPlan {
    func table(_ name: String, _ references: Set<String> = []) -> StoredTable {
      StoredTable(name, columns: [.init("id", .text, isOptional: false)], key: ["id"], references: references)
    }
    let tables =
      (1...6).map { table("leaf\($0)", ["middle"]) } + [table("root"), table("middle", ["root"]), table("alone")]
    return try CopyPlan(source: tables, target: tables, sequences: [], numbered: [])
  }

  /// Runs the plan and yields often within each table, so that others run meanwhile.
  private func run(_ plan: CopyPlan, atOnce: Int, afterReferences: Bool) async throws -> (names: [String], seen: Seen) {
    let watch = Watch()
    let names = try await plan.each(atOnce: atOnce, afterReferences: afterReferences) { table in
      let isReady = watch.seen.withLock { seen in
        seen.begun.append(table.name)
        seen.most = max(seen.most, seen.begun.count - seen.ended.count)
        return table.references.isSubset(of: seen.ended)
      }
      #expect(isReady || !afterReferences, "\(table.name) began too early")
      for _ in 0..<50 { await Task.yield() }
      watch.seen.withLock { _ = $0.ended.insert(table.name) }
      return table.name
    }
    return (names, watch.seen.withLock { $0 })
  }

  @Test("Each table is taken once, after those that it refers to, and no more at once than was said", arguments: 1...4)
  func inOrder(atOnce: Int) async throws {
    let plan = try Self.plan()
    let (names, seen) = try await run(plan, atOnce: atOnce, afterReferences: true)
    #expect(names.sorted() == plan.tables.map(\.name).sorted())
    #expect(seen.begun.count == 9 && seen.most <= atOnce)
  }

  @Test("Where the order does not matter, as many as were said run at once")
  func atOnce() async throws {
    let (names, seen) = try await run(try Self.plan(), atOnce: 4, afterReferences: false)
    #expect(names.count == 9 && Set(names).count == 9)
    #expect(seen.most == 4)
  }

  @Test("The first fault ends it")
  func fault() async throws {
    let watch = Watch()
    let plan = try Self.plan()
    await #expect(throws: MigrationError(.differs, "")) {
      _ = try await plan.each(atOnce: 1, afterReferences: true) { table in
        watch.seen.withLock { $0.begun.append(table.name) }
        throw MigrationError(.differs, "")
      }
    }
    #expect(watch.seen.withLock { $0.begun.count } == 1)
  }
}
