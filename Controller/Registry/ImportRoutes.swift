import Audit
import Serving
import Storage
import Synchronization
import Vocabulary

/// What people know of devices, from a file.
struct ImportRoutes: Sendable {
  /// The largest file, in bytes: 400,000 rows of 80.
  private static let bodyLimit = 32 << 20

  let registry: DeviceRegistry

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .post, "/api/v1/districts/{district}/devices/import", .district(AccessRule.deviceManagers),
        Operation(
          "importDevices",
          "Set what people know of devices: serial, assetTag, school, model, management. All of the file or nothing",
          body: ("text/csv", .string("CSV in UTF-8 with a header line; only 'serial' is required")),
          answers: (200, ImportView.schema)), bodyLimit: Self.bodyLimit, handle: read)
    ]
  }

  private func read(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    return try await registry.reading(call, context) { transaction in
      let schools = try SchoolStore.page(of: district, transaction)
      let agents = try ImportStore.agents(in: district, transaction)
      let holders = try ImportStore.tagHolders(in: district, transaction)
      return Result { () throws -> [ImportedDevice] in
        try ImportDecision.read(call.body, schools: schools, agents: agents, holders: holders)
      }
    } then: { read in
      try await write(read, call, context, district)
    }
  }

  private func write(
    _ read: Result<[ImportedDevice], any Error>, _ call: Call, _ context: OperatorContext, _ district: DistrictID
  ) async throws -> Reply {
    try await registry.change(call, context) { change in
      let devices = try read.get()
      let tags = devices.compactMap { Folded.assetTag($0.assetTag) }
      if !tags.isEmpty {
        try ImportDecision.checkTags(
          of: devices, holders: ImportStore.tagHolders(of: tags, in: district, change.transaction))
      }
      let created = try ImportStore.upsert(devices, in: district, now: change.now, change.transaction)
      let view = ImportView(rows: devices.count, created: created, updated: devices.count - created)
      try change.journal(
        "device.import", ("district", district.rawValue), district,
        ImportBody(file: Digest.sha256(call.body), rows: view.rows, created: view.created))
      return try .json(view)
    }
  }

  private struct ImportBody: JournalBody {
    /// SHA-256 of the file.
    let file: Digest
    let rows: Int
    let created: Int
  }
}

/// What an import did.
struct ImportView: Encodable, Sendable {
  let rows: Int
  let created: Int
  let updated: Int

  static let schema = Schema.object(
    [
      ("rows", .integer("Devices in the file")), ("created", .integer("That became known by it")),
      ("updated", .integer("That were known already")),
    ], required: ["rows", "created", "updated"])
}
