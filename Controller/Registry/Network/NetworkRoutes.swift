import Audit
package import Serving
import Storage
package import Vocabulary

/// What the networks of a district are called, and those of all districts.
struct NetworkRoutes: Sendable {
  let registry: DeviceRegistry

  private static let path = "/api/v1/districts/{district}/networks"
  private static let statePath = "/api/v1/networks"

  var routes: [PeopleRoute] {
    let answer = Page<NetworkView>.schema(of: NetworkView.schema)
    let body = ("application/json", NetworkView.patchSchema)
    return [
      PeopleRoute(
        .get, Self.path, .district(AccessRule.anyReader),
        Operation(
          "listNetworks", "What the district calls the networks that its devices report from",
          query: PageRequest.parameters, answers: (200, answer)), handle: list),
      PeopleRoute(
        .patch, Self.path, .district(AccessRule.deviceManagers),
        Operation(
          "changeNetworks",
          "Label addresses, or remove labels; the longest prefix holds, and a district's label before the state's. No address is kept of a device",
          body: body, answers: (200, answer)), handle: change),
      PeopleRoute(
        .get, Self.statePath, .state(AccessRule.anyReader),
        Operation(
          "listStateNetworks", "What networks are called in every district", query: PageRequest.parameters,
          answers: (200, answer)), handle: list),
      PeopleRoute(
        .patch, Self.statePath, .state([.stateAdmin]),
        Operation(
          "changeStateNetworks", "Label addresses for every district, or remove such labels", body: body,
          answers: (200, answer)), handle: change),
    ]
  }

  /// nil for the state's own.
  private static func district(_ call: Call) throws -> DistrictID? {
    call.parameters["district"] == nil ? nil : try call.identifier("district")
  }

  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district = try Self.district(call)
    let page = try PageRequest(call)
    let labels = try await registry.database.read(in: context.scope) { transaction in
      if let district { _ = try registry.existing(district, transaction) }
      return try NetworkStore.labels(of: district, transaction)
    }
    let after = page.after
    let found = labels.filter { label in after.map { $0 < label.addresses } ?? true }.map(NetworkView.init)
    return try .json(Page(found, limit: page.limit, key: \.addresses))
  }

  private func change(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district = try Self.district(call)
    let patch = try JSONText.decode(NetworkPatch.self, from: call.body)
    try patch.requireSome()
    let reply = try await registry.change(call, context) { change in
      if let district { _ = try registry.existing(district, change.transaction) }
      let known = try NetworkStore.labels(of: district, change.transaction)
      let made = try NetworkChange(patch, known: known, now: change.now)
      if !made.isEmpty {
        try NetworkStore.write(made, of: district, now: change.now, change.transaction)
        let id = district?.rawValue ?? "state"
        try change.journal("network.change", ("network", id), district, NetworkBody(made))
      }
      let labels = try NetworkStore.labels(of: district, change.transaction).map(NetworkView.init)
      return try .json(Page(labels, next: nil))
    }
    // For check-ins that come to this controller from now on; others follow.
    try await registry.loadNetworks()
    return reply
  }

  private struct NetworkBody: JournalBody {
    let added: Int
    let renamed: Int
    let removed: Int

    init(_ change: NetworkChange) {
      (added, renamed, removed) = (change.added.count, change.renamed.count, change.removed.count)
    }
  }
}

/// A label as the API shows it.
struct NetworkView: Encodable, Sendable {
  let addresses: String
  let label: String

  init(_ label: NetworkLabel) { (addresses, self.label) = (label.addresses, label.label) }

  private static let members: [(name: String, schema: Schema)] = [
    ("addresses", .string("As CIDR writes them, such as 10.20.0.0/16; of IPv6 at most 64 bits")),
    ("label", .string("What people call the network, such as 'school'; 1 to 40 characters")),
  ]

  static let schema = Schema.object(members, required: ["addresses", "label"])
  static let patchSchema = Schema.object(
    [
      ("set", .array(schema)),
      ("remove", .array(.string("Addresses whose label is to go"))),
    ], required: [])
}

extension DeviceRegistry {
  /// Which label a contact from there has, as far as this controller knows; others may know of a change a second earlier.
  package func network(of origin: Origin?, in district: DistrictID) -> NetworkID? {
    networks.withLock { $0.network(of: origin, in: district) }
  }

  /// What people read of a contact: a label, or "elsewhere"; nil where nothing is known of it.
  package func networkWords(_ network: NetworkID?, in district: DistrictID) -> String? {
    guard let network else { return nil }
    return networks.withLock { $0.words(network, in: district) }
  }

  func networkWords(of listed: ListedDevice) -> String? {
    networkWords(listed.contact?.network, in: listed.device.district)
  }

  /// - Parameter evenOlder: as on a server that went back; else the later of two readings at once stays.
  func loadNetworks(from other: (any Database)? = nil, evenOlder: Bool = false) async throws {
    let labels = try await (other ?? database).read(in: .state) { try NetworkStore.all($0) }
    networks.withLock { if evenOlder || labels.revision >= $0.revision { $0 = labels } }
  }
}
