import Transparency
import Vocabulary

@testable import rollcall

/// A journal in memory, and the files that an export of it has.
struct SampleJournal {
  static let signer = try! NoteSigner(
    secret: "PRIVATE+KEY+rollcall.example/journal-test+2af88bef+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f")
  static let key = signer.verifier.text

  private(set) var entries: [JSONValue] = []
  private var edges: [Int: Digest] = [0: MerkleTree.empty]
  private var tiles: [Tile: [Digest]] = [:]
  private var edge = try! TileEdge(size: 0) { _ in [] }

  /// - Parameter object: of entry `fork` and those after it, another journal's.
  init(_ count: Int, fork: Int = .max) {
    for index in 0..<count { append(index, object: index < fork ? "thing-\(index)" : "other-\(index)") }
  }

  private mutating func append(_ index: Int, object: String) {
    let (salt, body) = ([UInt8](repeating: UInt8(index & 255), count: 16), #"{"number":\#(index)}"#)
    let fields = LeafFields(
      at: Instant(milliseconds: 1_790_000_000_123 + Int64(index)), id: "ent_\(index)",
      district: index % 2 == 0 ? "cedar" : "*", actor: ("controller", ""), action: "thing.change",
      object: ("thing", object), bodyDigest: LeafFields.bodyDigest(Array(body.utf8), salt: salt))
    let hash = try! fields.hash()
    edge.append(hash)
    edges[index + 1] = edge.root
    for (tile, hashes) in edge.changed { tiles[tile] = hashes }
    entries.append(
      .fields([
        ("index", .integer(Int64(index))), ("version", .integer(1)), ("id", .string(fields.id)),
        ("at", .string(fields.at.rfc3339)), ("district", .string(fields.district)),
        ("actor", ["kind": "controller", "id": ""]), ("action", "thing.change"),
        ("object", ["kind": "thing", "id": .string(object)]), ("salt", .string(Hex.encode(salt))),
        ("body", .string(body)), ("bodyDigest", .string(fields.bodyDigest.description)),
        ("leafHash", .string(hash.description)),
      ]))
  }

  func note(_ size: Int? = nil, by signer: NoteSigner = Self.signer) -> String {
    let size = size ?? entries.count
    return try! Checkpoint.signed(size: Int64(size), root: edges[size]!, by: signer)
  }

  private var proofs: TreeProofs<TileReader> { TreeProofs(TileReader { tiles[$0] ?? [] }) }

  func entry(_ index: Int, isProven: Bool) -> JSONValue {
    guard isProven, case .object(var fields) = entries[index] else { return entries[index] }
    let path = try! proofs.inclusion(of: Int64(index), size: Int64(entries.count))
    fields["proof"] = .array(path.map { .string($0.description) })
    return .object(fields)
  }

  /// The lines of a file with the entries at `places`.
  func lines(_ scope: JournalFile.Scope = .whole, _ places: [Int]? = nil, since old: Int? = nil) -> [String] {
    let places = places ?? Array(entries.indices)
    let consistency = old.map { old -> JSONValue in
      let path = try! proofs.consistency(from: Int64(old), to: Int64(entries.count))
      return ["from": .integer(Int64(old)), "proof": .array(path.map { .string($0.description) })]
    }
    let header = JournalFile.header(
      ["note": .string(note()), "key": .string(Self.key)], scope: scope, first: scope == .range ? Int64(places[0]) : 0,
      consistency: consistency)
    let values =
      [header] + places.map { entry($0, isProven: scope != .whole) } + [JournalFile.footer(Int64(places.count))]
    return values.map { String(decoding: $0.bytes, as: UTF8.self) }
  }
}
