import Serving
import Storage
import Vocabulary

/// Devices: lists, one device, its ledger and the history of its facts.
struct DeviceRoutes: Sendable {
  let registry: DeviceRegistry

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/devices", .scopedSchools(AccessRule.anyReader),
        Operation(
          "listDevices",
          "The devices that you may see. A page may have fewer items than asked for, or none, and a next one: a search ends after a bounded number of devices",
          query: DeviceFilter.parameters + PageRequest.parameters,
          answers: (200, Page<DeviceView>.schema(of: DeviceView.schema))), handle: list),
      PeopleRoute(
        .get, "/api/v1/districts/{district}/devices/{device}", .school(AccessRule.anyReader),
        Operation(
          "showDevice", "One device with its facts, and where it stands by its ledger",
          answers: (200, DeviceView.schema)), handle: show),
      PeopleRoute(
        .get, "/api/v1/districts/{district}/devices/{device}/ledger", .school(AccessRule.anyReader),
        Operation(
          "listLedger", "What happened to a device, oldest first", query: PageRequest.parameters,
          answers: (200, Page<LedgerView>.schema(of: LedgerView.schema))), handle: ledger),
      PeopleRoute(
        .get, "/api/v1/districts/{district}/devices/{device}/changes", .school(AccessRule.anyReader),
        Operation(
          "listChanges", "How a device's facts changed, newest first; the latest 1,000 are kept",
          query: PageRequest.parameters, answers: (200, Page<ChangeView>.schema(of: ChangeView.schema))),
        handle: changes),
    ]
  }

  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let page = try PageRequest(call)
    let after = try DeviceList.place(page.after)
    let scope = try context.scope.narrowed(by: call)
    let filter = try DeviceFilter(call, scope: scope, schools: context.schools)
    let (found, keys) = try await registry.database.read(in: scope) { transaction in
      try registry.requireDistrict(of: scope, in: transaction)
      let found = try DeviceList.page(filter, scope: scope, after: after, limit: page.limit, transaction)
      return (found, try KeyStore.live(of: found.devices.map(\.device), transaction))
    }
    let views = found.devices.map {
      DeviceView($0, keys: keys[$0.device.id] ?? [], network: registry.networkWords(of: $0))
    }
    return try .json(Page(views, next: found.next.map { "\($0.district)/\($0.device)" }))
  }

  private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, device) = try Self.place(call)
    let view = try await registry.database.read(in: context.scope) { transaction in
      guard let listed = try DeviceList.device(device, in: district, transaction),
        context.shows(listed.device.school, of: district)
      else { throw ServingError.missing("device", device, in: district) }
      let standing = try LedgerStore.standing(of: device, in: district, transaction)
      return DeviceView(
        listed, keys: try registry.shownKeys(of: device, in: district, transaction),
        network: registry.networkWords(of: listed),
        facts: try registry.facts.facts(of: device, in: district, transaction),
        standing: StandingView(
          standing.projection, sequence: standing.last, today: call.now.day, of: listed.device, for: context.caller))
    }
    return try .json(view)
  }

  private func ledger(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, device) = try Self.place(call)
    let page = try PageRequest(call)
    let after = try Self.sequence(page.after) ?? 0
    let (entries, seesPeople) = try await registry.database.read(in: context.scope) { transaction in
      let found = try registry.existing(device, of: district, transaction)
      guard context.shows(found.school, of: district) else {
        throw ServingError.missing("device", device, in: district)
      }
      // From the first on: where an event leaves a device follows from all before it.
      let last = after.addingReportingOverflow(Int64(page.limit) + 1)
      let entries = try LedgerStore.entries(
        of: device, in: district, limit: last.overflow ? .max : last.partialValue, transaction)
      return (entries, context.caller?.seesPeople(in: district, at: found.school) == true)
    }
    let views = LedgerView.views(of: entries, after: after, seesPeople: seesPeople)
    return try .json(Page(views, limit: page.limit) { String($0.sequence) })
  }

  private func changes(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, device) = try Self.place(call)
    let page = try PageRequest(call)
    let before = try Self.sequence(page.after) ?? .max
    let found = try await registry.database.read(in: context.scope) { transaction in
      let found = try registry.existing(device, of: district, transaction)
      guard context.shows(found.school, of: district) else {
        throw ServingError.missing("device", device, in: district)
      }
      return try ChangeStore.page(of: device, in: district, before: before, limit: page.limit + 1, transaction)
    }
    return try .json(Page(found.map(ChangeView.init), limit: page.limit) { String($0.sequence) })
  }

  static func place(_ call: Call) throws(ServingError) -> (DistrictID, DeviceID) {
    (try call.identifier("district"), try call.identifier("device"))
  }

  private static func sequence(_ after: String?) throws(ServingError) -> Int64? {
    guard let after else { return nil }
    guard let number = Int64(after), number > 0 else {
      throw ServingError(.query, "'after' is the 'next' of a page of this list.")
    }
    return number
  }
}

extension DeviceRegistry {
  /// Former keys that are shown of one device.
  private static let revokedKeysShown = 10

  /// The keys that people see of one device: its live ones and its last revoked ones, in the order they were issued.
  func shownKeys(
    of device: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> [DeviceKey] {
    let revoked = try KeyStore.revoked(of: device, in: district, limit: Self.revokedKeysShown, transaction)
    let keys = try KeyStore.live(of: device, in: district, transaction) + revoked
    return keys.sorted { ($0.issuedAt, $0.digest.description) < ($1.issuedAt, $1.digest.description) }
  }
}
