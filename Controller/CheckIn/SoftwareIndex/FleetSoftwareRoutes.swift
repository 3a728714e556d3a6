internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary
internal import Wire

/// The software of many devices for people: what is installed where, and who has it.
struct FleetSoftwareRoutes: Sendable {
  let desk: CheckIns

  /// Devices whose changes are not counted yet are counted up to here.
  private static let pendingLimit = 1000

  var all: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/software", .scoped(AccessRule.anyReader),
        Operation(
          "listSoftware",
          "The packages that devices have, and how many have each. A page may have fewer items than asked for, and a next one: a search ends after a bounded number of names",
          query: [
            .init("district", "Only of this district's devices"),
            .init("prefix", "Only packages whose name begins with this"),
          ] + PageRequest.parameters,
          answers: (200, CountedPage.schema)), handle: list),
      PeopleRoute(
        .get, "/api/v1/software/devices", .scopedSchools(AccessRule.anyReader),
        Operation(
          "listDevicesWithSoftware",
          "The devices that have a package. A page may have fewer items than asked for, or none, and a next one: a search ends after a bounded number of devices",
          query: [.init("name", "The package's name; needed"), .init("district", "Only this district's devices")]
            + VersionFilter.parameters + PageRequest.parameters,
          answers: (200, Page<HavingView>.schema(of: HavingView.schema))), handle: whoHas),
    ]
  }

  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let page = try PageRequest(call)
    let prefix = try call.query("prefix") ?? ""
    guard prefix.utf8.count <= Limits.packageLineBytes else { throw ServingError(.query, "'prefix' is too long.") }
    let scope = try context.scope.narrowed(by: call)
    return try await desk.database.read(in: scope) { [records = desk.records] transaction in
      try records.requireDistrict(of: scope, in: transaction)
      let totals = SoftwareTotals(
        scope: scope, districts: try records.districts(of: scope, in: transaction), prefix: prefix)
      let found = try totals.page(after: page.after, limit: page.limit, in: transaction)
      let pending = try StaleSoftware.count(scope, limit: Self.pendingLimit, in: transaction)
      return try .json(CountedPage(items: found.items.map(CountedView.init), next: found.next, pending: pending))
    }
  }

  private func whoHas(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let page = try PageRequest(call)
    guard let name = try call.query("name"), !name.isEmpty, name.utf8.count <= Limits.packageLineBytes else {
      throw ServingError(.query, "'name' is a package's name; give it.")
    }
    let versions = try VersionFilter(call)
    let after = try Self.place(page.after)
    let scope = try context.scope.narrowed(by: call)
    let found = try await desk.database.read(in: scope) { [records = desk.records, bases = desk.bases] transaction in
      try records.requireDistrict(of: scope, in: transaction)
      let question = WhoHas(
        name: name, versions: versions, districts: try records.districts(of: scope, in: transaction),
        schools: context.schools, records: records, bases: bases)
      return try question.page(after: after, limit: page.limit, in: transaction)
    }
    let next = found.next.map { "\($0.district)/\($0.device)" }
    return try .json(Page(found.found.map(HavingView.init), next: next))
  }

  /// - Throws: `request.query` where the text is no page's `next`.
  private static func place(_ after: String?) throws(ServingError) -> (district: DistrictID, device: String)? {
    guard let after else { return nil }
    let parts = after.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let district = DistrictID(rawValue: parts[0]), let device = DeviceID(rawValue: parts[1])
    else { throw ServingError(.query, "'after' is the 'next' of a page of this list.") }
    return (district, device.rawValue)
  }
}

private let packageFields: [(name: String, schema: Schema)] = [
  ("version", .string("Its version")), ("architecture", .string("`amd64`, `all` …")),
  ("source", .string("The package database: `dpkg`")),
]

/// A package and how many devices have it.
private struct CountedView: Encodable, Sendable {
  let name: String
  let version: String
  let architecture: String
  let source: String
  let devices: Int

  init(_ counted: SoftwareTotals.Counted) {
    name = counted.package.name
    version = counted.package.version
    architecture = counted.package.architecture
    source = counted.package.source
    devices = counted.devices
  }

  static let schema = Schema.object(
    [("name", .string("The package's name"))] + packageFields + [("devices", .integer("How many devices have it"))],
    required: ["name", "version", "architecture", "source", "devices"])
}

/// A page of counts that says how far behind it is.
private struct CountedPage: Encodable, Sendable {
  let items: [CountedView]
  let next: String?
  let pending: Int

  static let schema = Schema.object(
    [
      ("items", .array(CountedView.schema)),
      ("next", .string("For 'after' of the next request; absent on the last page")),
      ("pending", .integer("Devices whose last change is not counted yet, up to 1,000; mostly 0")),
    ], required: ["items", "pending"])
}

/// A device and what it has of the package.
private struct HavingView: Encodable, Sendable {
  struct Variant: Encodable, Sendable {
    let version: String
    let architecture: String
    let source: String
  }

  let district: DistrictID
  let device: DeviceID
  let school: SchoolID?
  let serial: String?
  let assetTag: String?
  let hostname: String?
  let stage: Stage?
  let packages: [Variant]

  init(_ found: WhoHas.Found) {
    district = found.device.district
    device = found.device.id
    school = found.device.school
    serial = found.device.serial
    assetTag = found.device.assetTag
    hostname = found.device.hostname
    stage = found.device.stage
    packages = found.packages.map {
      Variant(version: $0.version, architecture: $0.architecture, source: $0.source)
    }
  }

  static let schema = Schema.object(
    [
      ("district", .string("Its district")), ("device", .string("Its id")), ("school", .string("Its school")),
      ("serial", .string("Its serial")), ("assetTag", .string("Its asset tag")), ("hostname", .string("Its host name")),
      ("stage", .string("What was done to it: 'enrolled', 'in-service', 'retired' …")),
      ("packages", .array(.object(packageFields, required: ["version", "architecture", "source"]))),
    ], required: ["district", "device", "packages"])
}
