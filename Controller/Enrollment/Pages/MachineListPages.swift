internal import HTTPTypes
internal import Serving
internal import Storage
internal import Vocabulary
internal import Web

/// Forms that take a list of machines, as a file or typed and scanned: a new batch, and more or fewer machines of one.
struct MachineListPages: Sendable {
  static let template = "machine-list"
  private static let new = "/districts/{district}/new-batch"
  private static let machines = "/districts/{district}/batches/{batch}/machines"

  let shell: Shell
  let desk: EnrollmentDesk

  var routes: [PeopleRoute] {
    [
      .page(.get, Self.new, BatchRoutes.managers, "askNewBatch", "Asks for a new batch") { call, context in
        let district: DistrictID = try call.identifier("district")
        try await desk.requireDistrict(district, context)
        return try show(Model(district, batch: nil), context)
      },
      .upload(
        Self.new, BatchRoutes.managers, "createBatchPage", "Makes a batch from a list",
        limit: BatchRoutes.fileLimit, handle: create),
      .page(.get, Self.machines, BatchRoutes.managers, "askBatchMachines", "Asks for more or fewer machines") {
        call, context in
        let (district, batch): (DistrictID, BatchID) = (try call.identifier("district"), try call.identifier("batch"))
        try await require(batch, of: district, context)
        return try show(Model(district, batch: batch), context)
      },
      .upload(
        Self.machines, BatchRoutes.managers, "changeBatchMachines", "Lists more machines, or takes some out",
        limit: BatchRoutes.fileLimit, handle: change),
    ]
  }

  // MARK: - The form

  /// As it was sent, where it is shown again.
  private struct Model: Sendable {
    let action: String
    let back: String
    let isNew: Bool
    var id = ""
    var name = ""
    var typed = ""
    var takesOut = false
    var faults: [FaultRow] = []
    var hasFaults = false
    let most = MachineList.limit
    let title: String

    init(_ district: DistrictID, batch: BatchID?) {
      let batches = "/districts/\(district)/batches"
      isNew = batch == nil
      action = batch.map { "\(batches)/\($0)/machines" } ?? "/districts/\(district)/new-batch"
      back = batch.map { "\(batches)/\($0)" } ?? batches
      title = batch.map { "Machines of batch \($0)" } ?? "A new batch of \(district)"
    }
  }

  private func show(
    _ model: Model, _ context: OperatorContext, fault: (any StatusError)? = nil
  ) throws -> Reply {
    var model = model
    model.faults = fault?.faults.map(FaultRow.init) ?? []
    model.hasFaults = !model.faults.isEmpty
    var heading = Shell.Heading(model.title, refusal: fault)
    heading.place = BatchPages.place
    return try shell.page(Self.template, model, heading, context)
  }

  /// The file where one was chosen, else what was typed; and the digest of what was sent.
  private static func list(_ form: FormBody) throws -> (MachineList, Digest) {
    let (file, typed) = (form.file("file"), form["serials"])
    if let file, let typed, typed.contains(where: { !$0.isWhitespace }) {
      throw EnrollmentError(
        .faults,
        "A file was chosen and serials were typed (\(file.count) bytes; \(typed.count) characters). Send one of the two."
      )
    }
    if let file { return (MachineList(csv: file), .sha256(file)) }
    let text = typed ?? ""
    return (MachineList(lines: text), .sha256(Array(text.utf8)))
  }

  // MARK: - What is sent

  /// Another tenant's batch is not there, whatever the form says.
  ///
  /// - Throws: `request.not-found`.
  private func require(_ batch: BatchID, of district: DistrictID, _ context: OperatorContext) async throws {
    _ = try await desk.database.read(in: context.scope) { try BatchStore.existing(batch, in: district, $0) }
  }

  @Sendable private func create(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let form = try FormBody(call)
    var model = Model(district, batch: nil)
    (model.id, model.name, model.typed) = (form["id"] ?? "", form["name"] ?? "", form["serials"] ?? "")
    do {
      guard let id = BatchID(rawValue: model.id) else {
        throw ServingError(.body, "A batch's code has 1 to 40 of a–z, 0–9 and '-', such as 2026-laptops.")
      }
      let (name, (list, _)) = (try NewBatch.named(model.name), try Self.list(form))
      _ = try await desk.changeByForm(call, context) { [desk] change in
        try desk.makeBatch(id, name, list, change).id
      }
      return Shell.redirect(to: "/districts/\(district)/batches/\(id)?done=created")
    } catch let error as any StatusError where error.status != .notFound {
      return try show(model, context, fault: error)
    }
  }

  @Sendable private func change(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, id): (DistrictID, BatchID) = (try call.identifier("district"), try call.identifier("batch"))
    try await require(id, of: district, context)
    let form = try FormBody(call)
    var model = Model(district, batch: id)
    (model.typed, model.takesOut) = (form["serials"] ?? "", form["what"] == "remove")
    let takesOut = model.takesOut
    do {
      let (list, file) = try Self.list(form)
      guard !list.items.isEmpty || list.faults.count > 0 else {
        throw ServingError(.body, "The list is empty: choose a file, or type or scan a serial a line.")
      }
      let count = try await desk.changeByForm(call, context) { [desk] change in
        takesOut ? try desk.remove(list, from: id, file: file, change) : try desk.add(list, to: id, change)
      }
      let done = takesOut ? "removed" : count == 0 ? "same" : "added"
      return Shell.redirect(to: "\(model.back)?done=\(done)")
    } catch let error as any StatusError where error.status != .notFound {
      return try show(model, context, fault: error)
    }
  }
}

extension EnrollmentDesk {
  /// - Throws: `request.not-found`.
  func requireDistrict(_ district: DistrictID, _ context: OperatorContext) async throws {
    try await database.read(in: context.scope) { [registry] transaction in
      guard try registry.district(district, in: transaction) != nil else {
        throw ServingError.missing("district", district)
      }
    }
  }
}
