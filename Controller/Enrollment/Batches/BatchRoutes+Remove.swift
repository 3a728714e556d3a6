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
      let removed = try desk.remove(list, from: id, file: file, change)
      return try .json(RemovedItem(batch: Self.item(try change.batch(id), change), removed: removed))
    }
  }
}
