internal import Serving
internal import Vocabulary

// What the routes of batches read and write as JSON.

struct NewBatch: Decodable {
  let id: BatchID
  let name: String
  let serials: [String]?

  static let schema = Schema.object(
    [
      ("id", .string("The batch's code in its district: a–z, 0–9 and '-', at most 40")),
      ("name", .string("For people, 1 to 200 characters")),
      ("serials", .array(.string("A serial as printed on the case"))),
    ], required: ["id", "name"])

  /// - Throws: `request.body`.
  static func named(_ name: String) throws(ServingError) -> String {
    let control = name.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard (1...200).contains(name.count), name.utf8.count <= 800, !control, name.contains(where: { !$0.isWhitespace })
    else {
      throw ServingError(.body, "A batch's name has 1 to 200 characters, none of them a control character.")
    }
    return name
  }
}

struct BatchItem: Encodable, Sendable {
  let id: BatchID
  let district: DistrictID
  let name: String
  let createdAt: String
  let counts: BatchCounts

  init(_ batch: Batch, in district: DistrictID, counts: BatchCounts) {
    (id, self.district, name, self.counts) = (batch.id, district, batch.name, counts)
    createdAt = batch.createdAt.rfc3339
  }

  static let schema = Schema.object(properties, required: required)
  static let required = ["id", "district", "name", "createdAt", "counts"]
  static let properties: [(name: String, schema: Schema)] = [
    ("id", .string("The batch's code")), ("district", .string("Its district's code")), ("name", .string("For people")),
    ("createdAt", .dateTime("When it was made")), ("counts", counts),
  ]

  private static let counts = Schema.object(
    [
      ("listed", .integer("Machines that people listed")), ("expected", .integer("Listed, and still to come")),
      ("enrolled", .integer("Listed, and holding a certificate")),
      ("unexpected", .integer("Enrolled by a token of the batch without being listed")),
      ("quarantined", .integer("Claimed by two keys")), ("pending", .integer("Waiting for a person")),
    ], required: ["listed", "expected", "enrolled", "unexpected", "quarantined", "pending"])
}

/// The answer to adding serials: the batch as it is now, and what became of the list.
struct AddedItem: Encodable, Sendable {
  let batch: BatchItem
  let added: Int
  /// Sent, and listed by this batch before.
  let unchanged: Int

  private enum CodingKeys: String, CodingKey { case added, unchanged }

  func encode(to encoder: any Encoder) throws {
    try batch.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(added, forKey: .added)
    try container.encode(unchanged, forKey: .unchanged)
  }

  static let schema = Schema.object(
    BatchItem.properties + [
      ("added", .integer("Machines listed now")), ("unchanged", .integer("Machines that the batch listed before")),
    ], required: BatchItem.required + ["added", "unchanged"])
}

/// The answer to taking serials out: the batch as it is now, and how many it listed before.
struct RemovedItem: Encodable, Sendable {
  let batch: BatchItem
  let removed: Int

  private enum CodingKeys: String, CodingKey { case removed }

  func encode(to encoder: any Encoder) throws {
    try batch.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(removed, forKey: .removed)
  }

  static let schema = Schema.object(
    BatchItem.properties + [("removed", .integer("Machines that the batch listed until now"))],
    required: BatchItem.required + ["removed"])
}

struct EntryItem: Encodable, Sendable {
  /// Orders the pages; not shown, `next` carries it.
  let key: String
  let serial: String?
  let assetTag: String?
  let model: String?
  let device: DeviceID?
  let state: EntryState
  let changedAt: String

  private enum CodingKeys: String, CodingKey { case serial, assetTag, model, device, state, changedAt }

  init(_ entry: BatchEntry) {
    key = entry.entry
    (serial, assetTag, model, device) = (entry.serial, entry.assetTag, entry.model, entry.device)
    state = entry.state
    changedAt = entry.changedAt.rfc3339
  }

  init(_ pending: PendingRequest) {
    key = pending.id.rawValue
    (serial, assetTag, model, device) = (pending.identity.serial?.text, nil, nil, nil)
    state = .pending
    changedAt = pending.requestedAt.rfc3339
  }

  static let states = EntryState.allCases.map(\.rawValue)

  static let schema = Schema.object(
    [
      ("serial", .string("As first written; absent for a machine without one")), ("assetTag", .string("As listed")),
      ("model", .string("As listed")), ("device", .string("The device's id, once there is one")),
      ("state", .oneOf(states, "Where the machine stands")), ("changedAt", .dateTime("Since when")),
    ], required: ["state", "changedAt"])
}
