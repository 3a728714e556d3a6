import Transparency
import Vocabulary

/// An entry's line, read and not yet believed.
struct ExportedEntry {
  let index: Int64
  let proof: [Digest]?
  private let fields: LeafFields
  private let leafHash: Digest
  private let salted: (salt: [UInt8], body: [UInt8])?

  var id: String { fields.id }
  var hasBody: Bool { salted != nil }

  /// - Throws: ``Refutation`` where the line is malformed.
  init(_ value: JSONValue) throws(Refutation) {
    guard case .object(let members) = value, Set(members.keys).isSubset(of: JournalFile.entryFields),
      case .integer(let index) = value["index"], (0..<MerkleTree.largestSize).contains(index)
    else { throw .malformed("the line is no entry: it has no place in the tree, or a field that entries do not have") }
    self.index = index
    func bad(_ field: String) -> Refutation { .malformed("entry \(index): '\(field)' is missing or malformed") }
    func text(_ field: String) throws(Refutation) -> String {
      guard let text = value[field].string else { throw bad(field) }
      return text
    }
    func digest(_ field: String) throws(Refutation) -> Digest {
      guard let digest = Hashes.read(try text(field)) else { throw bad(field) }
      return digest
    }
    func named(_ field: String) throws(Refutation) -> (kind: String, id: String) {
      guard let kind = value[field]["kind"].string, let id = value[field]["id"].string,
        value[field] == ["kind": .string(kind), "id": .string(id)]
      else { throw bad(field) }
      return (kind, id)
    }
    guard case .integer(Int64(LeafFields.version)) = value["version"] else {
      throw .malformed("entry \(index): its leaf is of a version that this program does not know")
    }
    let time = try text("at")
    guard let at = Instant(rfc3339: time), at.rfc3339 == time else { throw bad("at") }
    fields = LeafFields(
      at: at, id: try text("id"), district: try text("district"), actor: try named("actor"),
      action: try text("action"), object: try named("object"), bodyDigest: try digest("bodyDigest"))
    leafHash = try digest("leafHash")
    proof = Hashes.read(value["proof"])
    guard proof != nil || members["proof"] == nil else { throw bad("proof") }
    switch (members["salt"], members["body"]) {
    case (nil, nil): salted = nil
    case (.string(let salt)?, .string(let body)?):
      guard let bytes = Hex.decode(salt), bytes.count == LeafFields.saltLength, Hex.encode(bytes) == salt,
        body.utf8.count <= LeafFields.largestBody
      else { throw bad("salt") }
      salted = (bytes, Array(body.utf8))
    default: throw .malformed("entry \(index): salt and body go together")
    }
  }

  /// The leaf's hash, once body and fields are found to be those that were journalled.
  ///
  /// - Throws: ``Refutation``.
  func verifiedHash() throws(Refutation) -> Digest {
    if let (salt, body) = salted, LeafFields.bodyDigest(body, salt: salt) != fields.bodyDigest {
      throw .disproved(.leaf, "entry \(index) (\(id)): its body is not the one that was journalled")
    }
    let hash: Digest
    do throws(TransparencyError) { hash = try fields.hash() } catch { throw Refutation(error) }
    guard hash == leafHash else {
      throw .disproved(
        .leaf, "entry \(index) (\(id)): one of its fields, or its hash, is not the one that was journalled")
    }
    return hash
  }
}
