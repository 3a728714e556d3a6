import Transparency
import Vocabulary

/// A file's header, its checkpoint found to be signed and to go on from the older one.
struct JournalHeader {
  let scope: JournalFile.Scope
  let first: Int64
  let key: VerifierKey
  let checkpoint: Checkpoint
  /// The older checkpoint; that the journal goes on from it is proven by the entries where they are the whole.
  let old: Checkpoint?

  /// - Throws: ``Refutation``.
  init(_ value: JSONValue, _ trust: JournalVerification.Trust) throws(Refutation) {
    guard case .object(let fields) = value, value["format"].string == JournalFile.format else {
      throw .malformed("this is no file that 'rollcall audit export' wrote, or one of another version")
    }
    guard Set(fields.keys).isSubset(of: JournalFile.headerFields), case .integer(let first) = value["first"],
      first >= 0,
      let scope = value["scope"].string.flatMap(JournalFile.Scope.init), let note = value["checkpoint"].string,
      let keyText = value["key"].string, scope != .whole || first == 0
    else { throw .malformed("the header is malformed") }
    (self.scope, self.first) = (scope, first)
    do throws(TransparencyError) {
      if let trusted = trust.key { key = trusted } else { key = try VerifierKey(keyText) }
      checkpoint = try Checkpoint(verifying: Array(note.utf8), by: key)
    } catch { throw Refutation(error) }
    guard let note = trust.old else {
      old = nil
      return
    }
    old = try Self.older(note, key)
    try compare(value["consistency"])
  }

  private static func older(_ note: [UInt8], _ key: VerifierKey) throws(Refutation) -> Checkpoint {
    do throws(TransparencyError) { return try Checkpoint(verifying: note, by: key) } catch {
      throw Refutation(
        exit: .disproved, code: error.code.text, message: "the older checkpoint cannot be used. \(error.message)")
    }
  }

  /// - Throws: ``Refutation`` where the journal does not go on from the older checkpoint, or the file cannot tell.
  private func compare(_ consistency: JSONValue) throws(Refutation) {
    guard let old else { return }
    guard old.size <= checkpoint.size else {
      throw .disproved(
        .consistency,
        """
        the journal has \(checkpoint.size) entries, and the older checkpoint \(old.size): it went back, as when an older \
        backup is restored, or was forked
        """)
    }
    if old.size == checkpoint.size {
      guard old.root == checkpoint.root else {
        throw .disproved(
          .consistency, "of \(old.size) entries there are two different checkpoints: the journal was forked")
      }
      return
    }
    guard scope != .whole, old.size > 0 else { return }
    guard case .integer(old.size) = consistency["from"], let path = Hashes.read(consistency["proof"]) else {
      throw .malformed(
        "this file of a part of the journal cannot tell whether it goes on from \(old.size) entries: export it with --since"
      )
    }
    let holds = ProofCheck.continues(
      from: (old.size, old.root), to: (checkpoint.size, checkpoint.root), path: path)
    guard holds else {
      throw .disproved(
        .consistency,
        "the journal does not go on from the older checkpoint of \(old.size) entries: it was forked, or its past changed"
      )
    }
  }
}

/// Hashes as files have them.
enum Hashes {
  /// nil where it is no list of hashes, or one that is longer than any proof.
  static func read(_ value: JSONValue) -> [Digest]? {
    guard case .array(let items) = value, items.count <= ProofCheck.longest else { return nil }
    let hashes = items.compactMap { $0.string.flatMap(read) }
    return hashes.count == items.count ? hashes : nil
  }

  /// One text only for the same hash: lower-case hexadecimal.
  static func read(_ text: String) -> Digest? { Digest(hex: text).flatMap { $0.description == text ? $0 : nil } }
}
