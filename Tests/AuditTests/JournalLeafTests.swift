import Audit
import Testing
import Vocabulary

@Suite("Leaves of the journal")
struct JournalLeafTests {
  private struct Body: JournalBody { let count: Int }

  private func entry(
    at: Instant = Instant(milliseconds: 1_790_000_000_123), actor: JournalEntry.Actor = .controller,
    action: String = "batch.create", object: (kind: String, id: String) = ("batch", "spring-2027"),
    district: DistrictID? = nil
  ) throws -> JournalEntry {
    JournalEntry(
      id: try #require(EntryID(rawValue: "ent_0123456789abcdef")), at: at, actor: actor, action: action, object: object,
      district: district, body: Body(count: 7))
  }

  private let salt = Array(UInt8(0)..<16)
  private let body = Array(#"{"count":7}"#.utf8)

  /// Made by an independent program over the description in ``JournalLeaf``; never to change.
  @Test("The encoding of version 1 is frozen")
  func golden() throws {
    let principal = try #require(PrincipalID(rawValue: "prn_0000000000000001"))
    let cedar = try #require(DistrictID(rawValue: "cedar-falls"))
    let leaf = try JournalLeaf(entry(actor: .principal(principal), district: cedar), body: body, salt: salt)
    #expect(Hex.encode(leaf.bytes) == Golden.districtLeaf)
    #expect(leaf.bodyDigest.description == Golden.bodyDigest)
    #expect(leaf.hash.description == Golden.districtHash)
    let state = try JournalLeaf(entry(at: Instant(milliseconds: -1)), body: body, salt: salt)
    #expect(Hex.encode(state.bytes) == Golden.stateLeaf)
    #expect(state.hash.description == Golden.stateHash)
  }

  @Test("Every field changes the leaf; the body and the salt through their digest")
  func fields() throws {
    let token = try #require(EnrollmentTokenID(rawValue: "tok_0000000000000001"))
    let entries = [
      try entry(), try entry(at: Instant(milliseconds: 0)), try entry(actor: .enrollmentToken(token)),
      try entry(action: "batch.close"), try entry(object: ("device", "spring-2027")),
      try entry(object: ("batch", "fall-2027")), try entry(district: DistrictID(rawValue: "birch")),
    ]
    var hashes = try entries.map { try JournalLeaf($0, body: body, salt: salt).hash }
    hashes.append(try JournalLeaf(entry(), body: Array("{}".utf8), salt: salt).hash)
    hashes.append(try JournalLeaf(entry(), body: body, salt: salt.reversed()).hash)
    #expect(Set(hashes).count == hashes.count)
  }

  @Test("Texts do not run together")
  func boundaries() throws {
    let left = try JournalLeaf(entry(object: ("ab", "c")), body: body, salt: salt)
    let right = try JournalLeaf(entry(object: ("a", "bc")), body: body, salt: salt)
    #expect(left.hash != right.hash)
  }

  @Test("The body is not in the leaf")
  func noBody() throws {
    let leaf = try JournalLeaf(entry(), body: body, salt: salt)
    #expect(!Hex.encode(leaf.bytes).contains(Hex.encode(Array("count".utf8))))
  }

  @Test("A malformed action, a long text or a large body is audit.entry")
  func refused() throws {
    let long = String(repeating: "x", count: 256)
    for action in ["", "Batch.create", "batch create", "bätch"] {
      #expect(throws: AuditError(.entry, "")) { try JournalLeaf(entry(action: action), body: [], salt: salt) }
    }
    #expect(throws: AuditError(.entry, "")) { try JournalLeaf(entry(object: ("batch", long)), body: [], salt: salt) }
    let large = [UInt8](repeating: 32, count: JournalLeaf.largestBody + 1)
    #expect(throws: AuditError(.entry, "")) { try JournalLeaf(entry(), body: large, salt: salt) }
  }
}
