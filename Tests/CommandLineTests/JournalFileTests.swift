import Testing
import Transparency
import Vocabulary

@testable import rollcall

@Suite("Verifying an exported journal")
struct JournalFileTests {
  private static let offline = FakeController { _ throws(ConnectionFailure) in
    throw ConnectionFailure(message: "offline", code: "x.y", isTransient: false)
  }

  private func verify(_ lines: [String], _ more: [String] = [], old: String? = nil, key: String? = SampleJournal.key)
    -> Outcome
  {
    var files = ["journal.jsonl": lines.map { $0 + "\n" }.joined()]
    files["old.checkpoint"] = old
    return run(
      ["audit", "verify", "journal.jsonl"] + (key.map { ["--key", $0] } ?? [])
        + (old == nil ? [] : ["--checkpoint", "old.checkpoint"]) + more, on: Self.offline, files: MemoryFiles(files))
  }

  @Test("A whole journal holds: with the key, with the file's own, as table, JSON and CSV, and asks nobody")
  func whole() {
    let journal = SampleJournal(20)
    let table = verify(journal.lines())
    #expect(table.status == .success && table.err.isEmpty, "\(table)")
    #expect(table.out.contains("Verdict       holds") && table.out.contains("Entries       20"), "\(table.out)")
    let json = verify(journal.lines(), ["--output", "json"], old: journal.note(13))
    let value = JSONValue(Array(json.out.utf8)) ?? .null
    #expect(value["verdict"] == "holds" && value["continuesFrom"] == .integer(13) && value["keyIsFrom"] == "you")
    let csv = verify(journal.lines(), ["--output", "csv"], key: nil)
    #expect(csv.status == .success && csv.out.contains("holds") && csv.err.contains("checkpoint.pub"))
    #expect(verify(SampleJournal(1).lines()).status == .success && verify(SampleJournal(0).lines()).status == .success)
    #expect(Self.offline.requests.isEmpty)
  }

  @Test("The key may be in a file, and an older export stands for its checkpoint")
  func files() {
    let journal = SampleJournal(9)
    let files = MemoryFiles([
      "journal.jsonl": journal.lines().map { $0 + "\n" }.joined(), "checkpoint.pub": SampleJournal.key + "\n",
      "older.jsonl": SampleJournal(5).lines().map { $0 + "\n" }.joined(),
    ])
    let outcome = run(
      "audit", "verify", "journal.jsonl", "--key", "checkpoint.pub", "--checkpoint", "older.jsonl", on: Self.offline,
      files: files)
    #expect(outcome.status == .success && outcome.out.contains("Goes on from  5"), "\(outcome)")
  }

