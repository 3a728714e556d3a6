import ArgumentParser
import Transparency
import Vocabulary

/// A file of the journal, verified without the controller.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verify an exported file of the journal, without the controller.",
    discussion: """
      Finds out that the checkpoint is signed by the key, that every entry and body is the one that was journalled, and that
      the entries make the signed root, or are proven to be in it. With a checkpoint that was kept: that the journal goes on
      from it, and its past is as it was. What does not hold is named with its line; the exit code is 7 then, and 6 where
      the file is none of 'rollcall audit export'.

      Without --key the file's own key is taken, which proves only that the file fits together: whoever can write the file
      can write the key. The controller has its key in journal/checkpoint.pub in its state folder.

      EXAMPLES
        rollcall audit verify journal.jsonl --key checkpoint.pub
        rollcall audit verify journal.jsonl \\
            --key checkpoint.pub --checkpoint 2026-11.checkpoint
        rollcall audit verify entry.jsonl --output json
      """)

  @Argument(help: "The file that 'rollcall audit export' wrote.") var file: String
  @Option(help: "A checkpoint that was kept, or an older exported file.") var checkpoint: String?
  @Option(help: "The key that must have signed: the text of checkpoint.pub, or a file that holds it.") var key: String?
  @OptionGroup var global: GlobalOptions

  func run() throws {
    let surroundings = Surroundings.current
    let files = surroundings.files
    let trusted = try key.map { key throws(CommandError) in try JournalFile.key(key, files) }
    let old = try checkpoint.map { path throws(CommandError) in try JournalFile.note(in: path, files) }
    var verification = JournalVerification(.init(key: trusted, old: old))
    var lines = 0
    try files.lines(of: file, longest: JournalFile.longestLine) { number, line throws(CommandError) in
      lines = number
      do throws(Refutation) { try verification.line(line) } catch { throw fault(error, number) }
    }
    let header: JournalHeader
    do throws(Refutation) { header = try verification.end() } catch { throw fault(error, lines + 1) }
    let writer = ItemWriter(
      format: global.output, console: surroundings.console, palette: Session.palette(surroundings))
    writer.show(verdict(header, verification.counts, isTrusted: trusted != nil), Self.columns)
    if trusted == nil {
      surroundings.console.error(
        "The key is the file's own. Compare it with the controller's journal/checkpoint.pub, and give it with --key.\n")
    }
  }

  private func fault(_ refutation: Refutation, _ line: Int) -> CommandError {
    let words =
      refutation.exit == .disproved
      ? "\(file) does not hold: it was changed, or the journal was." : "\(file) cannot be verified."
    var error = CommandError(refutation.exit, words, code: refutation.code)
    error.file = file
    error.places = [.init(line: line, column: nil, message: refutation.message)]
    return error
  }

  private func verdict(
    _ header: JournalHeader, _ counts: (entries: Int64, bodies: Int64), isTrusted: Bool
  ) -> JSONValue {
    .fields([
      ("file", .string(file)), ("verdict", "holds"), ("origin", .string(header.checkpoint.origin)),
      ("scope", .string(header.scope.rawValue)), ("first", .integer(header.first)),
      ("entries", .integer(counts.entries)), ("size", .integer(header.checkpoint.size)),
      ("root", .string(header.checkpoint.root.description)), ("bodies", .integer(counts.bodies)),
      ("continuesFrom", header.old.map { .integer($0.size) }), ("key", .string(header.key.text)),
      ("keyIsFrom", .string(isTrusted ? "you" : "the file")),
    ])
  }

  private static let columns = [
    Column("File", "file"), Column("Verdict", "verdict"), Column("Journal", "origin"), Column("Scope", "scope"),
    Column("First", "first", number: true), Column("Entries", "entries", number: true),
    Column("In the tree", "size", number: true), Column("Root", "root"), Column("With body", "bodies", number: true),
    Column("Goes on from", "continuesFrom", number: true), Column("Key", "key"), Column("Key from", "keyIsFrom"),
  ]
}
