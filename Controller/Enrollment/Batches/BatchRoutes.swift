internal import Serving
internal import Storage
internal import Vocabulary

/// Batches of a district: what people expect, and how far it has come.
struct BatchRoutes: Sendable {
  let desk: EnrollmentDesk

  /// A file of 20,000 serials with tags and models.
  static let fileLimit = 8 << 20
  static let readers = AccessRule.district(AccessRule.batchReaders)
  static let managers = AccessRule.district(AccessRule.deviceManagers)
  static let batches = "/api/v1/districts/{district}/batches"

  var all: [PeopleRoute] {
    [
      PeopleRoute(
        .get, Self.batches, Self.readers,
        Operation(
          "listBatches", "A district's batches with their counts", query: PageRequest.parameters,
          answers: (200, Page<BatchItem>.schema(of: BatchItem.schema))), handle: list),
      PeopleRoute(
        .post, Self.batches, Self.managers,
        Operation(
          "createBatch",
          "Makes a batch from JSON, or from text/csv with the columns serial, assetTag, model and 'id' and 'name' in the query",
          query: [.init("id", "With text/csv: the batch's code"), .init("name", "With text/csv: its name")],
          body: ("application/json", NewBatch.schema),
          csv: "A header line and one line a machine; 'id' and 'name' stand in the query",
          answers: (201, BatchItem.schema)), bodyLimit: Self.fileLimit,
        handle: create),
      PeopleRoute(
        .get, Self.batches + "/{batch}", Self.readers,
        Operation("showBatch", "A batch with its counts", answers: (200, BatchItem.schema)), handle: show),
      PeopleRoute(
        .get, Self.batches + "/{batch}/serials", Self.readers,
        Operation(
          "listBatchSerials", "A batch's machines",
          query: [
            .init(
              "state",
              EntryItem.states.joined(separator: ", ") + "; without it all, but the requests that wait for a person")
          ]
            + PageRequest.parameters,
          answers: (200, Page<EntryItem>.schema(of: EntryItem.schema))), handle: serials),
      PeopleRoute(
        .post, Self.batches + "/{batch}/serials", Self.managers,
        Operation(
          "addBatchSerials", "Lists more machines: columns serial, assetTag, model",
          body: ("text/csv", .string("A header line and one line a machine")), answers: (200, AddedItem.schema)),
        bodyLimit: Self.fileLimit, handle: add),
      removal,
    ]
  }

  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let page = try PageRequest(call)
    let district: DistrictID = try call.identifier("district")
    let items = try await desk.database.read(in: context.scope) { transaction in
      guard try desk.registry.district(district, in: transaction) != nil else {
        throw ServingError.missing("district", district)
      }
      return try BatchStore.batches(in: district, after: page.after, limit: page.limit + 1, transaction).map { batch in
        BatchItem(batch, in: district, counts: try BatchStore.counts(of: batch.id, in: district, transaction))
      }
    }
    return try .json(Page(items, limit: page.limit, key: \.id.rawValue))
  }

  private func create(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (id, name, list) = try Self.newBatch(call)
    return try await desk.change(call, context) { change in
      let batch = try desk.makeBatch(id, name, list, change)
      return try .json(Self.item(batch, change), status: .created)
    }
  }

  private func add(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let id: BatchID = try call.identifier("batch")
    let list = MachineList(csv: call.body)
    return try await desk.change(call, context) { change in
      let added = try desk.add(list, to: id, change)
      return try .json(
        AddedItem(
          batch: Self.item(try change.batch(id), change), added: added, unchanged: list.items.count - added))
    }
  }

  private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, id): (DistrictID, BatchID) = (try call.identifier("district"), try call.identifier("batch"))
    let item = try await desk.database.read(in: context.scope) { transaction in
      let batch = try BatchStore.existing(id, in: district, transaction)
      return BatchItem(batch, in: district, counts: try BatchStore.counts(of: id, in: district, transaction))
    }
    return try .json(item)
  }

  private func serials(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let page = try PageRequest(call)
    let (district, id): (DistrictID, BatchID) = (try call.identifier("district"), try call.identifier("batch"))
    let state = try call.query("state").map { text in
      guard let state = EntryState(rawValue: text) else {
        throw ServingError(.query, "'state' is one of \(EntryItem.states.joined(separator: ", ")).")
      }
      return state
    }
    let items = try await desk.database.read(in: context.scope) { transaction in
      _ = try BatchStore.existing(id, in: district, transaction)
      return try Self.entries(of: id, in: district, state, after: page.after, limit: page.limit + 1, transaction)
    }
    return try .json(Page(items, limit: page.limit, key: \.key))
  }

  /// The batch's entries, and behind them, where `state` is pending, the requests that wait.
  static func entries(
    of batch: BatchID, in district: DistrictID, _ state: EntryState?, after: String?, limit: Int,
    _ transaction: any Transaction
  ) throws -> [EntryItem] {
    let request = after.flatMap(PendingID.init(rawValue:))
    var items: [EntryItem] = []
    if request == nil {
      items = try BatchStore.entries(
        of: batch, in: district, state: state, after: after, limit: limit, transaction
      ).map(EntryItem.init)
    }
    guard state == .pending, items.count < limit else { return items }
    return try items
      + PendingStore.waiting(of: batch, in: district, after: request, limit: limit - items.count, transaction)
      .map(EntryItem.init)
  }

  private static func newBatch(_ call: Call) throws -> (BatchID, String, MachineList) {
    guard call.headers[.contentType]?.lowercased().hasPrefix("text/csv") ?? false else {
      let form = try JSONText.decode(NewBatch.self, from: call.body)
      return (form.id, try NewBatch.named(form.name), MachineList(serials: form.serials ?? []))
    }
    guard let id = try call.query("id").flatMap(BatchID.init(rawValue:)), let name = try call.query("name") else {
      throw ServingError(.query, "With text/csv the query gives 'id', a code of a–z, 0–9 and '-', and 'name'.")
    }
    return (id, try NewBatch.named(name), MachineList(csv: call.body))
  }

  static func item(_ batch: Batch, _ change: PersonsChange) throws -> BatchItem {
    BatchItem(
      batch, in: change.district, counts: try BatchStore.counts(of: batch.id, in: change.district, change.transaction))
  }
}