  /// What was done to the file, the line that is named, and words of what is said of it.
  private static let tampered: [(name: String, change: @Sendable (inout [String]) -> Void, line: Int, words: String)] =
    [
      (
        "a byte of a body", { $0[5] = $0[5].replacing(#"number\":4"#, with: #"number\":5"#) }, 6,
        "entry 4 (ent_4): its body"
      ),
      ("a byte of a salt", { $0[5] = $0[5].replacing(#""salt":"0404"#, with: #""salt":"0405"#) }, 6, "its body"),
      ("an action", { $0[5] = $0[5].replacing("thing.change", with: "thing.chance") }, 6, "one of its fields"),
      ("a time", { $0[5] = $0[5].replacing(".127Z", with: ".128Z") }, 6, "one of its fields"),
      ("an entry dropped", { $0.remove(at: 5) }, 6, "entry 5 (ent_5) stands where 4 is expected"),
      ("two swapped", { $0.swapAt(5, 6) }, 6, "entry 5 (ent_5) stands where 4 is expected"),
      ("an entry twice", { $0.insert($0[5], at: 5) }, 7, "entry 4 (ent_4) stands where 5 is expected"),
      ("the end cut off", { $0.removeLast(3) }, 10, "ends before its last line"),
      ("the last entry dropped", { $0.remove(at: 10) }, 11, "the file had 10 entries, and 9 are there"),
      (
        "the count changed too",
        {
          $0.remove(at: 10)
          $0[10] = #"{"entries":9}"#
        }, 11, "signs 10 entries"
      ),
      ("something after the end", { $0.append($0[5]) }, 13, "something follows"),
      (
        "a field added", { $0[5] = $0[5].replacing(#"{"action""#, with: #"{"aaa":"x","action""#) }, 6,
        "a field that entries do not"
      ),
      (
        "a field twice", { $0[5] = $0[5].replacing(#"{"action""#, with: #"{"action":"x.y","action""#) }, 6,
        "byte for byte"
      ),
      ("a space", { $0[5] = $0[5].replacing(#":4,"#, with: #": 4,"#) }, 6, "byte for byte"),
      ("a checkpoint's size", { $0[0] = $0[0].replacing(#"\n10\n"#, with: #"\n11\n"#) }, 1, "signature"),
      ("no JSON", { $0[5] = "x" }, 6, "not a JSON object"),
      ("deep JSON", { $0[5] = String(repeating: "[", count: 100_000) }, 6, "not a JSON object"),
      (
        "a huge index", { $0[5] = $0[5].replacing(#""index":4"#, with: #""index":9223372036854775807"#) }, 6, "no place"
      ),
      (
        "an index beyond the tree", { $0[5] = $0[5].replacing(#""index":4"#, with: #""index":10"#) }, 6,
        "stands where 4"
      ),
      ("another version", { $0[5] = $0[5].replacing(#""version":1"#, with: #""version":2"#) }, 6, "version"),
      (
        "a long body", { $0[5] = $0[5].replacing(#"{\"number"#, with: String(repeating: "x", count: 70_000)) }, 6,
        "salt"
      ),
      ("no header", { $0.removeFirst() }, 1, "no file that 'rollcall audit export' wrote"),
      ("an empty file", { $0.removeAll() }, 1, "ends before its last line"),
    ]

  @Test("Whatever is changed in the file, the line that is wrong is named", arguments: tampered.indices)
  func tampering(_ number: Int) {
    let (name, change, line, words) = Self.tampered[number]
    var lines = SampleJournal(10).lines()
    change(&lines)
    let outcome = verify(lines)
    #expect(outcome.status == .disproved || outcome.status == .refused, "\(name): \(outcome)")
    #expect(outcome.err.hasPrefix("journal.jsonl:\(line): ") && outcome.err.contains(words), "\(name): \(outcome.err)")
    #expect(outcome.out.isEmpty)
  }

  @Test("An entry that was replaced together with its hash does not make the signed root")
  func replaced() {
    var lines = SampleJournal(10).lines()
    lines[5] = SampleJournal(10, fork: 4).lines()[5]
    let outcome = verify(lines, old: SampleJournal(10).note(4))
    #expect(outcome.status == .disproved, "\(outcome)")
    #expect(outcome.err.contains("do not make the root") && outcome.err.contains("the first 4 make"), "\(outcome.err)")
    #expect(outcome.err.contains("(code transparency.checkpoint)"))
  }

  @Test("A forked journal, signed by the right key, does not go on from a checkpoint that was kept")
  func forked() {
    let fork = SampleJournal(10, fork: 4)
    #expect(verify(fork.lines()).status == .success)
    #expect(verify(fork.lines(), old: SampleJournal(10).note(4)).status == .success)
    for (old, words) in [(5, "first 5 entries are not"), (10, "two different checkpoints"), (12, "it went back")] {
      let outcome = verify(fork.lines(), old: SampleJournal(12).note(old))
      #expect(outcome.status == .disproved && outcome.err.contains(words), "\(old): \(outcome.err)")
      #expect(outcome.err.contains("(code transparency.consistency)"))
    }
  }

  @Test("Another key, in the file or given, is found out")
  func keys() throws {
    let other = try NoteSigner(name: "rollcall.example/journal-test")
    let outcome = verify(SampleJournal(5).lines(), key: other.verifier.text)
    #expect(outcome.status == .disproved && outcome.err.contains("signed by another key"), "\(outcome.err)")
    var lines = SampleJournal(5).lines()
    lines[0] = lines[0].replacing(SampleJournal.key, with: other.verifier.text)
    #expect(verify(lines, key: nil).status == .disproved)
    #expect(verify(lines).status == .success, "what the file says of the key counts for nothing where one is given")
    #expect(verify(lines, key: "no-such-file").status == .failure)
    #expect(verify(lines, key: "a+b+c").status == .refused)
    let foreign = verify(SampleJournal(5).lines(), old: SampleJournal(5).note(3, by: other))
    #expect(foreign.status == .disproved && foreign.err.contains("older checkpoint cannot be used"), "\(foreign.err)")
  }

  @Test("A part of the journal is proven entry by entry, and a range is without gaps")
  func parts() {
    let journal = SampleJournal(20)
    #expect(verify(journal.lines(.part, [3])).status == .success)
    #expect(verify(journal.lines(.part, [0, 2, 19])).status == .success)
    #expect(verify(journal.lines(.range, Array(12..<20))).status == .success)
    let gap = verify(journal.lines(.range, [12, 13, 15]))
    #expect(gap.status == .disproved && gap.err.contains("stands where 14 is expected"), "\(gap.err)")
    let short = verify(journal.lines(.range, [12, 13, 14]))
    #expect(short.status == .disproved && short.err.contains("ends before number 15"), "\(short.err)")
    var swapped = journal.lines(.part, [3, 4])
    swapped.swapAt(1, 2)
    #expect(verify(swapped).status == .disproved)
    var foreign = journal.lines(.part, [3, 12])
    foreign[2] = SampleJournal(20, fork: 12).lines(.part, [3, 12])[2]
    let outcome = verify(foreign)
    #expect(outcome.status == .disproved && outcome.err.hasPrefix("journal.jsonl:3: entry 12"), "\(outcome.err)")
    #expect(outcome.err.contains("(code transparency.inclusion)"))
    var bare = journal.lines(.part, [3])
    bare[1] = journal.lines()[4]
    #expect(verify(bare).status == .refused)
  }

  @Test("A part goes on from an older checkpoint where it was exported for that, and a forked one does not")
  func partsSince() {
    let journal = SampleJournal(20)
    for old in [1, 7, 8, 19] {
      #expect(verify(journal.lines(.part, [3], since: old), old: journal.note(old)).status == .success, "\(old)")
    }
    #expect(verify(journal.lines(.part, [3]), old: journal.note(20)).status == .success)
    let silent = verify(journal.lines(.part, [3]), old: journal.note(7))
    #expect(silent.status == .refused && silent.err.contains("--since"), "\(silent.err)")
    let fork = verify(SampleJournal(20, fork: 5).lines(.part, [3], since: 7), old: journal.note(7))
    #expect(fork.status == .disproved && fork.err.contains("does not go on"), "\(fork.err)")
  }

  @Test("Entries whose bodies retention dropped hold by their digests")
  func dropped() {
    var lines = SampleJournal(5).lines()
    guard case .object(var fields)? = JSONValue(Array(lines[3].utf8)) else { return }
    (fields["salt"], fields["body"]) = (nil, nil)
    lines[3] = String(decoding: JSONValue.object(fields).bytes, as: UTF8.self)
    let outcome = verify(lines)
    #expect(outcome.status == .success && outcome.out.contains("With body     4"), "\(outcome)")
  }

  @Test("A line without an end is refused before it fills the memory")
  func longLine() {
    let outcome = verify([String(repeating: "x", count: JournalFile.longestLine + 1)])
    #expect(outcome.status == .refused && outcome.err.contains("journal.jsonl:1"), "\(outcome.err)")
  }

  @Test("Every byte of a small file counts: changed, it holds no longer, and nothing traps")
  func everyByte() {
    let text = Array(SampleJournal(2).lines(.range, [0, 1]).map { $0 + "\n" }.joined().utf8)
    for place in text.indices {
      for flip in [[UInt8(0x01), 0x20, 0x80][place % 3]] {
        var bytes = text
        bytes[place] ^= flip
        var verification = JournalVerification(.init(key: SampleJournal.signer.verifier, old: nil))
        var splitter = LineSplitter(path: "x", longest: JournalFile.longestLine)
        var isFound = false
        do {
          func take(_ number: Int, _ line: ArraySlice<UInt8>) throws(CommandError) {
            do throws(Refutation) { try verification.line(line) } catch {
              throw CommandError(.disproved, error.message)
            }
          }
          try splitter.add(bytes[...], take)
          try splitter.end(take)
          _ = try verification.end()
        } catch { isFound = true }
        // The key in the header is not what is trusted here.
        let isKey = Self.keyRange(text).contains(place)
        #expect(isFound || isKey, "byte \(place), xor \(flip)")
      }
    }
  }

  private static func keyRange(_ text: [UInt8]) -> Range<Int> {
    let key = Array(SampleJournal.key.utf8)
    let start = text.indices.first { text[$0...].starts(with: key) } ?? 0
    return start..<start + key.count
  }
}
