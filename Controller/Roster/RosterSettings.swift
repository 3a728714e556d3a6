import Registry
import Serving
import Storage
import Vocabulary

/// Whether a district lets birth dates and sexes be read.
enum DemographicsChoice: String, CaseIterable, Sendable, Codable, SQLConvertible {
  case never
  /// By an import that asks for them.
  case onRequest = "on-request"
}

/// What a district chose for its roster.
struct RosterSettings: Sendable {
  /// Days that those who left are kept, where the district has not chosen.
  static let standardLeftDays = 400
  static let allowedDays = 30...3650

  /// What a state's file calls the district, where that is not its id.
  var identifier: String?
  var leftDays: Int?
  var demographics = DemographicsChoice.never
  /// When a file was last read whole.
  var checkedAt: Instant?
  /// Whose files its ids are from; nil before the first, and of a roster of before this was kept.
  var source: ImportRecord.Source?

  static func of(_ district: DistrictID, _ transaction: any Transaction) throws -> RosterSettings {
    let row = try transaction.row(
      "SELECT identifier, left_days, demographics, checked_at, source FROM roster_district WHERE district_id = \(district)"
    )
    return RosterSettings(
      identifier: try row?.get("identifier", as: String?.self), leftDays: try row?.get("left_days", as: Int?.self),
      demographics: try row?.get("demographics", as: DemographicsChoice?.self) ?? .never,
      checkedAt: try row?.get("checked_at", as: Instant?.self),
      source: try row?.get("source", as: ImportRecord.Source?.self))
  }

  /// Who left before this moment is not kept any longer.
  func limit(now: Instant) -> Instant {
    now.advanced(by: .seconds(-86_400 * Int64(leftDays ?? Self.standardLeftDays)))
  }

  /// The districts that have a roster.
  static func districts(_ transaction: any Transaction) throws -> [DistrictID] {
    try transaction.rows("SELECT district_id FROM roster_district ORDER BY district_id")
      .map { try $0.get("district_id") }
  }

  /// The districts whose rosters came from there.
  static func districts(
    fedBy source: ImportRecord.Source, _ transaction: any Transaction
  ) throws -> [DistrictID] {
    try transaction.rows("SELECT district_id FROM roster_district WHERE source = \(source) ORDER BY district_id")
      .map { try $0.get("district_id") }
  }

  func store(_ district: DistrictID, _ transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO roster_district (district_id, identifier, left_days, demographics, checked_at)
      VALUES (\(district), \(identifier), \(leftDays), \(demographics), \(checkedAt))
      ON CONFLICT (district_id) DO UPDATE SET identifier = excluded.identifier, left_days = excluded.left_days,
        demographics = excluded.demographics
      """)
  }

  /// - Throws: `roster.invalid` where another district answers to the identifier.
  func requireOwnIdentifier(_ district: DistrictID, _ transaction: any Transaction) throws {
    guard let identifier else { return }
    let other = try OrgStore.names(transaction).first { $0.district != district && $0.answers(to: identifier) }
    guard let other else { return }
    let message = "The district '\(other.district)' answers to this identifier; each is of one district."
    throw RosterError(
      .invalid, message,
      faults: [
        Fault(
          field: "identifier", value: identifier, code: RosterError.Kind.invalid.rawValue, message: message)
      ])
  }

  /// A file of the district's roster was read whole.
  static func checked(
    _ district: DistrictID, from source: ImportRecord.Source?, at now: Instant, _ transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      INSERT INTO roster_district (district_id, checked_at, source) VALUES (\(district), \(now), \(source))
      ON CONFLICT (district_id) DO UPDATE SET checked_at = excluded.checked_at, source = excluded.source
      """)
  }

  /// An import of the district was undone: its ids are from where they were before.
  static func restore(
    _ source: ImportRecord.Source?, _ district: DistrictID, _ transaction: any Transaction
  ) throws {
    try transaction.run("UPDATE roster_district SET source = \(source) WHERE district_id = \(district)")
  }
}

/// How a district's roster stands.
struct RosterView: Encodable, Sendable {
  let district: DistrictID
  let students: Int
  let staff: Int
  let left: Int
  /// Of those: their days are over, and they still have a device, or owe what went with one.
  let waiting: Int
  let classes: Int
  let memberships: Int
  let guardians: Int
  let identifier: String?
  let leftDays: Int
  let demographics: DemographicsChoice
  let checkedAt: String?

