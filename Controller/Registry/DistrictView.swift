import Serving
import Vocabulary

/// A district as the API shows it.
struct DistrictView: Encodable, Sendable {
  let id: DistrictID
  let name: String
  let unknownSerials: District.UnknownSerials
  /// The days that hold: the district's, or else the state's.
  let retention: RetentionView
  let createdAt: String

  init(_ district: District, stateWide: Retention) {
    retention = RetentionView(stateWide.with(district.kept))
    id = district.id
    name = district.name
    unknownSerials = district.unknownSerials
    createdAt = district.createdAt.rfc3339
  }

  private static let choices = District.UnknownSerials.allCases.map(\.rawValue)
  private static let idText = "1 to 40 of a–z, 0–9 and '-'"

  static let schema = Schema.object(
    [
      ("id", .string(idText)), ("name", .string("For people")),
      ("unknownSerials", .oneOf(choices, "What happens to a serial that no batch expects")),
      ("retention", RetentionView.schema), ("createdAt", .dateTime("When it was made")),
    ], required: ["id", "name", "unknownSerials", "retention", "createdAt"])

  static let newSchema = Schema.object(
    [
      ("id", .string(idText)), ("name", .string("1 to 200 characters")),
      ("unknownSerials", .oneOf(choices, "What happens to a serial that no batch expects; 'refuse' by default")),
    ], required: ["id", "name"])

  static let patchSchema = Schema.object(
    [
      ("name", .string("1 to 200 characters")),
      ("unknownSerials", .oneOf(choices, "What happens to a serial that no batch expects")),
      ("retention", RetentionView.patchSchema),
    ], required: [])
}

/// A school as the API shows it.
struct SchoolView: Encodable, Sendable {
  let id: SchoolID
  let district: DistrictID
  let name: String
  let createdAt: String

  init(_ school: School) {
    id = school.id
    district = school.district
    name = school.name
    createdAt = school.createdAt.rfc3339
  }

  static let schema = Schema.object(
    [
      ("id", .string("1 to 40 of a–z, 0–9 and '-', unique in its district")),
      ("district", .string("Its district's id")),
      ("name", .string("For people")), ("createdAt", .dateTime("When it was made")),
    ], required: ["id", "district", "name", "createdAt"])

  static let newSchema = Schema.object(
    [("id", .string("1 to 40 of a–z, 0–9 and '-'")), ("name", .string("1 to 200 characters"))],
    required: ["id", "name"])
}
