import Serving
import Storage
import Transparency
import Vocabulary

/// The journal's tree as people export and verify it.
///
/// The checkpoint and consistency proofs are hashes and a count, which name nobody: everybody who is signed in may keep
/// them, and so watch that the past stays as it was. Leaves are shown within the caller's districts.
struct TreeRoutes: Sendable {
  let database: any Database
  let tenants: any JournalTenants

  var peopleRoutes: [PeopleRoute] { [checkpoint, consistency, leaves] }

  private var checkpoint: PeopleRoute {
    PeopleRoute(
      .get, "/api/v1/journal/checkpoint", .signedIn,
      Operation(
        "readJournalCheckpoint", "The signed size and root of the journal's tree", answers: (200, CheckpointItem.schema)
      )
    ) { _, context in
      let signed = try await database.read(in: context.scope) { try Self.signed($0) }
      return try .json(CheckpointItem(signed))
    }
  }

  private var consistency: PeopleRoute {
    PeopleRoute(
      .get, "/api/v1/journal/consistency", .signedIn,
      Operation(
        "proveJournalConsistency", "The proof that the journal's tree goes on from an older one",
        query: [
          .init("from", "The older tree's size; 0 by default"),
          .init("to", "The newer tree's size; the latest by default"),
        ],
        answers: (200, ConsistencyItem.schema))
    ) { call, context in
      let from = try TreeQuery.number(call, "from") ?? 0
      let to = try TreeQuery.number(call, "to")
      let item = try await database.read(in: context.scope) { transaction in
        let size = try TreeQuery.size(to, "to", within: Self.signed(transaction))
        guard from <= size else { throw ServingError(.query, "'from' is \(from), which is more than 'to', \(size).") }
        let proof = try JournalTree.proofs(transaction).consistency(from: from, to: size)
        return ConsistencyItem(from: from, to: size, proof: proof)
      }
      return try .json(item)
    }
  }

  private var leaves: PeopleRoute {
    PeopleRoute(
      .get, "/api/v1/journal/leaves", .scoped(AccessRule.journalReaders),
      Operation(
        "listJournalLeaves",
        "The leaves of the journal's tree in its order, with what their hashes are made of; looks at what is linked to students for those who may list views",
        query: [
          .init("district", "Only this district's leaves; '*' for those of the state as a whole"),
          .init("entry", "Only the leaf of the entry with this id"),
          .init("first", "Only leaves from this place on; 0 by default"),
          .init("size", "Only the leaves of the tree of this size; the latest by default"),
          .init("proofs", "'true': each leaf with the proof that it is in the tree of 'size', which then is needed"),
        ] + PageRequest.parameters, answers: (200, LeafPage.schema))
    ) { call, context in
      let scope = try JournalFilter.scope(call, within: context.scope)
      let query = try TreeQuery(call)
      let page = try PageRequest(call)
      return try .json(try await list(query, page, scope, context, after: TreeQuery.place(page.after)))
    }
  }

  private func list(
    _ query: TreeQuery, _ page: PageRequest, _ scope: TenantScope, _ context: OperatorContext, after: Int64
  ) async throws -> LeafPage {
    let shown = StudentViews.shown(to: context)
    let isWhole = query.isWhole && scope == .state && StudentViews.isShownAll(to: context)
    return try await database.read(in: scope) { [tenants] transaction in
      try tenants.requireDistrict(of: scope, in: transaction)
      let size = try TreeQuery.size(query.size, "size", within: Self.signed(transaction))
      var found = try transaction.rows(
        """
        SELECT \(LeafItem.columns) FROM audit_entry
        WHERE \(scope)\(query.condition)\(shown) AND leaf_index > \(max(after, query.first - 1)) AND leaf_index < \(size)
        ORDER BY leaf_index LIMIT \(page.limit + 1)
        """
      ).map(LeafItem.init)
      let isLast = found.count <= page.limit
      if !isLast { found.removeLast() }
      if query.hasProofs {
        let proofs = JournalTree.proofs(transaction)
        for place in found.indices {
          found[place].proof = try proofs.inclusion(of: found[place].index, size: size)
        }
      }
      return LeafPage(
        items: found, next: isLast ? nil : found.last.map { "\($0.index)" }, whole: isWhole)
    }
  }

  /// - Throws: `audit.no-checkpoint`, `storage.*`.
  private static func signed(_ transaction: any Transaction) throws -> JournalTree.Signed {
    guard let signed = try JournalTree.latest(transaction) else {
      throw AuditError(.noCheckpoint, "Nothing of the journal is sequenced yet. Ask again in a second.")
    }
    return signed
  }
}

/// What of the tree is asked for.
struct TreeQuery {
  /// Conditions that each begin with ` AND `; empty where nothing is filtered.
  let condition: SQL
  let first: Int64
  let size: Int64?
  let hasProofs: Bool
  let isWhole: Bool

  /// - Throws: `request.query`.
  init(_ call: Call) throws(ServingError) {
    var condition: SQL = ""
    let (district, entry) = (try call.query("district"), try call.query("entry"))
    if let district { condition = condition + " AND district_id = \(district)" }
    if let entry {
      guard EntryID(rawValue: entry) != nil else { throw ServingError(.query, "'entry' is the id of an entry.") }
      condition = condition + " AND id = \(entry)"
    }
    self.condition = condition
    isWhole = district == nil && entry == nil
    first = try Self.number(call, "first") ?? 0
    size = try Self.number(call, "size")
    switch try call.query("proofs") {
    case nil, "false": hasProofs = false
    case "true":
      guard size != nil else { throw ServingError(.query, "'proofs' needs 'size': proofs are of one tree.") }
      hasProofs = true
    default: throw ServingError(.query, "'proofs' is true or false.")
    }
  }

  /// - Throws: `request.query`.
  static func number(_ call: Call, _ name: String) throws(ServingError) -> Int64? {
    guard let text = try call.query(name) else { return nil }
    guard let number = Int64(text), (0...MerkleTree.largestSize).contains(number) else {
      throw ServingError(.query, "'\(name)' is a whole number from 0.")
    }
    return number
  }

  /// - Throws: `request.query` where the tree is not that large.
  static func size(_ asked: Int64?, _ name: String, within signed: JournalTree.Signed) throws(ServingError) -> Int64 {
    let size = asked ?? signed.size
    guard size <= signed.size else {
      throw ServingError(.query, "'\(name)' is \(size), and the journal's tree has \(signed.size) leaves.")
    }
    return size
  }

  /// The place after which the page begins; without one, before the first.
  ///
  /// - Throws: `request.query`.
  static func place(_ after: String?) throws(ServingError) -> Int64 {
    guard let after else { return -1 }
    guard let place = Int64(after), (0...MerkleTree.largestSize).contains(place) else {
      throw ServingError(.query, "'after' is the 'next' of a page of leaves.")
    }
    return place
  }
}
