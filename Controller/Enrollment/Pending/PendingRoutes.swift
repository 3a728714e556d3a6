internal import Audit
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary

/// Devices that wait for a person: listed, approved, rejected.
struct PendingRoutes: Sendable {
  let desk: EnrollmentDesk

  private static let one = "/api/v1/districts/{district}/pending/{pending}"

  var all: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/pending", .scoped(AccessRule.anyReader),
        Operation(
          "listPending", "Devices that asked to be enrolled and wait for a person",
          query: [
            .init("district", "Of this district alone"),
            .init(
              "state", PendingRequest.State.allCases.map(\.rawValue).joined(separator: ", ") + "; waiting by default"),
          ] + PageRequest.parameters, answers: (200, Page<PendingItem>.schema(of: PendingItem.schema))), handle: list),
      PeopleRoute(
        .post, Self.one + "/approve", BatchRoutes.managers,
        Operation(
          "approvePending", "Lets a waiting device enrol at its next request, as a new device or as one that is known",
          body: ("application/json", Approval.schema), answers: (200, PendingItem.schema)), handle: approve),
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
      throw ServingError(
        .query, "'state' is one of \(PendingRequest.State.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    let after = try page.after.map(Self.place)
    let items = try await desk.database.read(in: scope) { [registry = desk.registry] transaction in
      try registry.requireDistrict(of: scope, in: transaction)
      return try PendingStore.page(scope, state: state, after: after, limit: page.limit + 1, transaction).map(
        PendingItem.init)
    }
    return try .json(Page(items, limit: page.limit) { "\($0.district)/\($0.id)" })
  }

  private func approve(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let chosen = call.body.isEmpty ? nil : try JSONText.decode(Approval.self, from: call.body).device
    return try await desk.change(call, context) { change in
      let request = try Self.request(call, change)
      guard request.state == .waiting || request.state == .rejected else {
        throw EnrollmentError(.notPending, "This request is \(request.state.rawValue) already.")
      }
      let device = try device(for: request, chosen, change)
      try PendingStore.set(
        .approved, of: request, device: device, by: change.principal, at: change.now, change.transaction)
      try change.record(
        "pending.approve", "pending", request.id.rawValue, DecidedBody(key: request.key, device: device))
      return try .json(PendingItem(try Self.request(call, change)))
    }
  }

  private func reject(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    try await desk.change(call, context) { change in
      let request = try Self.request(call, change)
      guard request.state != .issued else {
        throw EnrollmentError(.notPending, "This device has its certificate already; revoke the device instead.")
      }
      try PendingStore.set(
        .rejected, of: request, device: nil, by: change.principal, at: change.now, change.transaction)
      try change.record("pending.reject", "pending", request.id.rawValue, DecidedBody(key: request.key, device: nil))
      return try .json(PendingItem(try Self.request(call, change)))
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
    guard let request = try PendingStore.request(call.identifier("pending"), in: change.district, change.transaction)
    else {
      throw ServingError.notFound
    }
    return request
  }

  /// A page's key: the district and the id.
  private static func place(_ key: String) throws(ServingError) -> (DistrictID, PendingID) {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let district = DistrictID(rawValue: String(parts[0])),
      let id = PendingID(rawValue: String(parts[1]))
    else { throw ServingError(.query, "'after' is the 'next' of the page before, unchanged.") }
    return (district, id)
  }
}

private struct DecidedBody: JournalBody {
  let key: Digest
  let device: DeviceID?
}
