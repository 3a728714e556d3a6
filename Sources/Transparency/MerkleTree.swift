internal import Crypto
package import Vocabulary

/// Hashes of RFC 6962's tree, and what follows from its shape alone.
///
/// Source: RFC 6962, section 2.1
package enum MerkleTree {
  /// More leaves than any log has; sizes from outside are held to it, so that no arithmetic of theirs overflows.
  package static let largestSize: Int64 = 1 << 48

  /// The root of a tree without leaves.
  package static let empty = sha256([])

  package static func leaf(_ bytes: [UInt8]) -> Vocabulary.Digest { sha256([0x00] + bytes) }

  package static func node(_ left: Vocabulary.Digest, _ right: Vocabulary.Digest) -> Vocabulary.Digest {
    sha256([0x01] + left.bytes + right.bytes)
  }

  /// The largest power of two that is smaller than `count`, which is at least 2.
  static func split(_ count: Int64) -> Int64 { 1 << (Int64.bitWidth - 1 - (count - 1).leadingZeroBitCount) }

  package static func sha256(_ bytes: [UInt8]) -> Vocabulary.Digest {
    // As large as the function's result, by its type.
    Vocabulary.Digest(SHA256.hash(data: bytes).withUnsafeBytes { $0.loadUnaligned(as: InlineArray<32, UInt8>.self) })
  }
}

/// A tree that leaves are appended to, of which only the complete subtrees at its right edge are kept: a root over any
/// number of leaves in a few hundred bytes.
package struct GrowingTree: Sendable {
  package private(set) var size: Int64 = 0
  /// Roots of complete subtrees, from the largest, at the left, to the smallest.
  package private(set) var peaks: [Vocabulary.Digest] = []

  package init() {}

  package mutating func append(_ leaf: Vocabulary.Digest) {
    var (hash, rest) = (leaf, size)
    while rest & 1 == 1, let left = peaks.popLast() {
      hash = MerkleTree.node(left, hash)
      rest >>= 1
    }
    peaks.append(hash)
    size += 1
  }

  package var root: Vocabulary.Digest { Self.root(peaks) }

  static func root(_ peaks: [Vocabulary.Digest]) -> Vocabulary.Digest {
    guard var root = peaks.last else { return MerkleTree.empty }
    for left in peaks.dropLast().reversed() { root = MerkleTree.node(left, root) }
    return root
  }
}
