import Storage
import Transparency
import Vocabulary

/// The journal's tree as it is stored: entries with their places, tiles of hashes, one signed checkpoint.
enum JournalTree {
  /// How far the tree goes, as it was signed.
  struct Signed: Sendable {
    let size: Int64
    let root: Digest
    /// The checkpoint, a signed note.
    let note: String
    /// The key that verifies it, as text.
    let verifier: String
    let at: Instant
  }

  /// - Throws: `storage.*`.
  static func latest(_ transaction: any Transaction) throws -> Signed? {
    try transaction.row("SELECT tree_size, root, note, verifier, at FROM audit_checkpoint").map { row in
      Signed(
        size: try row.get("tree_size"), root: try row.get("root"), note: try row.get("note"),
        verifier: try row.get("verifier"), at: try row.get("at"))
    }
  }

  /// - Throws: `storage.*`.
  static func hasWaiting(_ transaction: any Transaction) throws -> Bool {
    try transaction.row(waiting(1)) != nil
  }

  /// The first of those that wait, by the index that has no others.
  static func waiting(_ limit: Int) -> SQL {
    """
    SELECT district_id, position FROM audit_entry WHERE leaf_index IS NULL
    ORDER BY (leaf_index IS NULL), position LIMIT \(limit)
    """
  }

  /// Gives up to `limit` entries that wait their places, and signs the tree that then is.
  ///
  /// Whatever waits is taken, whenever it was committed and whatever its position: no order of commits loses one.
  ///
  /// - Returns: how many; nil where another controller does this now.
  /// - Throws: `audit.other-key`, `audit.damaged`, `storage.*`.
  static func extend(
    by limit: Int, signer: NoteSigner, now: Instant, _ transaction: any Transaction
  ) throws -> Int? {
    guard try transaction.tryLock("journal") else { return nil }
    let signed = try latest(transaction)
    if let signed, signed.verifier != signer.verifier.text {
      throw AuditError(
        .otherKey,
        "The journal's checkpoints are signed by \(signed.verifier), and this controller has \(signer.verifier.text).")
    }
    var edge = try edge(signed, transaction)
    let leaves = try place(limit, from: edge.size, transaction)
    guard !leaves.isEmpty else { return 0 }
    for leaf in leaves { edge.append(leaf) }
    try store(edge, transaction)
    let note = try Checkpoint.signed(size: edge.size, root: edge.root, by: signer)
    try transaction.run(
      """
      INSERT INTO audit_checkpoint (log, tree_size, root, note, verifier, at)
      VALUES ('journal', \(edge.size), \(edge.root), \(note), \(signer.verifier.text), \(now))
      ON CONFLICT (log) DO UPDATE SET tree_size = excluded.tree_size, root = excluded.root, note = excluded.note,
        verifier = excluded.verifier, at = excluded.at
      """)
    return leaves.count
  }

  /// What proofs are made of.
  static func proofs(_ transaction: any Transaction) -> TreeProofs<TileReader> {
    TreeProofs(TileReader { try hashes(of: $0, transaction) })
  }

  // MARK: - Steps

  /// The tree's right edge, found to be the one that was signed: nothing is built upon another.
  private static func edge(_ signed: Signed?, _ transaction: any Transaction) throws -> TileEdge {
    do {
      let edge = try TileEdge(size: signed?.size ?? 0) { try hashes(of: $0, transaction) }
      guard edge.root == signed?.root ?? MerkleTree.empty else {
        throw TransparencyError(.tree, "The root of the stored tiles is not the signed one.")
      }
      return edge
    } catch let error as TransparencyError {
      throw AuditError(.damaged, "The journal's tree is damaged; nothing is added to it. \(error.message)")
    }
  }

  /// Gives consecutive places; the hashes of the leaves in that order.
  private static func place(_ limit: Int, from size: Int64, _ transaction: any Transaction) throws -> [Digest] {
    let rows = try transaction.rows(
      """
      UPDATE audit_entry SET leaf_index = waiting.place
      FROM (
        SELECT district_id, position, \(size - 1) + ROW_NUMBER() OVER (ORDER BY position, district_id) AS place
        FROM (\(waiting(limit))) AS first_ones) AS waiting
      WHERE audit_entry.district_id = waiting.district_id AND audit_entry.position = waiting.position
      RETURNING leaf_index, leaf_hash
      """)
    let placed = try rows.map {
      (place: try $0.get("leaf_index", as: Int64.self), hash: try $0.get("leaf_hash", as: Digest.self))
    }
    .sorted { $0.place < $1.place }
    guard zip(placed, size...).allSatisfy({ $0.place == $1 }) else {
      throw AuditError(.damaged, "The places of the journal's entries have gaps; nothing is added to its tree.")
    }
    return placed.map(\.hash)
  }

  private static func store(_ edge: TileEdge, _ transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO audit_tile (level, tile, hashes) VALUES ($1, $2, $3)
      ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes
      """,
      rows: edge.changed.map { tile, hashes in
        [tile.level.sqlValue, tile.index.sqlValue, hashes.flatMap(\.bytes).sqlValue]
      })
  }

  private static func hashes(of tile: Tile, _ transaction: any Transaction) throws -> [Digest] {
    let row = try transaction.row("SELECT hashes FROM audit_tile WHERE level = \(tile.level) AND tile = \(tile.index)")
    guard let hashes = try row.flatMap({ Tile.hashes(try $0.get("hashes")) }) else {
      throw TransparencyError(.tree, "Tile \(tile.index) of level \(tile.level) is missing or damaged.")
    }
    return hashes
  }
}
