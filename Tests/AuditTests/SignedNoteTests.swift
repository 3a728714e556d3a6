import Testing
import Transparency
import Vocabulary

@Suite("Signed notes and checkpoints")
struct SignedNoteTests {
  /// The example of C2SP signed-note.
  private static let exampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
  private static let example = """
    This is an example message.

    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

    """

  /// Made with Python's cryptography from C2SP's words; the seed is the bytes 0 to 31.
  private static let secret =
    "PRIVATE+KEY+rollcall.example/journal-test+2af88bef+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
  private static let verifier = "rollcall.example/journal-test+2af88bef+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
  private static let golden = """
    rollcall.example/journal-test
    8
    XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

    — rollcall.example/journal-test KviL705fN6MOH0Xw4eVWu42KfOGTbxUbHqE8cGKVk4cwwYbnTQY/PrRiXtRntN6mK7pljdM5FsKAyCbIpO4yuuMMMQU=

    """

  private func code(_ body: () throws -> Void) -> TransparencyError.Kind? {
    do {
      try body()
      return nil
    } catch { return (error as? TransparencyError)?.kind }
  }

  private func verified(_ note: String, by key: String) throws -> Checkpoint {
    try Checkpoint(verifying: Array(note.utf8), by: VerifierKey(key))
  }

  @Test("The specification's example verifies, and its key's text is the same again")
  func specification() throws {
    let key = try VerifierKey(Self.exampleKey)
    #expect(key.text == Self.exampleKey && key.name == "example.com/foo")
    #expect(try SignedNote(Array(Self.example.utf8)).verified(by: key) == "This is an example message.\n")
    // Signatures of keys that nobody trusts are ignored, wherever they stand.
    let more = Self.example + "— example.org/witness AAAAAAAAAAAA\n— example.com/foo AAAAAAAAAAAA\n"
    #expect(try SignedNote(Array(more.utf8)).verified(by: key) == "This is an example message.\n")
  }

  @Test("A checkpoint is, byte for byte, what another program makes of the same key")
  func golden() throws {
    let signer = try NoteSigner(secret: Self.secret)
    #expect(signer.secret == Self.secret && signer.verifier.text == Self.verifier)
    let root = TreeVectors.roots[7]
    #expect(try Checkpoint.signed(size: 8, root: root, by: signer) == Self.golden)
    let checkpoint = try verified(Self.golden, by: Self.verifier)
    #expect(checkpoint == Checkpoint(origin: "rollcall.example/journal-test", size: 8, root: root))
  }

  @Test("A changed size, root, origin or signature, and another key, are transparency.signature")
  func changed() throws {
    for (old, new) in [
      ("\n8\n", "\n9\n"), ("XcnaeacG", "YcnaeacG"), ("journal-test\n8", "journal-tesT\n8"), ("705fN", "705fM"),
    ] {
      let note = Self.golden.replacing(old, with: new, maxReplacements: 1)
      #expect(note != Self.golden && code { _ = try verified(note, by: Self.verifier) } == .signature, "\(new)")
    }
    let other = try NoteSigner(name: "rollcall.example/journal-test").verifier.text
    #expect(code { _ = try verified(Self.golden, by: other) } == .signature)
    #expect(code { _ = try verified(Self.golden, by: Self.exampleKey) } == .signature)
  }

  @Test(
    "What is no note is transparency.note",
    arguments: [
      "", "\n", "\n\n", "text\n", "text\n\n", "text\n\nx", "text\n\n— a AAAAAAAA", "text\n\n- a AAAAAAAA\n",
      "text\n\n— AAAAAAAA\n",
      "text\n\n— a AAA\n", "text\n\n— a AAAA\n", "text\n\n— a b AAAAAAAA\n", "text\n\n— a+b AAAAAAAA\n",
      "te\u{1}xt\n\n— a AAAAAAAA\n",
      "te\rxt\n\n— a AAAAAAAA\n", "\n\n— a AAAAAAAA\n" + String(repeating: "— a AAAAAAAA\n", count: 64),
    ])
  func malformed(_ note: String) {
    #expect(code { _ = try SignedNote(Array(note.utf8)) } == .note)
  }

  @Test("Bytes that are no text, and too many of them, are transparency.note")
  func bytes() {
    #expect(code { _ = try SignedNote([0xff, 0x0a, 0x0a]) } == .note)
    #expect(code { _ = try SignedNote([UInt8](repeating: 0x61, count: SignedNote.longest + 1)) } == .note)
  }

  @Test("A signed note that is no checkpoint is transparency.checkpoint")
  func otherNotes() throws {
    let signer = try NoteSigner(secret: Self.secret)
    let (name, root) = (signer.verifier.name, "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=")
    for text in [
      "\(name)\n", "\(name)\n8\n", "\(name)\n08\n\(root)\n", "\(name)\n+8\n\(root)\n", "\(name)\n-8\n\(root)\n",
      "\(name)\n99999999999999999999\n\(root)\n", "\(name)\n8\nAAAA\n", "\(name)\n8\n\(root)\n\nx\n",
      "\(name)\n0\n\(root)\n",
      "other\n8\n\(root)\n",
    ] {
      #expect(code { _ = try verified(signer.note(text), by: Self.verifier) } == .checkpoint, "\(text)")
    }
    // Extension lines are allowed, and say nothing.
    #expect(try verified(signer.note("\(name)\n8\n\(root)\nmore\n"), by: Self.verifier).size == 8)
  }

  @Test(
    "What is no key is transparency.key, and a secret one is not quoted",
    arguments: ["", "a", "a+b", "a+00000000+AQ==", "+2af88bef+AQ==", "PRIVATE+KEY+a+00000000+AQ=="])
  func keys(_ text: String) {
    #expect(code { _ = try VerifierKey(text) } == .key)
    #expect(code { _ = try NoteSigner(secret: text) } == .key)
  }

  @Test("A key's text with a letter changed is refused; a new key is read again")
  func keyTexts() throws {
    #expect(code { _ = try VerifierKey(Self.verifier.replacing("2af88bef", with: "2af88bee")) } == .key)
    #expect(code { _ = try VerifierKey(Self.verifier.replacing("AQOhB7", with: "AQOhB8")) } == .key)
    #expect(code { _ = try NoteSigner(secret: Self.secret.replacing("2af88bef", with: "2af88bee")) } == .key)
    #expect(code { _ = try NoteSigner(name: "with space") } == .key)
    let new = try NoteSigner(name: "a.example/journal")
    #expect(try NoteSigner(secret: new.secret).verifier == new.verifier)
    #expect(try NoteSigner(name: "a.example/journal").secret != new.secret)
  }
}
