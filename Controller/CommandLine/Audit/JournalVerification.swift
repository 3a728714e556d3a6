import Transparency
import Vocabulary

/// Goes through a file of the journal line by line and finds out whether all of it holds; the file is a stranger's.
///
/// ```
/// header ──▶ entry ──▶ … ──▶ entry ──▶ footer ──▶ end
/// ```
struct JournalVerification {
  /// What the verifier brings along.
  struct Trust {
    /// nil: the file's own, which proves only that the file fits together.
    var key: VerifierKey?
    /// A checkpoint that was kept, as it is in its file.
    var old: [UInt8]?
  }

  private let trust: Trust
  private var header: JournalHeader?
  private var next: Int64 = 0
  private var tree = GrowingTree()
  private(set) var counts = (entries: Int64(0), bodies: Int64(0))
  private var isOver = false

  init(_ trust: Trust) { self.trust = trust }

  /// - Throws: ``Refutation`` with what is wrong with the line.
  mutating func line(_ bytes: ArraySlice<UInt8>) throws(Refutation) {
    let bytes = Array(bytes)
    guard let value = JSONValue(bytes), case .object(let fields) = value else {
      throw .malformed("this is no line of a file that 'rollcall audit export' wrote: it is not a JSON object")
    }
    guard !isOver else { throw .malformed("something follows the last line") }
    guard let header else {
      let first = try JournalHeader(value, trust)
      (self.header, next) = (first, first.first)
      try compareOld(first)
      guard value.bytes == bytes else { throw Self.otherForm }
      return
    }
    guard value.bytes == bytes else { throw Self.otherForm }
    if fields.keys.contains("entries") { try footer(value, header) } else { try entry(value, header) }
  }

  /// - Throws: ``Refutation`` where the file ends too early.
  func end() throws(Refutation) -> JournalHeader {
    guard let header, isOver else {
      throw .disproved(.note, "the file ends before its last line: the rest of it is missing")
    }
    return header
  }

  private static let otherForm = Refutation.malformed(
    "the line is not byte for byte as 'rollcall audit export' writes it: a field was added, twice or written otherwise")

  // MARK: - Lines

  private mutating func entry(_ value: JSONValue, _ header: JournalHeader) throws(Refutation) {
    let entry = try ExportedEntry(value)
    let isInPlace = header.scope == .part ? entry.index >= next : entry.index == next
    guard isInPlace else {
      throw .disproved(
        .leaf,
        "entry \(entry.index) (\(entry.id)) stands where \(next) is expected: an entry is missing, or out of its place")
    }
    guard entry.index < header.checkpoint.size else {
      throw .disproved(
        .leaf, "entry \(entry.index) (\(entry.id)) is not in the tree of \(header.checkpoint.size) leaves")
    }
    let hash = try entry.verifiedHash()
    if header.scope == .whole {
      tree.append(hash)
    } else {
      try prove(entry, hash, header.checkpoint)
    }
    (next, counts.entries) = (entry.index + 1, counts.entries + 1)
    if entry.hasBody { counts.bodies += 1 }
    try compareOld(header)
  }

  private func prove(_ entry: ExportedEntry, _ hash: Digest, _ checkpoint: Checkpoint) throws(Refutation) {
    guard let path = entry.proof else {
      throw .malformed(
        "entry \(entry.index) (\(entry.id)) has no proof, which it needs in a file of a part of the journal")
    }
    let holds = ProofCheck.includes(
      hash, at: entry.index, size: checkpoint.size, root: checkpoint.root, path: path)
    guard holds else {
      throw .disproved(
        .inclusion,
        "entry \(entry.index) (\(entry.id)) is not in the tree that the checkpoint signs: its proof does not hold")
    }
  }

  private mutating func footer(_ value: JSONValue, _ header: JournalHeader) throws(Refutation) {
    guard case .integer(let count) = value["entries"], value == JournalFile.footer(count) else {
      throw .malformed("the last line is malformed")
    }
    guard count == counts.entries else {
      throw .disproved(.leaf, "the file had \(count) entries, and \(counts.entries) are there: some are missing")
    }
    guard header.scope == .part || next == header.checkpoint.size else {
      throw .disproved(
        .leaf, "the checkpoint signs \(header.checkpoint.size) entries, and the file ends before number \(next)")
    }
    guard header.scope != .whole || tree.root == header.checkpoint.root else {
      throw .disproved(
        .checkpoint,
        """
        the entries do not make the root that the checkpoint signs\(oldWords(header)): an entry was replaced together with \
        its hash, or the checkpoint is of another journal
        """)
    }
    isOver = true
  }

  private func oldWords(_ header: JournalHeader) -> String {
    header.old.map { ", though the first \($0.size) make that of the older checkpoint" } ?? ""
  }

  /// Where the whole tree has come to the size of the older checkpoint, it has that one's root.
  private func compareOld(_ header: JournalHeader) throws(Refutation) {
    guard header.scope == .whole, let old = header.old, old.size == tree.size else { return }
    guard tree.root == old.root else {
      throw .disproved(
        .consistency,
        "the first \(old.size) entries are not those of the older checkpoint: the journal was forked, or its past changed"
      )
    }
  }
}

/// What is wrong with a line.
struct Refutation: Error {
  let exit: ExitStatus
  let code: String?
  let message: String

  /// The line is none of such a file.
  static func malformed(_ message: String) -> Refutation {
    Refutation(exit: .refused, code: nil, message: message)
  }

  /// The line is one, and what it says is not so.
  static func disproved(_ kind: TransparencyError.Kind, _ message: String) -> Refutation {
    Refutation(exit: .disproved, code: kind.rawValue, message: message)
  }

  init(exit: ExitStatus, code: String?, message: String) {
    (self.exit, self.code, self.message) = (exit, code, message)
  }

  init(_ error: TransparencyError) {
    self.init(exit: error.kind == .key ? .refused : .disproved, code: error.code.text, message: error.message)
  }
}
