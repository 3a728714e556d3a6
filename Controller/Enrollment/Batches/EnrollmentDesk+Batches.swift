internal import Audit
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary

/// What people do with batches, by the API and by pages alike.
extension EnrollmentDesk {
  /// - Throws: `enroll.faults` with every fault of the list, `enroll.batch-exists`.
  func makeBatch(_ id: BatchID, _ name: String, _ list: MachineList, _ change: PersonsChange) throws -> Batch {
    let batch = Batch(id: id, name: name, createdAt: change.now)
    // The list's faults first: who corrects them and sends it again is told of a taken id then.
    let machines = try new(list, for: id, change)
    try BatchStore.insert(batch, in: change.district, change.transaction)
    try expect(machines, of: id, change)
    try change.record("batch.create", "batch", id.rawValue, ListedBody(added: machines.count))
    return batch
  }

  /// Lists more machines.
  ///
  /// - Returns: how many the batch did not list before.
  /// - Throws: `request.not-found`, `enroll.faults`.
  func add(_ list: MachineList, to id: BatchID, _ change: PersonsChange) throws -> Int {
    _ = try change.batch(id)
    let machines = try new(list, for: id, change)
    try expect(machines, of: id, change)
    try change.record("batch.add", "batch", id.rawValue, ListedBody(added: machines.count))
    return machines.count
  }

  /// Takes machines that have not enrolled out of a batch.
  ///
  /// - Parameter file: of the list as it was sent.
  /// - Returns: how many the batch lists no longer.
  /// - Throws: `request.not-found`, `enroll.faults`.
  func remove(_ list: MachineList, from id: BatchID, file: Digest, _ change: PersonsChange) throws -> Int {
    _ = try change.batch(id)
    let listed = try BatchStore.listings(list.items.map(\.machine.serial), in: change.district, change.transaction)
    let machines = try list.removable(from: id, listed: listed)
    try BatchStore.unlist(machines.map(\.serial), of: id, in: change.district, change.transaction)
    try registry.withdraw(
      machines.map { ExpectedDevice(serial: $0.serial, assetTag: $0.assetTag, model: $0.model) },
      district: change.district, batch: id, actor: change.actor, now: change.now, in: change.transaction)
    try change.record("batch.remove", "batch", id.rawValue, UnlistedBody(file: file, removed: machines.count))
    return machines.count
  }

  private func new(_ list: MachineList, for batch: BatchID, _ change: PersonsChange) throws -> [ExpectedMachine] {
    let listed = try BatchStore.listing(list.items.map(\.machine.serial), in: change.district, change.transaction)
    return try list.new(for: batch, listed: listed)
  }

  /// Lists the machines, each with its device in the registry and `expected` in its ledger.
  private func expect(_ machines: [ExpectedMachine], of batch: BatchID, _ change: PersonsChange) throws {
    let devices = try registry.expect(
      machines.map { ExpectedDevice(serial: $0.serial, assetTag: $0.assetTag, model: $0.model) },
      district: change.district, batch: batch, actor: change.actor, now: change.now, in: change.transaction)
    try BatchStore.list(
      machines, as: devices, of: batch, in: change.district, at: change.now, change.transaction)
  }
}

private struct ListedBody: JournalBody {
  let added: Int
}

private struct UnlistedBody: JournalBody {
  /// SHA-256 of the list.
  let file: Digest
  let removed: Int
}