  init(_ district: DistrictID, _ registry: DeviceRegistry, now: Instant, _ transaction: any Transaction) throws {
    self.district = district
    let settings = try RosterSettings.of(district, transaction)
    let due = DuePeople(registry: registry, district: district, before: settings.limit(now: now))
    waiting = try due.waiting(transaction)
    identifier = settings.identifier
    demographics = settings.demographics
    leftDays = settings.leftDays ?? RosterSettings.standardLeftDays
    checkedAt = settings.checkedAt?.rfc3339
    let people = try transaction.row(
      """
      SELECT COUNT(*) FILTER (WHERE left_at IS NULL AND role = 'student') AS students,
        COUNT(*) FILTER (WHERE left_at IS NULL AND role = 'staff') AS staff,
        COUNT(*) FILTER (WHERE left_at IS NOT NULL) AS gone
      FROM roster_person WHERE district_id = \(district)
      """)
    students = try people?.get("students") ?? 0
    staff = try people?.get("staff") ?? 0
    left = try people?.get("gone") ?? 0
    classes = try RowStore.count(.schoolClass, in: district, transaction)
    memberships = try RowStore.count(.membership, in: district, transaction)
    guardians = try RowStore.count(.guardian, in: district, transaction)
  }

  static let schema = Schema.object(
    [
      ("district", .string("The district's id")), ("students", .integer("Students who have not left")),
      ("staff", .integer("Staff who have not left")), ("left", .integer("People who left and are still kept")),
      (
        "waiting",
        .integer(
          "Of those who left: their days are over, and they are erased once their device, or what went with it, has come back"
        )
      ),
      ("classes", .integer("Classes")), ("memberships", .integer("Who is in which class")),
      ("guardians", .integer("Guardians")),
      ("identifier", .string("What a source calls the district, where that is not its id")),
      ("leftDays", .integer("Days that people who left are kept")),
      (
        "demographics",
        .oneOf(
          DemographicsChoice.allCases.map(\.rawValue),
          "Whether birth dates and sexes are read where an import asks for them")
      ),
      ("checkedAt", .dateTime("When an archive was last read whole")),
    ],
    required: [
      "district", "students", "staff", "left", "waiting", "classes", "memberships", "guardians", "leftDays",
      "demographics",
    ])
}

/// What a district may choose.
struct RosterPatch: Decodable, Sendable {
  let identifier: String?
  let leftDays: Int?
  let demographics: DemographicsChoice?

  static let schema = Schema.object(
    [
      ("identifier", .string("What a source calls the district, 1 to 64 characters; '' takes it back")),
      ("leftDays", .integer("30 to 3,650; 0 takes the choice back")),
      (
        "demographics",
        .oneOf(
          DemographicsChoice.allCases.map(\.rawValue),
          "Whether an import that asks for them reads birth dates and sexes; 'never' erases those that are kept")
      ),
    ], required: [])

  /// - Throws: `request.body`, `roster.invalid`.
  func applied(to settings: RosterSettings) throws -> RosterSettings {
    guard identifier != nil || leftDays != nil || demographics != nil else {
      throw ServingError(.body, "The body changes nothing: give one of identifier, leftDays, demographics.")
    }
    var settings = settings
    var faults: [Fault] = []
    func tell(_ field: String, _ value: String, _ message: String) {
      faults.append(
        Fault(
          field: field, value: String(value.prefix(100)), code: RosterError.Kind.invalid.rawValue, message: message))
    }
    if let identifier {
      if identifier.utf8.count > 64 || identifier.unicodeScalars.contains(where: { $0.value < 0x20 }) {
        tell("identifier", identifier, "'identifier' has at most 64 characters, none of them a control character.")
      }
      settings.identifier = identifier.isEmpty ? nil : identifier
    }
    if let leftDays {
      if leftDays != 0, !RosterSettings.allowedDays.contains(leftDays) {
        tell("leftDays", String(leftDays), "'leftDays' is a number of days from 30 to 3,650, or 0 for the standard.")
      }
      settings.leftDays = leftDays == 0 ? nil : leftDays
    }
    if let demographics { settings.demographics = demographics }
    guard let first = faults.first else { return settings }
    throw RosterError(.invalid, first.message, faults: faults)
  }
}
