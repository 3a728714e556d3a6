internal import Audit
internal import Registry
internal import Serving
internal import Vocabulary

extension BatchRoutes {
  var removal: PeopleRoute {
    PeopleRoute(
      .delete, Self.batches + "/{batch}/serials", Self.managers,
      Operation(
        "removeBatchSerials",
        "Takes machines that have not enrolled out of a batch: columns as for adding, of which serial alone counts. All of the file or nothing",
        body: ("text/csv", .string("A header line and one line a machine")), answers: (200, RemovedItem.schema)),
      bodyLimit: Self.fileLimit, handle: remove)
  }

  private func remove(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let id: BatchID = try call.identifier("batch")
    let list = MachineList(csv: call.body)
    let file = Digest.sha256(call.body)
    return try await desk.change(call, context) { change in
      let batch = try change.batch(id)
      let listed = try BatchStore.listings(list.items.map(\.machine.serial), in: change.district, change.transaction)
      let machines = try list.removable(from: id, listed: listed)
      try desk.withdraw(machines, of: id, change)
      try change.record("batch.remove", "batch", id.rawValue, UnlistedBody(file: file, removed: machines.count))
      return try .json(RemovedItem(batch: Self.item(batch, change), removed: machines.count))
    }
  }
}

extension EnrollmentDesk {
  /// Lists the machines no longer, and says so in their ledgers.
  func withdraw(_ machines: [ExpectedMachine], of batch: BatchID, _ change: PersonsChange) throws {
    try BatchStore.unlist(machines.map(\.serial), of: batch, in: change.district, change.transaction)
    try registry.withdraw(
      machines.map { ExpectedDevice(serial: $0.serial, assetTag: $0.assetTag, model: $0.model) },
      district: change.district, batch: batch, actor: change.actor, now: change.now, in: change.transaction)
  }
}

private struct UnlistedBody: JournalBody {
  /// SHA-256 of the list.
  let file: Digest
  let removed: Int
}
