package import Vocabulary

/// What a log says of itself at one moment: how many leaves it has, and the root over them.
///
/// ```
/// origin
/// size, decimal
/// base64(root)
/// ```
/// Source: C2SP tlog-checkpoint
package struct Checkpoint: Sendable, Hashable {
  package let origin: String
  package let size: Int64
  package let root: Digest

  package init(origin: String, size: Int64, root: Digest) {
    self.origin = origin
    self.size = size
    self.root = root
  }

  var text: String { "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n" }

  /// The signed note, under the signer's name as origin.
  ///
  /// - Throws: `transparency.signature`.
  package static func signed(size: Int64, root: Digest, by signer: NoteSigner) throws(TransparencyError) -> String {
    try signer.note(Checkpoint(origin: signer.verifier.name, size: size, root: root).text)
  }

  /// The checkpoint that `note` holds, once `key` is found to have signed it and to be of its origin.
  ///
  /// - Throws: `transparency.note`, `transparency.signature`, `transparency.checkpoint`.
  package init(verifying note: [UInt8], by key: VerifierKey) throws(TransparencyError) {
    let text = try SignedNote(note).verified(by: key)
    // The text ends in a newline; extension lines may follow the first three and say nothing that is known here.
    let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 3, !lines.contains(where: \.isEmpty) else {
      throw TransparencyError(.checkpoint, "The note is no checkpoint: it has no origin, size and root.")
    }
    guard lines[0] == key.name else {
      throw TransparencyError(.checkpoint, "The checkpoint is of '\(lines[0])' and the key of '\(key.name)'.")
    }
    guard let size = Int64(lines[1]), "\(size)" == lines[1], (0...MerkleTree.largestSize).contains(size),
      let bytes = Base64.decode(lines[2]), let root = Digest(bytes: bytes)
    else { throw TransparencyError(.checkpoint, "The checkpoint's size or root is malformed.") }
    self.init(origin: String(lines[0]), size: size, root: root)
    guard size > 0 || root == MerkleTree.empty else {
      throw TransparencyError(.checkpoint, "The checkpoint's root is not that of an empty tree.")
    }
  }
}
