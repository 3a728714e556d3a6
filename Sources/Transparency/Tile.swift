package import Vocabulary

/// Up to 256 consecutive hashes at the height 8 · `level` of the tree: how it is stored.
///
/// Source: C2SP tlog-tiles, "Merkle Tree"
package struct Tile: Hashable, Sendable {
  package static let width: Int64 = 256
  static let height = 8

  package let level: Int
  package let index: Int64

  package init(level: Int, index: Int64) {
    self.level = level
    self.index = index
  }

  /// The partial tiles of a tree of `size` leaves, with how many hashes each has.
  package static func edge(of size: Int64) -> [(tile: Tile, count: Int)] {
    var found: [(Tile, Int)] = []
    var (level, rest) = (0, size)
    while rest > 0 {
      let count = Int(rest & (width - 1))
      if count > 0 { found.append((Tile(level: level, index: rest >> height), count)) }
      (level, rest) = (level + 1, rest >> height)
    }
    return found
  }

  /// The hashes of a stored tile; nil where the bytes are not whole hashes, or more than a tile has.
  package static func hashes(_ bytes: [UInt8]) -> [Digest]? {
    guard bytes.count.isMultiple(of: 32), bytes.count <= 32 * Int(width) else { return nil }
    return stride(from: 0, to: bytes.count, by: 32).compactMap { Digest(bytes: bytes[$0..<$0 + 32]) }
  }
}

/// The tree's right edge in tiles, which leaves are appended to.
package struct TileEdge: Sendable {
  package private(set) var size: Int64
  /// Of each level the hashes of its partial tile.
  private var partial: [[Digest]]
  private var full: [(tile: Tile, hashes: [Digest])] = []
  private var touched: Set<Int> = []

  /// - Parameter hashes: of a tile of ``Tile/edge(of:)``, exactly as many as it says.
  /// - Throws: `transparency.tree` where there are fewer; what `hashes` throws.
  package init(size: Int64, hashes: (Tile) throws -> [Digest]) throws {
    self.size = size
    partial = []
    for (tile, count) in Tile.edge(of: size) {
      let found = try hashes(tile)
      guard found.count == count else {
        throw TransparencyError(
          .tree, "Tile \(tile.index) of level \(tile.level) has \(found.count) of \(count) hashes.")
      }
      while partial.count < tile.level { partial.append([]) }
      partial.append(found)
    }
  }

  package mutating func append(_ leaf: Digest) {
    var (hash, level) = (leaf, 0)
    while true {
      if level == partial.count { partial.append([]) }
      partial[level].append(hash)
      guard partial[level].count == Int(Tile.width) else { break }
      hash = Self.root(partial[level])
      full.append((Tile(level: level, index: size >> (Tile.height * (level + 1))), partial[level]))
      partial[level] = []
      touched.remove(level)
      level += 1
    }
    touched.insert(level)
    size += 1
  }

  /// Every tile that differs from what it was, once; full ones before partial ones.
  package var changed: [(tile: Tile, hashes: [Digest])] {
    full
      + touched.sorted().filter { !partial[$0].isEmpty }.map { level in
        (Tile(level: level, index: size >> (Tile.height * (level + 1))), partial[level])
      }
  }

  package var root: Digest {
    GrowingTree.root(partial.reversed().flatMap { hashes in Self.tree(hashes).peaks })
  }

  private static func root(_ hashes: [Digest]) -> Digest { tree(hashes).root }

  private static func tree(_ hashes: [Digest]) -> GrowingTree {
    var tree = GrowingTree()
    for hash in hashes { tree.append(hash) }
    return tree
  }
}

/// Complete subtrees out of stored tiles; each tile is asked for once.
///
/// Not Sendable: it lives within one transaction.
package final class TileReader: CompleteSubtrees {
  private let load: (Tile) throws -> [Digest]
  /// Of each tile its hashes, then those of the pairs above them, and so on.
  private var rows: [Tile: [[Digest]]] = [:]

  package init(_ load: @escaping (Tile) throws -> [Digest]) { self.load = load }

  /// - Throws: `transparency.tree`; what loading throws.
  package func subtree(height: Int, index: Int64) throws -> Digest {
    let within = height % Tile.height
    let first = index << within
    let tile = Tile(level: height / Tile.height, index: first >> Tile.height)
    let row = try rows(of: tile)[within]
    let place = Int(first & (Tile.width - 1)) >> within
    guard place < row.count else {
      throw TransparencyError(.tree, "Tile \(tile.index) of level \(tile.level) has too few hashes.")
    }
    return row[place]
  }

  private func rows(of tile: Tile) throws -> [[Digest]] {
    if let known = rows[tile] { return known }
    var made = [try load(tile)]
    while made.count < Tile.height {
      let below = made[made.count - 1]
      made.append(stride(from: 0, to: below.count / 2 * 2, by: 2).map { MerkleTree.node(below[$0], below[$0 + 1]) })
    }
    rows[tile] = made
    return made
  }
}
