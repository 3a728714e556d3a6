import Testing
import Transparency
import Vocabulary

@Suite("The tree of RFC 6962")
struct TreeTests {
  private static let leaves = (0..<600).map { MerkleTree.leaf(Array("leaf \($0)".utf8)) }

  private func tiles(_ leaves: some Sequence<Digest>) throws -> TilesInMemory {
    let tiles = TilesInMemory()
    try tiles.append(leaves)
    return tiles
  }

  @Test("Roots are the published ones")
  func publishedRoots() throws {
    #expect(
      MerkleTree.empty.description == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    var tree = GrowingTree()
    for (leaf, root) in zip(TreeVectors.leaves, TreeVectors.roots) {
      tree.append(MerkleTree.leaf(leaf))
      #expect(tree.root == root)
    }
    #expect(tree.size == 8)
  }

  @Test("Proofs are the published ones, and hold")
  func publishedProofs() throws {
    let hashes = TreeVectors.leaves.map { MerkleTree.leaf($0) }
    let proofs = try tiles(hashes).proofs
    for (index, size, path) in TreeVectors.inclusion {
      let made = try proofs.inclusion(of: index, size: size)
      #expect(made.map(\.description) == path)
      #expect(
        ProofCheck.includes(
          hashes[Int(index)], at: index, size: size, root: TreeVectors.roots[Int(size) - 1], path: made))
    }
    for (from, to, path) in TreeVectors.consistency {
      let made = try proofs.consistency(from: from, to: to)
      #expect(made.map(\.description) == path)
      let (old, new) = (TreeVectors.roots[Int(from) - 1], TreeVectors.roots[Int(to) - 1])
      #expect(ProofCheck.continues(from: (from, old), to: (to, new), path: made))
    }
  }

  @Test("For every size to 130 and every leaf: root and inclusion proof are RFC 6962's, hold, and hold nowhere else")
  func inclusion() throws {
    let (proofs, plain) = (try tiles(Self.leaves).proofs, PlainTree(Self.leaves))
    for size in 1...130 {
      let root = plain.root(0..<size)
      #expect(try proofs.root(size: Int64(size)) == root)
      for index in 0..<size {
        let path = try proofs.inclusion(of: Int64(index), size: Int64(size))
        try #require(path == plain.path(index, 0..<size))
        func holds(_ leaf: Digest, _ index: Int, _ size: Int, _ path: [Digest]) -> Bool {
          ProofCheck.includes(leaf, at: Int64(index), size: Int64(size), root: root, path: path)
        }
        try #require(holds(Self.leaves[index], index, size, path))
        try #require(!holds(Self.leaves[index + 1], index, size, path))
        try #require(
          !holds(Self.leaves[index], index + 1, size, path) && !holds(Self.leaves[index], index - 1, size, path))
        try #require(!holds(Self.leaves[index], index, size, path + [root]))
        try #require(path.isEmpty || !holds(Self.leaves[index], index, size, path.dropLast()))
        try #require(path.isEmpty || !holds(Self.leaves[index], index, size, [root] + path.dropFirst()))
      }
    }
  }

  @Test("For every two sizes to 130: the consistency proof is RFC 6962's, holds, and holds for no other tree")
  func consistency() throws {
    let (proofs, plain) = (try tiles(Self.leaves).proofs, PlainTree(Self.leaves))
    let roots = (0...131).map { plain.root(0..<$0) }
    for new in 1...130 {
      for old in 0...new {
        let path = try proofs.consistency(from: Int64(old), to: Int64(new))
        try #require(path == (old == 0 ? [] : plain.proof(old, 0..<new)))
        func holds(_ before: Digest, _ after: Digest, _ path: [Digest]) -> Bool {
          ProofCheck.continues(from: (Int64(old), before), to: (Int64(new), after), path: path)
        }
        try #require(holds(roots[old], roots[new], path))
        try #require(!holds(roots[old + 1], roots[new], path))
        try #require(old == 0 || !holds(roots[old], roots[new + 1], path))
        try #require(!holds(roots[old], roots[new], path + [roots[0]]))
        try #require(path.isEmpty || !holds(roots[old], roots[new], path.dropLast()))
        try #require(path.isEmpty || !holds(roots[old], roots[new], [roots[1]] + path.dropFirst()))
      }
    }
  }

  @Test("However leaves are appended, the tiles and the root are the same; full tiles have 256 hashes")
  func steps() throws {
    let leaves = (0..<66_000).map { MerkleTree.leaf(withUnsafeBytes(of: $0) { Array($0) }) }
    let whole = try tiles(leaves)
    for step in [1, 255, 256, 257, 500, 65_537] {
      let parts = TilesInMemory()
      let count = step == 1 ? 3_000 : leaves.count
      for start in stride(from: 0, to: count, by: step) { try parts.append(leaves[start..<min(count, start + step)]) }
      guard step > 1 else {
        #expect(try parts.root == whole.proofs.root(size: 3_000))
        continue
      }
      #expect(parts.tiles == whole.tiles && parts.root == whole.root)
    }
    // 66,000 = 257 · 256 + 208, and 257 = 256 + 1.
    #expect(whole.tiles[Tile(level: 0, index: 257)]?.count == 208)
    #expect(whole.tiles[Tile(level: 1, index: 0)]?.count == 256 && whole.tiles[Tile(level: 1, index: 1)]?.count == 1)
    #expect(whole.tiles[Tile(level: 2, index: 0)]?.count == 1)
    var tree = GrowingTree()
    for leaf in leaves { tree.append(leaf) }
    #expect(tree.root == whole.root)
    for index in [0, 255, 256, 65_535, 65_536, 65_999] as [Int64] {
      let path = try whole.proofs.inclusion(of: index, size: 66_000)
      #expect(path.count <= 17)
      #expect(ProofCheck.includes(leaves[Int(index)], at: index, size: 66_000, root: whole.root, path: path))
    }
    let (old, path) = (try whole.proofs.root(size: 65_530), try whole.proofs.consistency(from: 65_530, to: 66_000))
    #expect(ProofCheck.continues(from: (65_530, old), to: (66_000, whole.root), path: path))
  }

  @Test("A tile that is missing is transparency.tree, and nothing is built upon it")
  func missing() throws {
    let tiles = try tiles(Self.leaves[..<300])
    tiles.remove(Tile(level: 0, index: 1))
    #expect(throws: TransparencyError(.tree, "")) { try tiles.proofs.root(size: 300) }
    #expect(throws: TransparencyError(.tree, "")) { try tiles.append(Self.leaves[300..<301]) }
  }

  @Test("Numbers that no tree has do not hold, and trap nowhere")
  func hostile() {
    let root = MerkleTree.empty
    for (index, size) in [(-1, 1), (0, 0), (5, 5), (.min, .max), (.max - 1, .max), (0, .max), (0, .min)]
      as [(Int64, Int64)]
    {
      for path in [[], [root], Array(repeating: root, count: 64), Array(repeating: root, count: 65)] {
        #expect(!ProofCheck.includes(root, at: index, size: size, root: root, path: path))
        #expect(index == size || !ProofCheck.continues(from: (index, root), to: (size, root), path: path))
      }
    }
    #expect(Tile.hashes([1, 2, 3]) == nil && Tile.hashes([UInt8](repeating: 0, count: 32 * 257)) == nil)
  }
}
