import Serving
import Vocabulary

/// What is read of OneRoster's files; of their other columns, `password` above all, no byte is looked at.
enum Field: Int, CaseIterable, Sendable {
  case sourcedId, status, dateLastModified
  case name, type, identifier, parent
  case role, orgs, username, givenName, middleName, familyName, email, sms, phone, agents, grades
  case preferredGiven, preferredMiddle, preferredFamily, primaryOrg
  case user, roleType, org
  case schoolClass, school, title, classCode, begins, ends
  case birthDate, sex
  case propertyName, value
  case guardianName, guardianEmail, guardianPhone, secondName, secondEmail, secondPhone
}

/// A file of a OneRoster export and its columns.
struct FileTable: Sendable {
  struct Column: Sendable {
    let title: String
    /// nil for a column that is not read.
    let field: Field?
    let isRequired: Bool
  }

  let name: String
  let columns: [Column]

  /// - Parameters:
  ///   - required: columns that are read and must be there.
  ///   - optional: columns that are read where they are there.
  ///   - ignored: columns that the standard has and nobody reads here.
  private init(
    _ name: String, _ required: [(String, Field)], optional: [(String, Field)] = [], ignored: [String] = []
  ) {
    self.name = name
    let lead: [(String, Field)] = [
      ("sourcedId", .sourcedId), ("status", .status), ("dateLastModified", .dateLastModified),
    ]
    let all = name == "manifest.csv" ? required : lead + required
    columns =
      all.map { Column(title: $0.0, field: $0.1, isRequired: true) }
      + optional.map { Column(title: $0.0, field: $0.1, isRequired: false) }
      + ignored.map { Column(title: $0, field: nil, isRequired: false) }
  }

  private init(name: String, columns: [Column]) {
    self.name = name
    self.columns = columns
  }

  /// A district's own CSV, whose other columns are passed over.
  static func mapped(_ mapping: ColumnMapping) -> FileTable {
    FileTable(
      name: "csv",
      columns: ColumnMapping.Meaning.allCases.compactMap { meaning in
        mapping.title(of: meaning).map { Column(title: $0, field: meaning.field, isRequired: true) }
      })
  }

  static let manifest = FileTable("manifest.csv", [("propertyName", .propertyName), ("value", .value)])

  static let orgs = FileTable(
    "orgs.csv",
    [("name", .name), ("type", .type), ("identifier", .identifier), ("parentSourcedId", .parent)])

  private static let names: [(String, Field)] = [
    ("username", .username), ("givenName", .givenName), ("familyName", .familyName), ("middleName", .middleName),
    ("identifier", .identifier), ("email", .email), ("sms", .sms), ("phone", .phone), ("agentSourcedIds", .agents),
    ("grades", .grades),
  ]

  /// CSV says preferredGivenName, REST preferredFirstName; both are written.
  private static let preferred: [(String, Field)] = [
    ("preferredGivenName", .preferredGiven), ("preferredFirstName", .preferredGiven),
    ("preferredMiddleName", .preferredMiddle), ("preferredFamilyName", .preferredFamily),
    ("preferredLastName", .preferredFamily),
  ]

  static let users11 = FileTable(
    "users.csv", [("orgSourcedIds", .orgs), ("role", .role)] + names, optional: preferred,
    ignored: ["enabledUser", "userIds", "password"])

  static let users12 = FileTable(
    "users.csv", names, optional: preferred + [("primaryOrgSourcedId", .primaryOrg)],
    ignored: ["enabledUser", "userIds", "password", "userMasterIdentifier", "resourceSourcedIds", "pronouns"])

  static let roles = FileTable(
    "roles.csv",
    [("userSourcedId", .user), ("roleType", .roleType), ("role", .role), ("orgSourcedId", .org)],
    optional: [("beginDate", .begins), ("endDate", .ends)], ignored: ["userProfileSourcedId"])

  static let classes = FileTable(
    "classes.csv",
    [("title", .title), ("grades", .grades), ("classCode", .classCode), ("schoolSourcedId", .school)],
    ignored: [
      "courseSourcedId", "classType", "location", "termSourcedIds", "subjects", "subjectCodes", "periods",
    ])

  static let enrollments = FileTable(
    "enrollments.csv",
    [("classSourcedId", .schoolClass), ("userSourcedId", .user), ("role", .role)],
    optional: [("beginDate", .begins), ("endDate", .ends)], ignored: ["schoolSourcedId", "primary"])

  /// Of whatever else the standard has of a person's origin and birth no byte is looked at.
  static let demographics = FileTable(
    "demographics.csv", [("birthDate", .birthDate), ("sex", .sex)],
    ignored: [
      "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander",
      "white",
      "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity", "countryOfBirthCode", "stateOfBirthAbbreviation",
      "cityOfBirth", "publicSchoolResidenceStatus",
    ])

  /// The cells' places by ``Field``; -1 where the file has no such column.
  ///
  /// - Returns: nil where the header has a fault, which was told.
  func places(_ header: ScannedRecord, _ fault: (Fault) -> Void) -> [Int]? {
    var places = [Int](repeating: -1, count: Field.allCases.count)
    var isSound = true
    var seen: Set<String> = []
    func tell(_ title: String, _ message: String) {
      isSound = false
      fault(Fault(line: header.line, field: String(title.prefix(100)), code: "csv.column", message: message))
    }
    for index in 0..<header.count {
      let title = String(decoding: header.cell(index), as: UTF8.self)
      guard seen.insert(title).inserted else {
        tell(title, "The column '\(title.prefix(100))' stands twice.")
        continue
      }
      if title.hasPrefix("metadata.") { continue }
      guard let column = columns.first(where: { $0.title == title }) else {
        let nearest = Spelling.nearest(to: title, in: columns.map(\.title)).map { " Did you mean '\($0)'?" } ?? ""
        tell(
          title,
          "\(name) has no column '\(title.prefix(100))' in the standard; one of your own begins with 'metadata.'.\(nearest)"
        )
        continue
      }
      if let field = column.field { places[field.rawValue] = index }
    }
    for column in columns where column.isRequired && !seen.contains(column.title) {
      tell(column.title, "The column '\(column.title)' is missing; titles are compared letter by letter.")
    }
    return isSound ? places : nil
  }

  func title(of field: Field) -> String { columns.first { $0.field == field }?.title ?? "" }
}

/// A row of a file: its cells by what they are.
struct FileRow {
  let record: ScannedRecord
  let places: [Int]
  var line: Int { record.line }

  /// Empty where the file has no such column.
  subscript(field: Field) -> Cell {
    let place = places[field.rawValue]
    return place < 0 ? Cell(start: nil, count: 0) : record.cell(place)
  }

  func text(_ field: Field) -> String { String(decoding: self[field], as: UTF8.self) }
}

extension FileRow {
  /// A row without cells, where what is told comes from elsewhere.
  static func empty(line: Int) -> FileRow {
    FileRow(record: .empty(line: line), places: [Int](repeating: -1, count: Field.allCases.count))
  }
}
