import Transparency
import Vocabulary

/// Roots and proofs that others published.
///
/// Source: certificate-transparency, merkletree/merkle_tree_test.cc; transparency-dev/merkle, testonly/constants.go
enum TreeVectors {
  static let leaves = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
  ]
  .compactMap { Hex.decode($0) }

  /// Of the trees of 1 to 8 leaves.
  static let roots = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ].compactMap { Digest(hex: $0) }

  static let inclusion: [(index: Int64, size: Int64, path: [String])] = [
    (0, 1, []),
    (
      0, 8,
      [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
      ]
    ),
    (
      5, 8,
      [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      ]
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
      1, 5,
      [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      ]
    ),
  ]

  static let consistency: [(from: Int64, to: Int64, path: [String])] = [
    (1, 1, []),
    (
      1, 8,
      [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
      ]
    ),
    (
      6, 8,
      [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      ]
    ),
    (
      2, 5,
      [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      ]
    ),
  ]
}

/// RFC 6962's definitions as they stand there, plain: what the tree is compared with.
final class PlainTree {
  private let leaves: [Digest]
  private var known: [Range<Int>: Digest] = [:]

  init(_ leaves: [Digest]) { self.leaves = leaves }

  func root(_ range: Range<Int>) -> Digest {
    guard range.count > 1 else { return range.isEmpty ? MerkleTree.sha256([]) : leaves[range.lowerBound] }
    if let hash = known[range] { return hash }
    let (left, right) = Self.halves(range)
    let hash = MerkleTree.sha256([1] + root(left).bytes + root(right).bytes)
    known[range] = hash
    return hash
  }

  func path(_ index: Int, _ range: Range<Int>) -> [Digest] {
    guard range.count > 1 else { return [] }
    let (left, right) = Self.halves(range)
    return left.contains(index) ? path(index, left) + [root(right)] : path(index, right) + [root(left)]
  }

  func proof(_ old: Int, _ range: Range<Int>, isWhole: Bool = true) -> [Digest] {
    guard old < range.count else { return isWhole ? [] : [root(range)] }
    let (left, right) = Self.halves(range)
    return old <= left.count
      ? proof(old, left, isWhole: isWhole) + [root(right)]
      : proof(old - left.count, right, isWhole: false) + [root(left)]
  }

  private static func halves(_ range: Range<Int>) -> (Range<Int>, Range<Int>) {
    var power = 1
    while power * 2 < range.count { power *= 2 }
    let middle = range.lowerBound + power
    return (range.lowerBound..<middle, middle..<range.upperBound)
  }
}

/// Tiles in memory, as the database keeps them.
final class TilesInMemory {
  private(set) var tiles: [Tile: [Digest]] = [:]
  private(set) var size: Int64 = 0
  private(set) var root = MerkleTree.empty

  /// Appends as the sequencer does: from the stored edge, in one step.
  func append(_ leaves: some Sequence<Digest>) throws {
    var edge = try TileEdge(size: size) { self.tiles[$0] ?? [] }
    for leaf in leaves { edge.append(leaf) }
    for (tile, hashes) in edge.changed { tiles[tile] = hashes }
    (size, root) = (edge.size, edge.root)
  }

  func remove(_ tile: Tile) { tiles[tile] = nil }

  var proofs: TreeProofs<TileReader> {
    TreeProofs(
      TileReader { tile in
        guard let hashes = self.tiles[tile] else { throw TransparencyError(.tree, "missing") }
        return hashes
      })
  }
}
