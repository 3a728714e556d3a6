import Storage

/// A kind of row of the roster, in the order in which files are read and rows are written.
enum RowKind: String, CaseIterable, Sendable, SQLConvertible, Codable {
  /// A school, or another part of a district.
  case org
  case schoolClass = "class"
  /// A student or a member of staff.
  case person
  case guardian
  /// Who is in which class.
  case membership
  /// A person's birth date and sex, where a district asked for them.
  case demographics

  /// Its place in lists by kind.
  var place: Int {
    switch self {
    case .org: 0
    case .schoolClass: 1
    case .person: 2
    case .guardian: 3
    case .membership: 4
    case .demographics: 5
    }
  }

  var table: SQL {
    switch self {
    case .org: "roster_org"
    case .schoolClass: "roster_class"
    case .person: "roster_person"
    case .guardian: "roster_guardian"
    case .membership: "roster_membership"
    case .demographics: "roster_demographics"
    }
  }

  /// A kind whose rows stay when they leave the roster, marked as left; others go.
  var staysWhenLeft: Bool { self == .org || self == .person }

  /// A kind whose content is in the database sealed alone, and compared by an HMAC.
  var isSealed: Bool { self == .guardian || self == .demographics }
}

/// A row's content as it is compared, hashed and kept for undo: its fields as text, divided by U+001F, which no field
/// holds.
enum RowBody {
  static let divider: UInt8 = 0x1f

  static func fields(_ body: some Sequence<UInt8>, count: Int) throws -> [String] {
    var fields = [[UInt8]()]
    for byte in body {
      if byte == divider { fields.append([]) } else { fields[fields.count - 1].append(byte) }
    }
    guard fields.count == count else {
      throw StorageError(.failed, "A kept row of the roster has \(fields.count) fields in place of \(count).")
    }
    return fields.map { String(decoding: $0, as: UTF8.self) }
  }

  static func join(_ fields: [String]) -> [UInt8] { Array(fields.joined(separator: "\u{1f}").utf8) }
}

/// Fields of an ``RowKind/org``.
struct OrgRow: Sendable, Hashable {
  static let fieldCount = 3
  var type: String
  var name: String
  var identifier: String

  init(type: String, name: String, identifier: String) {
    (self.type, self.name, self.identifier) = (type, name, identifier)
  }

  init(_ body: some Sequence<UInt8>) throws {
    let fields = try RowBody.fields(body, count: Self.fieldCount)
    self.init(type: fields[0], name: fields[1], identifier: fields[2])
  }

  var body: [UInt8] { RowBody.join([type, name, identifier]) }
}

/// Fields of a ``RowKind/schoolClass``.
struct ClassRow: Sendable, Hashable {
  static let fieldCount = 4
  var org: String
  var title: String
  var code: String
  var grades: String

  init(_ body: some Sequence<UInt8>) throws {
    let fields = try RowBody.fields(body, count: Self.fieldCount)
    (org, title, code, grades) = (fields[0], fields[1], fields[2], fields[3])
  }

  init(org: String, title: String, code: String, grades: String) {
    (self.org, self.title, self.code, self.grades) = (org, title, code, grades)
  }

  var body: [UInt8] { RowBody.join([org, title, code, grades]) }
}

/// Fields of a ``RowKind/membership``. Dates are as the source writes them: `2026-08-20`.
struct MembershipRow: Sendable, Hashable {
  static let fieldCount = 5
  var schoolClass: String
  var person: String
  var role: String
  var begins: String
  var ends: String

  init(_ body: some Sequence<UInt8>) throws {
    let fields = try RowBody.fields(body, count: Self.fieldCount)
    (schoolClass, person, role, begins, ends) = (fields[0], fields[1], fields[2], fields[3], fields[4])
  }

  init(schoolClass: String, person: String, role: String, begins: String, ends: String) {
    (self.schoolClass, self.person, self.role) = (schoolClass, person, role)
    (self.begins, self.ends) = (begins, ends)
  }

  var body: [UInt8] { RowBody.join([schoolClass, person, role, begins, ends]) }
}

/// Fields of a ``RowKind/person``; lists are divided by commas.
struct PersonRow: Sendable, Hashable {
  static let fieldCount = 14
  /// `student` or `staff`.
  var role: String
  /// The role's word in the source: `teacher`, `principal` …
  var position: String
  /// The district's number of the person.
  var number: String
  var given: String
  var middle: String
  var family: String
  var preferredGiven: String
  var preferredMiddle: String
  var preferredFamily: String
  var username: String
  var email: String
  var grades: String
  /// Source ids of their schools, the main one first.
  var orgs: String
  /// Source ids of their guardians.
  var agents: String

  init(_ body: some Sequence<UInt8>) throws { self.init(fields: try RowBody.fields(body, count: Self.fieldCount)) }

  /// - Parameter fields: ``fieldCount`` of them.
  init(fields: [String]) {
    (role, position, number) = (fields[0], fields[1], fields[2])
    (given, middle, family) = (fields[3], fields[4], fields[5])
    (preferredGiven, preferredMiddle, preferredFamily) = (fields[6], fields[7], fields[8])
    (username, email, grades, orgs, agents) = (fields[9], fields[10], fields[11], fields[12], fields[13])
  }

  var fields: [String] {
    [
      role, position, number, given, middle, family, preferredGiven, preferredMiddle, preferredFamily, username, email,
      grades, orgs, agents,
    ]
  }

  var body: [UInt8] { RowBody.join(fields) }

  static func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }
}

/// Fields of ``RowKind/demographics``, sealed wherever they are stored; the row's id is the person's.
struct DemographicsRow: Sendable, Hashable {
  static let fieldCount = 2
  static let sexes = ["male", "female", "unspecified", "other"]
  /// `2015-03-09`; empty where the source has none.
  var birthDate: String
  /// One of ``sexes``; empty where the source has none.
  var sex: String

  init(_ body: some Sequence<UInt8>) throws {
    let fields = try RowBody.fields(body, count: Self.fieldCount)
    (birthDate, sex) = (fields[0], fields[1])
  }
}

/// Fields of a ``RowKind/guardian``, sealed wherever they are stored.
struct GuardianRow: Sendable, Hashable {
  static let fieldCount = 6
  var role: String
  var given: String
  var family: String
  var email: String
  var phone: String
  var mobile: String

  init(_ body: some Sequence<UInt8>) throws {
    let fields = try RowBody.fields(body, count: Self.fieldCount)
    (role, given, family) = (fields[0], fields[1], fields[2])
    (email, phone, mobile) = (fields[3], fields[4], fields[5])
  }
}
