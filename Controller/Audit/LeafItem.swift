import Serving
import Storage
import Vocabulary

/// An entry with everything that its leaf is made of, so that anybody can compute the hash anew.
struct LeafItem: Encodable, Sendable {
  struct Named: Encodable, Sendable {
    let kind: String
    let id: String
  }

  let index: Int64
  let version: Int
  let id: String
  let at: String
  let district: String
  let actor: Named
  let action: String
  let object: Named
  /// 32 hexadecimal digits, and the stored bytes; nil once retention has dropped them.
  let salt: String?
  let body: String?
  let bodyDigest: Digest
  let leafHash: Digest
  /// nil where no proofs were asked for.
  var proof: [Digest]?

  init(_ row: Row) throws {
    index = try row.get("leaf_index")
    version = try row.get("leaf_version")
    id = try row.get("id")
    at = try row.get("at", as: Instant.self).rfc3339
    district = try row.get("district_id")
    actor = Named(kind: try row.get("actor_kind"), id: try row.get("actor"))
    action = try row.get("action")
    object = Named(kind: try row.get("object_kind"), id: try row.get("object"))
    salt = try row.get("salt", as: [UInt8]?.self).map { Hex.encode($0) }
    body = try row.get("body", as: [UInt8]?.self).map { String(decoding: $0, as: UTF8.self) }
    bodyDigest = try row.get("body_digest")
    leafHash = try row.get("leaf_hash")
  }

  static let columns: SQL = """
    leaf_index, leaf_version, id, at, district_id, actor_kind, actor, action, object_kind, object, salt, body,
      body_digest, leaf_hash
    """

  static let schema = Schema.object(
    [
      ("index", .integer("The leaf's place in the tree, from 0")),
      ("version", .integer("The version of the leaf's encoding")),
      ("id", .string("The entry's id")),
      ("at", .dateTime("When the change was made")),
      ("district", .string("The district; '*' for the state as a whole")),
      ("actor", named("Who made the change; the controller has an empty id")),
      ("action", .string("Object and verb, such as 'batch.create'")),
      ("object", named("What was changed")),
      ("salt", .string("32 hexadecimal digits; absent once retention dropped it with the body")),
      ("body", .string("The stored JSON as text, byte for byte; absent once retention dropped it")),
      ("bodyDigest", .string("SHA-256 of salt and body, 64 hexadecimal digits")),
      ("leafHash", .string("SHA-256 of the leaf (RFC 6962), 64 hexadecimal digits")),
      ("proof", .array(.string("A hash of the inclusion proof, from the leaf's sibling upwards"))),
    ],
    required: [
      "index", "version", "id", "at", "district", "actor", "action", "object", "bodyDigest", "leafHash",
    ])

  private static func named(_ words: String) -> Schema {
    .object([("kind", .string(words)), ("id", .string("Its id"))], required: ["kind", "id"])
  }
}

/// A page of leaves, in the order of the tree.
struct LeafPage: Encodable, Sendable {
  let items: [LeafItem]
  /// For `after` of the next request; nil on the last page.
  let next: String?
  /// Whether nothing of the tree is left out but by `first` and `size`.
  let whole: Bool

  static let schema = Schema.object(
    [
      ("items", .array(LeafItem.schema)), ("next", .string("For 'after' of the next request; absent on the last page")),
      ("whole", .boolean("Whether no leaf between 'first' and 'size' is left out for who asks")),
    ], required: ["items", "whole"])
}

/// A checkpoint as the API shows it.
struct CheckpointItem: Encodable, Sendable {
  let size: Int64
  let root: Digest
  let note: String
  let key: String
  let at: String

  init(_ signed: JournalTree.Signed) {
    size = signed.size
    root = signed.root
    note = signed.note
    key = signed.verifier
    at = signed.at.rfc3339
  }

  static let schema = Schema.object(
    [
      ("size", .integer("How many leaves the tree has")),
      ("root", .string("The root over them (RFC 6962), 64 hexadecimal digits")),
      ("note", .string("The checkpoint: a signed note (C2SP tlog-checkpoint), as text")),
      ("key", .string("The key that verifies the note, as C2SP's 'vkey': compare it with one that you got elsewhere")),
      ("at", .dateTime("When it was signed, by the controller's clock")),
    ], required: ["size", "root", "note", "key", "at"])
}

/// A consistency proof as the API shows it.
struct ConsistencyItem: Encodable, Sendable {
  let from: Int64
  let to: Int64
  let proof: [Digest]

  static let schema = Schema.object(
    [
      ("from", .integer("The older tree's size")), ("to", .integer("The newer tree's size")),
      ("proof", .array(.string("A hash of the proof (RFC 6962, 2.1.2), 64 hexadecimal digits"))),
    ], required: ["from", "to", "proof"])
}
