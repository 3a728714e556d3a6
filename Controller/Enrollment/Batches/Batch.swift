internal import Storage
internal import Vocabulary

/// Expected devices being worked on for one district.
struct Batch: Hashable, Sendable {
  let id: BatchID
  let name: String
  let createdAt: Instant

  init(id: BatchID, name: String, createdAt: Instant) {
    self.id = id
    self.name = name
    self.createdAt = createdAt
  }

  init(_ row: Row) throws {
    self.init(id: try row.get("id"), name: try row.get("name"), createdAt: try row.get("created_at"))
  }
}

/// How far a batch has come.
struct BatchCounts: Hashable, Sendable, Codable {
  /// Listed by people, wherever they stand now.
  var listed = 0
  /// Listed, and still to come.
  var expected = 0
  /// Listed, and holding a certificate.
  var enrolled = 0
  /// Enrolled by a token of the batch without being listed in it.
  var unexpected = 0
  /// Claimed by two keys.
  var quarantined = 0
  /// Waiting for a person.
  var pending = 0
}

/// Where a machine of a batch stands.
enum EntryState: String, CaseIterable, Sendable, Codable, SQLConvertible {
  case expected, enrolled, unexpected, quarantined
  /// Its only key is one that the controller does not know, as after a restore. Computed, never written.
  case pending
}

/// A machine of a batch.
struct BatchEntry: Hashable, Sendable {
  /// The folded serial, or the device's id where it has none: the key of pages.
  let entry: String
  let serial: String?
  let assetTag: String?
  let model: String?
  let device: DeviceID?
  let listed: Bool
  let state: EntryState
  let changedAt: Instant

  init(_ row: Row) throws {
    entry = try row.get("entry")
    serial = try row.get("serial")
    assetTag = try row.get("asset_tag")
    model = try row.get("model")
    device = try row.get("device_id")
    listed = try row.get("listed")
    state = try row.get("state")
    changedAt = try row.get("changed_at")
  }
}

/// Where a serial is listed.
struct BatchListing: Hashable, Sendable {
  let batch: BatchID
  let assetTag: String?
  let model: String?
  let state: EntryState
}

/// A machine that a batch is to expect.
struct ExpectedMachine: Hashable, Sendable {
  let serial: Serial
  let assetTag: String?
  let model: String?
}
