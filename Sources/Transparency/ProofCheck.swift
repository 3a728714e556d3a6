package import Vocabulary

/// Whether proofs hold; they come from strangers.
///
/// Source: RFC 9162, sections 2.1.3.2 and 2.1.4.2, whose proofs are those of RFC 6962
package enum ProofCheck {
  /// More hashes than any proof has.
  package static let longest = 64

  /// That `leaf` stands at `index` in the tree of `size` leaves with `root`.
  package static func includes(_ leaf: Digest, at index: Int64, size: Int64, root: Digest, path: [Digest]) -> Bool {
    guard index >= 0, index < size, size <= MerkleTree.largestSize, path.count <= longest else { return false }
    var (place, last, hash) = (index, size - 1, leaf)
    for sibling in path {
      guard last > 0 else { return false }
      if place & 1 == 1 || place == last {
        hash = MerkleTree.node(sibling, hash)
        while place & 1 == 0, place != 0 { (place, last) = (place >> 1, last >> 1) }
      } else {
        hash = MerkleTree.node(hash, sibling)
      }
      (place, last) = (place >> 1, last >> 1)
    }
    return last == 0 && hash == root
  }

  /// That the tree of `new` leaves begins with that of `old` leaves.
  package static func continues(
    from old: (size: Int64, root: Digest), to new: (size: Int64, root: Digest), path: [Digest]
  ) -> Bool {
    guard old.size >= 0, old.size <= new.size, new.size <= MerkleTree.largestSize, path.count <= longest else {
      return false
    }
    if old.size == new.size { return path.isEmpty && old.root == new.root }
    if old.size == 0 { return path.isEmpty && old.root == MerkleTree.empty }
    // A complete subtree's root is known, and not in the proof.
    var rest = (old.size & (old.size - 1) == 0 ? [old.root] : []) + path
    guard !path.isEmpty else { return false }
    let first = rest.removeFirst()
    var (place, last) = (old.size - 1, new.size - 1)
    while place & 1 == 1 { (place, last) = (place >> 1, last >> 1) }
    var (before, after) = (first, first)
    for hash in rest {
      guard last > 0 else { return false }
      if place & 1 == 1 || place == last {
        (before, after) = (MerkleTree.node(hash, before), MerkleTree.node(hash, after))
        while place & 1 == 0, place != 0 { (place, last) = (place >> 1, last >> 1) }
      } else {
        after = MerkleTree.node(after, hash)
      }
      (place, last) = (place >> 1, last >> 1)
    }
    return last == 0 && before == old.root && after == new.root
  }
}
