import Serving
import Storage
import Vocabulary

/// An entry as the API shows it.
struct JournalItem: Encodable, Sendable {
  struct Named: Encodable, Sendable {
    let kind: String
    let id: String?
  }

  /// Orders the pages; not shown, `next` carries it.
  let position: Int64
  let id: EntryID
  /// nil for the state as a whole.
  let district: String?
  let at: String
  let actor: Named
  let action: String
  let object: Named
  /// nil once retention has dropped it.
  let body: JSONValue?
  let leafHash: Digest
  /// nil until the entry is sequenced.
  let leafIndex: Int64?

  private enum CodingKeys: String, CodingKey { case id, district, at, actor, action, object, body, leafHash, leafIndex }

  init(_ row: Row) throws {
    position = try row.get("position")
    id = try row.get("id")
    let tenant: String = try row.get("district_id")
    district = tenant == Journal.stateTenant ? nil : tenant
    at = try row.get("at", as: Instant.self).rfc3339
    let name: String = try row.get("actor")
    actor = Named(kind: try row.get("actor_kind"), id: name.isEmpty ? nil : name)
    action = try row.get("action")
    object = Named(kind: try row.get("object_kind"), id: try row.get("object"))
    body = try row.get("body", as: [UInt8]?.self).map { try JSONText.decode(JSONValue.self, from: $0) }
    leafHash = try row.get("leaf_hash")
    leafIndex = try row.get("leaf_index")
  }

  /// Also of what the log of views shows.
  static let columns: SQL = """
    district_id, position, id, at, actor_kind, actor, action, object_kind, object, body, leaf_hash, leaf_index
    """

  static let schema = Schema.object(
    [
      ("id", .string("The entry's id")),
      ("district", .string("The district; absent for the state as a whole")),
      ("at", .dateTime("When the change was made")),
      (
        "actor",
        .object(
          [
            ("kind", .oneOf(["principal", "key", "enrollment-token", "controller"], "Who made the change")),
            ("id", .string("Its id, or the SHA-256 of the key; absent for the controller")),
          ], required: ["kind"])
      ),
      ("action", .string("Object and verb, such as 'batch.create'")),
      (
        "object",
        .object([("kind", .string("Such as 'batch'")), ("id", .string("Its id"))], required: ["kind", "id"])
      ),
      ("body", .any("What else is told of the change, without names of people; absent once retention dropped it")),
      ("leafHash", .string("SHA-256 of the entry's leaf (RFC 6962), 64 hexadecimal digits")),
      ("leafIndex", .integer("The leaf's place in the journal's tree, from 0; absent until it has one")),
    ], required: ["id", "at", "actor", "action", "object", "leafHash"])
}

/// Any JSON value, to show a stored body as it is.
enum JSONValue: Codable, Sendable, Equatable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let found = try? value.decode(Bool.self) {
      self = .boolean(found)
    } else if let found = try? value.decode(Int64.self) {
      self = .integer(found)
    } else if let found = try? value.decode(Double.self) {
      self = .number(found)
    } else if let found = try? value.decode(String.self) {
      self = .text(found)
    } else if let found = try? value.decode([JSONValue].self) {
      self = .array(found)
    } else {
      self = .object(try value.decode([String: JSONValue].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .null: try value.encodeNil()
    case .boolean(let held): try value.encode(held)
    case .integer(let held): try value.encode(held)
    case .number(let held): try value.encode(held)
    case .text(let held): try value.encode(held)
    case .array(let held): try value.encode(held)
    case .object(let held): try value.encode(held)
    }
  }
}
