internal import Audit
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary

/// Devices that wait for a person: listed, approved, rejected.
struct PendingRoutes: Sendable {
  let desk: EnrollmentDesk

  private static let one = "/api/v1/districts/{district}/pending/{pending}"

  private static let states = PendingRequest.State.allCases.map(\.rawValue).joined(separator: ", ")

  var all: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/pending", .scoped(AccessRule.batchReaders),
        Operation(
          "listPending",
          "Devices that wait for a person: they asked to be enrolled, or hold a key that the controller does not know",
          query: [
            .init("district", "Of this district alone"),
            .init("state", Self.states + "; waiting by default, and keys stand there alone"),
          ] + PageRequest.parameters, answers: (200, Page<PendingItem>.schema(of: PendingItem.schema))), handle: list),
      PeopleRoute(
        .post, Self.one + "/approve", BatchRoutes.managers,
        Operation(
          "approvePending",
          "Lets a waiting device enrol at its next request, as a new device or as one that is known; trusts a key at once. Refused (registry.live-elsewhere) while the serial holds a key in another district",
          body: ("application/json", Approval.schema), isBodyRequired: false, answers: (200, PendingItem.schema)),
        handle: approve),
      PeopleRoute(
        .post, Self.one + "/reject", BatchRoutes.managers,
        Operation("rejectPending", "Refuses a waiting device from now on", answers: (200, PendingItem.schema)),
        handle: reject),
    ]
  }

  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let page = try PageRequest(call)
    let scope = try context.scope.narrowed(by: call)
    guard let state = PendingRequest.State(rawValue: try call.query("state") ?? "waiting") else {
      throw ServingError(.query, "'state' is one of \(Self.states).")
    }
    let after = try page.after.map(WaitingPlace.init)
    let items = try await desk.database.read(in: scope) { [registry = desk.registry] transaction in
      try registry.requireDistrict(of: scope, in: transaction)
      return try self.items(scope, state, after: after, limit: page.limit + 1, transaction)
    }
    return try .json(Page(items, limit: page.limit) { "\($0.district)/\($0.id)" })
  }

  /// By district, in each its keys and then its requests.
  func items(
    _ scope: TenantScope, _ state: PendingRequest.State, after: WaitingPlace?, limit: Int,
    _ transaction: any Transaction
  ) throws -> [PendingItem] {
    let requests = try PendingStore.page(
      scope, state: state, after: after.map { ($0.district, $0.id.request) }, limit: limit, transaction)
    guard state == .waiting else { return requests.map(PendingItem.init) }
    let keys = try desk.registry.waitingKeys(
      scope, after: after.map { ($0.district, $0.id.key) }, limit: limit, in: transaction)
    let items = keys.map(PendingItem.init) + requests.map(PendingItem.init)
    // Both are sorted by district, and sorting is stable: keys stay before requests, each in their order.
    return Array(items.sorted { $0.district < $1.district }.prefix(limit))
  }

  private func approve(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let chosen = call.body.isEmpty ? nil : try JSONText.decode(Approval.self, from: call.body).device
    return try await approve(as: chosen, call, context) { try .json($0) }
  }

  /// Lets what waits in, as a certain device or as the one that it says it is.
  func approve(
    as chosen: DeviceID?, _ call: Call, _ context: OperatorContext,
    _ reply: @escaping @Sendable (PendingItem) throws -> Reply
  ) async throws -> Reply {
    if let digest = call.parameters["pending"].flatMap(Digest.init(hex:)) {
      guard chosen == nil else {
        throw ServingError(.body, "A key is of the device in its certificate: leave 'device' out.")
      }
      return try await desk.registry.approveWaiting(digest, call, context) { try reply(PendingItem($0)) }
    }
    return try await desk.change(call, context, in: .state) { change in
      let request = try Self.request(call, change)
      guard request.state == .waiting || request.state == .rejected else {
        throw EnrollmentError(.notPending, "This request is \(request.state.rawValue) already.")
      }
      let device = try device(for: request, chosen, change)
      let known = try desk.registry.device(device, of: change.district, in: change.transaction)
      let serials = desk.store.serials(of: known, request.identity)
      try desk.registry.requireFree(serials, of: change.district, in: change.transaction)
      try PendingStore.set(
        .approved, of: request, device: device, by: change.principal, at: change.now, change.transaction)
      try change.record(
        "pending.approve", "pending", request.id.rawValue, DecidedBody(key: request.key, device: device))
      return try reply(PendingItem(try Self.request(call, change)))
    }
  }

  private func reject(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    try await reject(call, context) { try .json($0) }
  }

  func reject(
    _ call: Call, _ context: OperatorContext, _ reply: @escaping @Sendable (PendingItem) throws -> Reply
  ) async throws -> Reply {
    if let digest = call.parameters["pending"].flatMap(Digest.init(hex:)) {
      return try await desk.registry.rejectWaiting(digest, call, context) { try reply(PendingItem($0)) }
    }
    return try await desk.change(call, context) { change in
      let request = try Self.request(call, change)
      guard request.state != .issued else {
        throw EnrollmentError(.notPending, "This device has its certificate already; revoke the device instead.")
      }
      try PendingStore.set(
        .rejected, of: request, device: nil, by: change.principal, at: change.now, change.transaction)
      try change.record("pending.reject", "pending", request.id.rawValue, DecidedBody(key: request.key, device: nil))
      return try reply(PendingItem(try Self.request(call, change)))
    }
  }

  /// The device that a person means, or the one that the request's identity is, made if it is new.
  private func device(
    for request: PendingRequest, _ chosen: DeviceID?, _ change: PersonsChange
  ) throws -> DeviceID {
    if let chosen {
      guard try desk.registry.device(chosen, of: change.district, in: change.transaction) != nil else {
        throw EnrollmentError(.needsDevice, "The district has no device '\(chosen)'.")
      }
      return chosen
    }
    switch try desk.registry.resolve(identity: request.identity, district: change.district, in: change.transaction) {
    case .known(let device, _): return device
    case .ambiguous(let devices):
      throw EnrollmentError(
        .needsDevice,
        "The machine's identity points at several devices: say in 'device' which one it is: \(devices.map(\.rawValue).joined(separator: ", "))."
      )
    case .unknown:
      guard let serial = request.identity.serial else {
        return try desk.registry.addDevice(
          request.identity, to: change.district, now: change.now, in: change.transaction)
      }
      return try desk.registry.expect(
        serial: serial, district: change.district, batch: request.batch, actor: change.actor, now: change.now,
        in: change.transaction)
    }
  }

  private static func request(_ call: Call, _ change: PersonsChange) throws -> PendingRequest {
    let id: PendingID = try call.identifier("pending")
    guard let request = try PendingStore.request(id, in: change.district, change.transaction) else {
      throw ServingError.missing("waiting request", id, in: change.district)
    }
    return request
  }
}

private struct DecidedBody: JournalBody {
  let key: Digest
  let device: DeviceID?
}
