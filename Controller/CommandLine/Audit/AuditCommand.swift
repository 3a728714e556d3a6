import ArgumentParser
import Transparency
import Vocabulary

/// The journal as evidence.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Export the journal, verify it without the controller, and list who looked at whom.",
    discussion: """
      Every change is an entry in the journal, every entry a leaf of one tree, and the controller signs the tree's size
      and root: a checkpoint. Keep a checkpoint, and whoever changes, drops or inserts an entry later is found out.

      EXAMPLES
        rollcall audit checkpoint --output-file 2026-11.checkpoint
        rollcall audit export --output-file journal.jsonl
        rollcall audit verify journal.jsonl \\
            --checkpoint 2026-11.checkpoint --key checkpoint.pub
      """,
    subcommands: [CheckpointCommand.self, ExportCommand.self, VerifyCommand.self, ViewsCommand.self])
}

/// The signed size and root.
struct CheckpointCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint", abstract: "Show or keep the journal's latest checkpoint.",
    discussion: """
      A kept checkpoint is a signed note (C2SP tlog-checkpoint) of a few lines. Later exports are compared with it.

      EXAMPLES
        rollcall audit checkpoint
        rollcall audit checkpoint --output-file 2026-11.checkpoint
      """)

  @Option(help: "A new file for the note.") var outputFile: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) throws {
    let file = try outputFile.map { path throws(CommandError) in try session.surroundings.files.newPrivate(path) }
    let checkpoint: JSONValue
    do { checkpoint = try session.client.get(Target("journal", "checkpoint")) } catch {
      file?.abandon()
      throw error
    }
    try file?.finish(Array(checkpoint["note"].text.utf8))
    session.show(checkpoint, Self.columns)
  }

  private static let columns = [
    Column("Entries", "size", number: true), Column("Root", "root"), Column("Signed", "at", time: true),
    Column("Key", "key"),
  ]
}

/// The journal into a file.
struct ExportCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write the journal into a file that proves itself.",
    discussion: """
      The file has the signed checkpoint, and a line of JSON for each entry with what its hash is made of. Who sees the
      whole state gets all of it; who sees a district gets its entries, each with the proof that it is in the state's tree.

      EXAMPLES
        rollcall audit export --output-file journal.jsonl
        rollcall audit export -d cedar-falls --output-file cedar.jsonl
        rollcall audit export --entry ent_q0p60ge0btq27sa3 \\
            --output-file entry.jsonl
        rollcall audit export --from 120000 --since 2026-11.checkpoint \\
            --output-file december.jsonl
      """)

  @Option(help: "The new file.") var outputFile: String
  @Option(help: "Only from this place in the tree on, counted from 0.") var from: Int64 = 0
  @Option(help: "Only this entry, by its id.") var entry: String?
  @Option(help: "A checkpoint that was kept: the file then proves that the journal goes on from it.") var since: String?
  @OptionGroup var place: DistrictFilter
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard from >= 0 else { throw ValidationError("--from is at least 0.") }
    guard entry == nil || from == 0 else { throw ValidationError("Give --entry or --from, not both.") }
  }

  func run(_ session: Session) throws {
    let old = try since.map { try Self.size($0, session.surroundings.files) }
    let file = try session.surroundings.files.newPrivate(outputFile)
    let export = JournalExport(
      client: session.client,
      selection: .init(district: entry == nil ? place.given : nil, entry: entry, first: from))
    let done: (checkpoint: JSONValue, scope: JournalFile.Scope, entries: Int64)
    var held: [UInt8] = []
    do {
      done = try export.write(since: old) { bytes throws(CommandError) in
        held += bytes
        guard held.count >= 1 << 16 else { return }
        try file.append(held)
        held.removeAll(keepingCapacity: true)
      }
    } catch {
      file.abandon()
      throw error
    }
    try file.finish(held)
    session.show(
      .fields([
        ("file", .string(outputFile)), ("entries", .integer(done.entries)), ("scope", .string(done.scope.rawValue)),
        ("size", done.checkpoint["size"]), ("root", done.checkpoint["root"]), ("key", done.checkpoint["key"]),
      ]), Self.columns)
    session.say("Next: rollcall audit verify \(outputFile) --key … with the key that the operator gave you.")
  }

  /// How many entries a kept checkpoint has; it is verified together with the file.
  private static func size(_ path: String, _ files: any FileAccess) throws(CommandError) -> Int64 {
    let note = String(decoding: try JournalFile.note(in: path, files), as: UTF8.self)
    let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count > 2, let size = Int64(lines[1]), (0...MerkleTree.largestSize).contains(size) else {
      throw CommandError(.refused, "\(path) holds no checkpoint.")
    }
    return size
  }

  private static let columns = [
    Column("File", "file"), Column("Entries", "entries", number: true), Column("Scope", "scope"),
    Column("In the tree", "size", number: true), Column("Root", "root"), Column("Key", "key"),
  ]
}
