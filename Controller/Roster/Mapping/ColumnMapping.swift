import Serving
import Storage
import Vocabulary

/// Which columns of a district's own CSV say what of people: saved once, used for each file.
struct ColumnMapping: Codable, Sendable, Hashable {
  /// What a column may say.
  enum Meaning: String, CaseIterable, Sendable {
    /// The id in the source; without it a person is known by the number.
    case id
    case number, givenName, middleName, familyName, preferredGivenName, preferredFamilyName, username, email, grade
    /// The id or the name of a school of the register.
    case school
    /// The id or the code of a class, or of several with `;` between them; a person has a row for each, or one for all.
    case schoolClass = "class"
    case classTitle
    case guardianName, guardianEmail, guardianPhone
    case secondGuardianName, secondGuardianEmail, secondGuardianPhone

    static let required: [Meaning] = [.number, .givenName, .familyName]
    static let guardians: [Meaning] = MappedGuardian.columns.flatMap { $0.map(\.meaning) }

    var field: Field {
      switch self {
      case .id: .sourcedId
      case .number: .identifier
      case .givenName: .givenName
      case .middleName: .middleName
      case .familyName: .familyName
      case .preferredGivenName: .preferredGiven
      case .preferredFamilyName: .preferredFamily
      case .username: .username
      case .email: .email
      case .grade: .grades
      case .school: .school
      case .schoolClass: .schoolClass
      case .classTitle: .title
      case .guardianName: .guardianName
      case .guardianEmail: .guardianEmail
      case .guardianPhone: .guardianPhone
      case .secondGuardianName: .secondName
      case .secondGuardianEmail: .secondEmail
      case .secondGuardianPhone: .secondPhone
      }
    }
  }

  /// Titles of columns by what they say.
  let columns: [String: String]
  let role: RosterPerson.Role
  /// Whether people of the role of whom a file does not tell have left.
  let whole: Bool

  func title(of meaning: Meaning) -> String? { columns[meaning.rawValue] }

  var tellsClasses: Bool { title(of: .schoolClass) != nil }
  var tellsGuardians: Bool { Meaning.guardians.contains { title(of: $0) != nil } }

  /// - Throws: `roster.invalid` with every fault.
  func checked() throws(RosterError) -> ColumnMapping {
    var faults: [Fault] = []
    func tell(_ field: String, _ value: String?, _ message: String) {
      faults.append(
        Fault(
          field: field, value: value.map { String($0.prefix(100)) }, code: RosterError.Kind.invalid.rawValue,
          message: message))
    }
    for meaning in Meaning.required where columns[meaning.rawValue] == nil {
      tell("columns.\(meaning.rawValue)", nil, "'\(meaning.rawValue)' needs a column; every person has one.")
    }
    if title(of: .classTitle) != nil, !tellsClasses {
      tell("columns.class", nil, "'classTitle' tells more of a class, which needs a column of its own, 'class'.")
    }
    for meaning in Meaning.guardians where role == .staff && title(of: meaning) != nil {
      tell("columns.\(meaning.rawValue)", title(of: meaning), "Students have guardians; staff have none here.")
    }
    var seen: Set<String> = []
    for (name, title) in columns.sorted(by: { $0.key < $1.key }) {
      if Meaning(rawValue: name) == nil {
        let all = Meaning.allCases.map(\.rawValue)
        let nearest = Spelling.nearest(to: name, in: all).map { " Did you mean '\($0)'?" } ?? ""
        tell("columns", name, "A column says one of \(all.joined(separator: ", ")).\(nearest)")
      }
      if title.isEmpty || title.utf8.count > 200 || title.unicodeScalars.contains(where: { $0.value < 0x20 }) {
        tell("columns.\(name.prefix(40))", title, "A column's title has 1 to 200 characters on one line.")
      }
      if !seen.insert(title).inserted { tell("columns.\(name.prefix(40))", title, "The column says one thing alone.") }
    }
    guard let first = faults.first else { return self }
    throw RosterError(
      .invalid, faults.count == 1 ? first.message : "\(faults.count) fields break their rules.", faults: faults)
  }

  /// Where the file has each column; nil where one is missing, which was told.
  func places(_ header: ScannedRecord, _ faults: FileFaults) -> [Int]? {
    let titles = (0..<header.count).map { String(decoding: header.cell($0), as: UTF8.self) }
    var places = [Int](repeating: -1, count: Field.allCases.count)
    let before = faults.count
    for meaning in Meaning.allCases {
      guard let title = title(of: meaning) else { continue }
      guard let place = titles.firstIndex(of: title) else {
        let nearest = Spelling.nearest(to: title, in: titles.map { String($0.prefix(100)) })
        let hint = nearest.map { " The nearest is '\($0)'." } ?? ""
        faults.add(
          Fault(
            line: header.line, field: title, code: "csv.column",
            message: "The column '\(title)', which tells \(meaning.rawValue), is missing.\(hint)"))
        continue
      }
      places[meaning.field.rawValue] = place
    }
    return faults.count == before ? places : nil
  }
}

enum MappingStore {
  static func mapping(
    _ name: String, of district: DistrictID, _ transaction: any Transaction
  ) throws -> ColumnMapping? {
    let row = try transaction.row(
      "SELECT body FROM roster_mapping WHERE district_id = \(district) AND name = \(name)")
    return try row.map { try JSONText.decode(ColumnMapping.self, from: try $0.get("body")) }
  }

  static func all(of district: DistrictID, _ transaction: any Transaction) throws -> [(String, ColumnMapping)] {
    try transaction.rows(
      "SELECT name, body FROM roster_mapping WHERE district_id = \(district) ORDER BY name"
    ).map { (try $0.get("name"), try JSONText.decode(ColumnMapping.self, from: try $0.get("body"))) }
  }

  static func set(
    _ mapping: ColumnMapping, as name: String, of district: DistrictID, _ transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      INSERT INTO roster_mapping (district_id, name, body)
      VALUES (\(district), \(name), \(try JSONText.encode(mapping)))
      ON CONFLICT (district_id, name) DO UPDATE SET body = excluded.body
      """)
  }

  /// Whether there was one.
  static func remove(_ name: String, of district: DistrictID, _ transaction: any Transaction) throws -> Bool {
    try transaction.run("DELETE FROM roster_mapping WHERE district_id = \(district) AND name = \(name)") > 0
  }
}
