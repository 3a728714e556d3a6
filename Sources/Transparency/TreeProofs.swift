package import Vocabulary

/// Where the roots of complete subtrees are found.
package protocol CompleteSubtrees {
  /// The hash over the leaves from `index` · 2^`height` to before (`index` + 1) · 2^`height`, all of which there are.
  func subtree(height: Int, index: Int64) throws -> Digest
}

/// Proofs over a stored tree, each made of a logarithmic number of its hashes.
///
/// Source: RFC 6962, sections 2.1.1 and 2.1.2
package struct TreeProofs<Subtrees: CompleteSubtrees> {
  private let subtrees: Subtrees

  package init(_ subtrees: Subtrees) { self.subtrees = subtrees }

  /// - Throws: what the subtrees throw.
  package func root(size: Int64) throws -> Digest { size == 0 ? MerkleTree.empty : try range(0, size) }

  /// From the leaf's sibling up to a child of the root; `index` is smaller than `size`.
  ///
  /// - Throws: what the subtrees throw.
  package func inclusion(of index: Int64, size: Int64) throws -> [Digest] {
    var (start, end) = (Int64(0), size)
    var path: [Digest] = []
    while end - start > 1 {
      let middle = start + MerkleTree.split(end - start)
      if index < middle {
        path.append(try range(middle, end))
        end = middle
      } else {
        path.append(try range(start, middle))
        start = middle
      }
    }
    return path.reversed()
  }

  /// That the tree of `new` leaves begins with the tree of `old` ones; `old` is not greater than `new`.
  ///
  /// - Throws: what the subtrees throw.
  package func consistency(from old: Int64, to new: Int64) throws -> [Digest] {
    guard old > 0, old < new else { return [] }
    var (start, end) = (Int64(0), new)
    var path: [Digest] = []
    while end != old {
      let middle = start + MerkleTree.split(end - start)
      if old <= middle {
        path.append(try range(middle, end))
        end = middle
      } else {
        path.append(try range(start, middle))
        start = middle
      }
    }
    // Where the old tree is itself a complete subtree at the left, the verifier has its root already.
    if start > 0 { path.append(try range(start, end)) }
    return path.reversed()
  }

  /// The hash over the leaves from `start` to before `end`: a subtree of the tree's shape, of which there is at least one leaf.
  private func range(_ start: Int64, _ end: Int64) throws -> Digest {
    var peaks: [Digest] = []
    var start = start
    while start < end {
      let height = Int64.bitWidth - 1 - (end - start).leadingZeroBitCount
      peaks.append(try subtrees.subtree(height: height, index: start >> height))
      start += 1 << height
    }
    return GrowingTree.root(peaks)
  }
}
