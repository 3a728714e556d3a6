import Serving
import Storage
import Vocabulary

/// How many devices are well: of a district by school, of the state by district.
struct HealthRoutes: Sendable {
  let registry: DeviceRegistry

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/districts/{district}/health", .school(AccessRule.anyReader),
        Operation(
          "showDistrictHealth",
          "How many of a district's devices have which verdict, by school. With a role at schools alone: of these schools. "
            + Self.rule,
          answers: (200, HealthView.ofDistrict)), handle: district),
      PeopleRoute(
        .get, "/api/v1/health", .scopedSchools(AccessRule.anyReader),
        Operation(
          "showHealth",
          "How many of the devices that you may see have which verdict, by district. " + Self.rule,
          answers: (200, HealthView.ofState)), handle: everywhere),
    ]
  }

  private static let rule = """
    Exact at the moment of the answer. Devices that are lost, stolen, retired or moved to another district are counted as outOfUse and \
    in nothing else, those that are only expected as notHere; one that is here and has not told its health yet is unknown
    """

  private func district(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let id: DistrictID = try call.identifier("district")
    let (schools, counts) = try await registry.database.read(in: context.scope) { transaction in
      _ = try registry.existing(id, transaction)
      return (
        try SchoolStore.page(of: id, transaction),
        try HealthStore.counts(.district(id), bySchool: true, transaction)
      )
    }
    // Devices of no school stand last.
    let shown = (schools.map { Optional($0.id) } + [nil]).filter { context.shows($0, of: id) }
    let parts = shown.map { counts[.init(district: id, school: $0)] ?? HealthCounts() }
    var view = HealthView(parts.sum, district: id)
    view.schools = zip(shown, parts).map { HealthView($1, school: $0) }
    return try .json(view)
  }

  private func everywhere(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (districts, counts) = try await registry.database.read(in: context.scope) { transaction in
      (
        try registry.districts(of: context.scope, in: transaction),
        try HealthStore.counts(context.scope, bySchool: context.schools != nil, transaction)
      )
    }
    var sums: [DistrictID: HealthCounts] = [:]
    for (place, count) in counts where context.shows(place.school, of: place.district) {
      sums[place.district, default: HealthCounts()] += count
    }
    let parts = districts.map { sums[$0] ?? HealthCounts() }
    var view = HealthView(parts.sum)
    view.districts = zip(districts, parts).map { HealthView($1, district: $0) }
    return try .json(view)
  }
}

/// Counts as the API shows them, of one place or of several with their sum.
struct HealthView: Encodable, Sendable {
  var district: DistrictID?
  var school: SchoolID?
  let total: Int
  let well: Int
  let attention: Int
  let failing: Int
  let unknown: Int
  let outOfUse: Int
  let notHere: Int
  var schools: [HealthView]?
  var districts: [HealthView]?

  init(_ counts: HealthCounts, district: DistrictID? = nil, school: SchoolID? = nil) {
    self.district = district
    self.school = school
    total = counts.total
    well = counts.well
    attention = counts.attention
    failing = counts.failing
    unknown = counts.unknown
    outOfUse = counts.outOfUse
    notHere = counts.notHere
  }

  private static let fields: [(name: String, schema: Schema)] = [
    ("total", .integer("Devices in use: the sum of the four verdicts")),
    ("well", .integer("Everything that was looked at is well")),
    ("attention", .integer("Something should be looked after")), ("failing", .integer("Something fails")),
    ("unknown", .integer("Nothing is known of their health, or they have not told it yet")),
    ("outOfUse", .integer("Lost, stolen, retired or moved to another district; not in total")),
    ("notHere", .integer("Expected, never received and never enrolled; not in total")),
  ]
  private static let required = fields.map(\.name)
  private static let place: (name: String, schema: Schema) = ("district", .string("The district's id"))
  private static let ofSchool = Schema.object(
    [("school", .string("The school's id; absent for the devices of no school, which stand last"))] + fields,
    required: required)

  static let ofDistrict = Schema.object(
    [place] + fields + [("schools", .array(ofSchool))], required: ["district"] + required + ["schools"])
  static let ofState = Schema.object(
    fields + [("districts", .array(.object([place] + fields, required: ["district"] + required)))],
    required: required + ["districts"])
}

extension [HealthCounts] {
  fileprivate var sum: HealthCounts { reduce(into: HealthCounts()) { $0 += $1 } }
}
