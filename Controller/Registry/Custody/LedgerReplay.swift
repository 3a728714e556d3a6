package import Storage
package import Vocabulary

/// What the ledger says, computed anew from its first event on, beside what is stored.
package struct LedgerReplay: Sendable {
  /// Devices that have an event.
  package private(set) var devices = 0
  package private(set) var events = 0
  /// Devices of which something else is stored than their ledger says; the first hundred.
  package private(set) var differing: [DeviceID] = []
  /// How many there are.
  package private(set) var differences = 0

  private mutating func add(_ other: LedgerReplay) {
    devices += other.devices
    events += other.events
    differences += other.differences
    differing.append(contentsOf: other.differing.prefix(100 - differing.count))
  }

  fileprivate mutating func take(_ device: DeviceID, events: Int, differs: Bool) {
    devices += events == 0 ? 0 : 1
    self.events += events
    guard differs else { return }
    differences += 1
    if differing.count < 100 { differing.append(device) }
  }
}

extension LedgerReplay {
  /// The database's table without which there is nothing to replay.
  package static let table = "registry_ledger_event"

  /// Replays the ledgers of every district, one after another: of a state of millions of events it takes a minute.
  package static func ofState(in transaction: any Transaction) throws -> LedgerReplay {
    try transaction.rows("SELECT district_id FROM registry_district ORDER BY district_id").reduce(into: LedgerReplay())
    {
      $0.add(try of(try $1.get("district_id"), in: transaction))
    }
  }

  /// Replays the ledgers of a district, one event in memory at a time, and compares: nothing is changed.
  package static func of(_ district: DistrictID, in transaction: any Transaction) throws -> LedgerReplay {
    var stored = try LedgerStore.projected(of: district, transaction)
    var replay = LedgerReplay()
    var standing: LedgerStore.Standing?
    func end() {
      guard let standing else { return }
      let known = stored.removeValue(forKey: standing.device)
      let isInOrder = standing.last == Int64(standing.count)
      replay.take(
        standing.device, events: standing.count,
        differs: known != LedgerStore.Projected(standing.projection) || !isInOrder)
    }
    let query: SQL = """
      SELECT device_id, \(LedgerStore.columns) FROM registry_ledger_event WHERE district_id = \(district)
      ORDER BY device_id, sequence
      """
    try transaction.each(query) { row in
      let device: DeviceID = try row.get("device_id")
      if standing?.device != device {
        end()
        standing = LedgerStore.Standing(device: device)
      }
      standing?.take(try LedgerEntry(row))
    }
    end()
    // What has no event has no stage and nobody who has it.
    for (device, known) in stored {
      replay.take(device, events: 0, differs: known != LedgerStore.Projected(LedgerProjection()))
    }
    return replay
  }
}

extension LedgerStore {
  /// What is stored of a device's standing.
  struct Projected: Sendable, Equatable {
    var stage: Stage?
    var custody: Custody?
    var row: CustodyStore.Row?

    init(_ standing: LedgerProjection) {
      (stage, custody, row) = (standing.stage, standing.custody, CustodyStore.Row(standing))
    }
  }

  fileprivate static func projected(
    of district: DistrictID, _ transaction: any Transaction
  ) throws -> [DeviceID: Projected] {
    var found: [DeviceID: Projected] = [:]
    let devices: SQL = "SELECT device_id, stage, custody FROM registry_device WHERE district_id = \(district)"
    try transaction.each(devices) { row in
      var projected = Projected(LedgerProjection())
      (projected.stage, projected.custody) = (try row.get("stage"), try row.get("custody"))
      found[try row.get("device_id")] = projected
    }
    let held: SQL = """
      SELECT device_id, holder, since, due_day, loan_for, owner FROM registry_custody WHERE district_id = \(district)
      """
    try transaction.each(held) { found[try $0.get("device_id")]?.row = try CustodyStore.Row($0) }
    return found
  }
}
