import Serving
import Vocabulary

/// Counts of each kind, as the API shows them.
struct KindCounts: Encodable, Sendable {
  let orgs: RowCounts
  let classes: RowCounts
  let people: RowCounts
  let guardians: RowCounts
  let memberships: RowCounts
  let demographics: RowCounts

  init(_ counts: (RowKind) -> RowCounts) {
    (orgs, classes, people) = (counts(.org), counts(.schoolClass), counts(.person))
    (guardians, memberships, demographics) = (counts(.guardian), counts(.membership), counts(.demographics))
  }

  private static let one = Schema.object(
    [
      ("added", .integer("New in the roster")), ("changed", .integer("Told otherwise than before")),
      ("left", .integer("Gone from the roster")), ("returned", .integer("There again after they had left")),
      ("unchanged", .integer("As they were")),
    ], required: ["added", "changed", "left", "returned", "unchanged"])

  static let names = ["orgs", "classes", "people", "guardians", "memberships", "demographics"]
  static let fields: [(name: String, schema: Schema)] = names.map { ($0, one) }
}

/// What an archive changed, or would.
struct ImportView: Encodable, Sendable {
  struct District: Encodable, Sendable {
    /// People of one role, whom the guard counts apart.
    struct Role: Encodable, Sendable {
      let standing: Int
      let left: Int
      let removal: Double

      init(_ plan: DistrictPlan, _ kind: GuardedKind) {
        (standing, left, removal) = (plan.standing(kind), plan.removed(kind), District.percent(plan.share(of: kind)))
      }

      static func schema(_ who: String) -> Schema {
        .object(
          [
            ("standing", .integer("\(who) before")), ("left", .integer("How many of them go")),
            ("removal", .number("Their share, in per cent")),
          ], required: ["standing", "left", "removal"])
      }
    }

    let district: DistrictID
    let standing: Int
    let removal: Double
    let students: Role
    let staff: Role
    let counts: KindCounts

    init(_ plan: DistrictPlan) {
      district = plan.district
      standing = plan.people
      removal = Self.percent(plan.removal)
      (students, staff) = (Role(plan, .students), Role(plan, .staff))
      counts = KindCounts { plan[$0] }
    }

    static let schema = Schema.object(
      [
        ("district", .string("The district's id")), ("standing", .integer("Its people before")),
        ("removal", .number("The share of them that goes, in per cent")), ("students", Role.schema("Students")),
        ("staff", Role.schema("Staff")),
        ("counts", .object(KindCounts.fields, required: KindCounts.names)),
      ], required: ["district", "standing", "removal", "students", "staff", "counts"])

    fileprivate static func percent(_ share: Double) -> Double { Double(Int((share * 1000).rounded())) / 10 }
  }

  /// nil where nothing changed, and of a preview.
  let id: RosterImportID?
  let isPreview: Bool
  let version: String
  let changes: Int
  /// Why the import would be refused; of a preview alone.
  let refusal: String?
  /// What was passed over, and who is somebody else now, in words.
  let notes: [String]
  let districts: [District]

  private enum CodingKeys: String, CodingKey {
    case id = "import"
    case isPreview = "preview"
    case version, changes, refusal, notes, districts
  }

  init(_ plan: ImportPlan, id: RosterImportID?, isPreview: Bool, allowed: Int) {
    self.id = id
    self.isPreview = isPreview
    version = plan.version
    changes = plan.changes
    notes = plan.notes
    districts = plan.districts.sorted { $0.district < $1.district }.map(District.init)
    do throws(RosterError) {
      try ImportGuard.check(plan, allowed: allowed)
      refusal = nil
    } catch {
      refusal = error.message
    }
  }

  static let schema = Schema.object(
    [
      ("import", .string("The import's id; absent where nothing changed")),
      ("preview", .boolean("Whether nothing was changed because only a preview was asked for")),
      ("version", .string("Of OneRoster")), ("changes", .integer("Rows that changed, or would")),
      ("refusal", .string("Why the import would be refused; of a preview")),
      ("notes", .array(.string("What was passed over, in words"))),
      ("districts", .array(District.schema)),
    ], required: ["preview", "version", "changes", "notes", "districts"])
}

/// An import in a district's list.
struct ImportItem: Encodable, Sendable {
  let id: RosterImportID
  let district: DistrictID
  let number: Int64
  let kind: String
  let source: String
  let at: String
  let actor: PrincipalID
  /// SHA-256 of the archive.
  let file: Digest?
  let undone: Bool
  let counts: KindCounts

  private enum CodingKeys: String, CodingKey {
    case id, district, number, kind, source, at, actor, file, undone, counts
  }

  init(_ record: ImportRecord) {
    (id, district, number) = (record.id, record.district, record.number)
    (kind, source) = (record.kind.rawValue, record.source.rawValue)
    (at, actor, file) = (record.at.rfc3339, record.actor, record.file)
    undone = record.undoneBy != nil
    counts = KindCounts { record.counts[$0.rawValue] ?? RowCounts() }
  }

  static let schema = Schema.object(
    [
      ("id", .string("The import's id, the same in every district that it changed")),
      ("district", .string("The district's id")), ("number", .integer("From 1, within the district")),
      ("kind", .oneOf(["import", "undo"], "What it was; an undo has the counts of what it undid")),
      ("source", .oneOf(["state", "district"], "Whose archive it was")), ("at", .dateTime("When")),
      ("actor", .string("Who sent it, by id")), ("file", .string("SHA-256 of the archive")),
      ("undone", .boolean("Whether it was undone")),
      ("counts", .object(KindCounts.fields, required: KindCounts.names)),
    ], required: ["id", "district", "number", "kind", "source", "at", "actor", "undone", "counts"])
}

/// What was undone, district by district.
struct UndoView: Encodable, Sendable {
  let districts: [ImportItem]

  static let schema = Schema.object([("districts", .array(ImportItem.schema))], required: ["districts"])
}
