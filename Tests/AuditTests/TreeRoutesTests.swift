import Audit
import Foundation
import Serving
import Storage
import Testing
import Transparency
import Vocabulary

@Suite("The journal's tree over the API")
struct TreeRoutesTests {
  private struct Leaf: Decodable {
    let index: Int64
    let id: String
    let district: String
    let salt: String?
    let body: String?
    let bodyDigest: Digest
    let leafHash: Digest
    let proof: [Digest]?
  }

  private struct Page: Decodable {
    let items: [Leaf]
    let next: String?
    let whole: Bool
  }

  private struct Signed: Decodable {
    let size: Int64
    let root: Digest
    let note: String
    let key: String
  }

  private struct Consistency: Decodable { let proof: [Digest] }

  private struct Routes {
    /// Whoever may not list looks is not shown them here either.
    private static let admin = Caller(
      principal: .random(), name: "test", grants: [Grant(.stateAdmin, at: .state)])

    let database: any Database
    let routes: [PeopleRoute]

    init(_ entries: Int) async throws {
      database = try await JournalBench().open()
      routes = JournalRoutes(database: database, tenants: AnyDistrict()).peopleRoutes
      try await database.record(
        (0..<entries).map { JournalBench.entry("\($0)", in: [JournalBench.cedar, JournalBench.birch, nil][$0 % 3]) })
      try await JournalBench.sequencer(database).sequence()
    }

    func get<T: Decodable>(
      _ operation: String, _ query: [(name: String, value: String)] = [], scope: TenantScope = .state
    ) async throws -> T {
      let route = try #require(routes.first { $0.operation.id == operation })
      let reply = try await route.handle(
        Call(.get, route.path, query: query, now: JournalBench.now), OperatorContext(caller: Self.admin, scope: scope))
      return try JSONDecoder().decode(T.self, from: Data(reply.body))
    }
  }

  @Test("The checkpoint is signed; before the first there is none")
  func checkpoint() async throws {
    let empty = try await Routes(0)
    for operation in ["readJournalCheckpoint", "proveJournalConsistency", "listJournalLeaves"] {
      await #expect(throws: AuditError(.noCheckpoint, "")) { let _: Signed = try await empty.get(operation) }
    }
    let routes = try await Routes(7)
    let signed: Signed = try await routes.get("readJournalCheckpoint", scope: .districts([]))
    let checkpoint = try Checkpoint(verifying: Array(signed.note.utf8), by: VerifierKey(signed.key))
    #expect(checkpoint.size == 7 && signed.size == 7 && checkpoint.root == signed.root)
  }

  @Test("All leaves, page by page, make the signed root, and nothing is missing from them")
  func whole() async throws {
    let routes = try await Routes(20)
    let signed: Signed = try await routes.get("readJournalCheckpoint")
    var tree = GrowingTree()
    var next: String?
    repeat {
      let page: Page = try await routes.get(
        "listJournalLeaves", [("limit", "7"), ("size", "20")] + (next.map { [("after", $0)] } ?? []))
      #expect(page.whole)
      for leaf in page.items {
        #expect(leaf.index == tree.size && leaf.proof == nil)
        let (salt, body) = (try #require(leaf.salt.flatMap { Hex.decode($0) }), Array(try #require(leaf.body).utf8))
        #expect(LeafFields.bodyDigest(body, salt: salt) == leaf.bodyDigest)
        tree.append(leaf.leafHash)
      }
      next = page.next
    } while next != nil
    #expect(tree.size == 20 && tree.root == signed.root)
  }

  @Test("A district gets its own leaves alone, each with a proof in the whole tree, of any size that it had")
  func district() async throws {
    let routes = try await Routes(20)
    for size in [8, 13, 20] as [Int64] {
      let query = [(name: "size", value: "\(size)"), ("proofs", "true")]
      let page: Page = try await routes.get("listJournalLeaves", query, scope: .district(JournalBench.cedar))
      #expect(!page.whole && page.items.map(\.index) == Array(stride(from: 0, to: size, by: 3)))
      let root = try await routes.database.read(in: .state) { transaction in
        var tree = GrowingTree()
        for row in try transaction.rows(
          "SELECT leaf_hash FROM audit_entry WHERE leaf_index < \(size) ORDER BY leaf_index")
        {
          tree.append(try row.get("leaf_hash"))
        }
        return tree.root
      }
      for leaf in page.items {
        #expect(leaf.district == "cedar")
        let proof = try #require(leaf.proof)
        #expect(ProofCheck.includes(leaf.leafHash, at: leaf.index, size: size, root: root, path: proof))
      }
    }
    let entry: Page = try await routes.get("listJournalLeaves", scope: .district(JournalBench.birch))
    let birch = try #require(entry.items.first?.id)
    let mine: Page = try await routes.get("listJournalLeaves", [("entry", birch)], scope: .district(JournalBench.birch))
    let theirs: Page = try await routes.get(
      "listJournalLeaves", [("entry", birch)], scope: .district(JournalBench.cedar))
    #expect(mine.items.map(\.id) == [birch] && theirs.items.isEmpty)
    for place in ["birch", "*"] {
      await #expect(throws: ServingError.notFound) {
        let _: Page = try await routes.get(
          "listJournalLeaves", [("district", place)], scope: .district(JournalBench.cedar))
      }
    }
    let state: Page = try await routes.get("listJournalLeaves", [("district", "*"), ("first", "6")])
    #expect(!state.whole && state.items.map(\.index) == [8, 11, 14, 17])
  }

  @Test("Consistency proofs hold between any two sizes; a dropped body leaves its leaf")
  func consistency() async throws {
    let routes = try await Routes(20)
    let all: Page = try await routes.get("listJournalLeaves")
    func root(_ size: Int) -> Digest {
      var tree = GrowingTree()
      for leaf in all.items.prefix(size) { tree.append(leaf.leafHash) }
      return tree.root
    }
    for (from, to) in [(0, 20), (1, 20), (7, 12), (16, 20), (20, 20)] {
      let item: Consistency = try await routes.get(
        "proveJournalConsistency", [("from", "\(from)"), ("to", "\(to)")], scope: .districts([]))
      #expect(ProofCheck.continues(from: (Int64(from), root(from)), to: (Int64(to), root(to)), path: item.proof))
    }
    _ = try await routes.database.write(in: .state) { try $0.run("UPDATE audit_entry SET salt = NULL, body = NULL") }
    let dropped: Page = try await routes.get("listJournalLeaves")
    #expect(dropped.items.allSatisfy { $0.salt == nil && $0.body == nil })
    #expect(dropped.items.map(\.leafHash) == all.items.map(\.leafHash))
  }

  @Test(
    "What no tree has is refused",
    arguments: [
      ("listJournalLeaves", "size", "21"), ("listJournalLeaves", "size", "-1"), ("listJournalLeaves", "first", "x"),
      ("listJournalLeaves", "proofs", "true"), ("listJournalLeaves", "proofs", "yes"),
      ("listJournalLeaves", "entry", "x"),
      ("listJournalLeaves", "after", "-2"), ("listJournalLeaves", "after", "9223372036854775807"),
      ("proveJournalConsistency", "to", "21"), ("proveJournalConsistency", "from", "21"),
      ("proveJournalConsistency", "from", "9223372036854775807"), ("listJournalLeaves", "district", "No Such"),
    ])
  func refused(_ operation: String, _ name: String, _ value: String) async throws {
    let routes = try await Routes(20)
    await #expect(throws: ServingError(.query, "")) {
      let _: Page = try await routes.get(operation, [(name, value)])
    }
  }
}
