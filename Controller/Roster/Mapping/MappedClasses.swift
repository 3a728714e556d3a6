import Vocabulary

/// The classes of a district's own CSV: of everybody of whom it tells it says all of their classes, in a row for each or with `;`
/// between them. Memberships that stand otherwise, an export's too, are over.
final class MappedClasses {
  /// Of a row.
  static let most = 64

  /// Classes that stand, by their ids.
  private let rows: [String: ClassRow]
  /// The ids of classes that stand by their codes; nil of a code that several have.
  private var ids: [String: String?] = [:]
  /// Titles that the file told, with their lines.
  private var told: [String: (title: String, line: Int)] = [:]
  /// By the keys of their ids.
  private var memberships = KeyMap()
  /// What the first row of each person says of them beside the class, as a hash.
  private var people: [UInt64: Int64] = [:]

  init(_ rows: [String: ClassRow]) {
    self.rows = rows
    for (id, row) in rows where !row.code.isEmpty { ids[row.code] = ids[row.code] == nil ? .some(id) : .some(nil) }
  }

  /// By its id, by a code that it alone has, or new.
  func id(of text: String) -> String {
    if rows[text] != nil { return text }
    return (ids[text] ?? nil) ?? text
  }

  /// What the class is by this row; nil where an earlier one told it.
  ///
  /// - Throws: the line of a row that told another title.
  func row(
    _ id: String, _ text: String, title: String, at org: String, line: Int
  ) throws(OtherTitle) -> ClassRow? {
    if let known = told[id] {
      guard title.isEmpty || title == known.title else { throw OtherTitle(line: known.line) }
      return nil
    }
    told[id] = (title, line)
    var row = rows[id] ?? ClassRow(org: org, title: text, code: text, grades: "")
    if !title.isEmpty { row.title = title }
    return row
  }

  struct OtherTitle: Error { let line: Int }

  /// Whether a further row says the same of somebody as their first one; nil where that one had a fault.
  func isSame(_ person: UInt64, _ body: [UInt8]) -> Bool? { people[person].map { $0 == RowHash.of(body) } }

  func tells(of person: UInt64, _ body: [UInt8]) { people[person] = RowHash.of(body) }

  /// Whether the file tells more of them than are read.
  func isOver(_ limits: RowLimits) -> Bool { told.count > limits.classes || memberships.count > limits.enrollments }

  /// Whether the file tells it for the first time.
  func tells(_ membership: UInt64) -> Bool { memberships.insert(membership, 0) == nil }

  /// No source's own id has a space, and no person's.
  static func membership(of person: String, in schoolClass: String) -> String { "\(schoolClass) \(person)" }

  /// What stands between `;`, without the spaces around it.
  static func parts(_ text: String) -> [String] {
    text.split(separator: ";", omittingEmptySubsequences: false).map { part in
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }
}

extension ImportReading {
  /// The classes that a row tells of somebody.
  func tellClasses(
    _ row: FileRow, of person: (id: String, row: PersonRow), _ classes: MappedClasses, _ check: CellCheck
  ) throws {
    guard let cell = check.text(row, .schoolClass, limit: 4000), let titles = check.text(row, .title, limit: 8000)
    else { return }
    let title = check.table.title(of: .schoolClass)
    let texts = MappedClasses.parts(String(decoding: cell, as: UTF8.self))
    guard texts.count <= MappedClasses.most else {
      return faults.add(
        row, title, cell, rule: "roster.too-many", "A row has at most \(MappedClasses.most) classes.")
    }
    let all = String(decoding: titles, as: UTF8.self)
    let names = texts.count == 1 ? [all] : all.isEmpty ? texts.map { _ in "" } : MappedClasses.parts(all)
    guard names.count == texts.count else {
      return faults.add(
        row, check.table.title(of: .title), titles, rule: "roster.class",
        "'\(title)' has \(texts.count) classes and this \(names.count) titles; divide both by ';' alike.")
    }
    for (text, name) in zip(texts, names) where !text.isEmpty {
      guard !classes.isOver(limits) else { return }
      guard text.utf8.count <= 64, name.utf8.count <= 200 else {
        return faults.add(
          row, title, cell, rule: "roster.class",
          "A class has an id or code of at most 64 bytes and a title of at most 200.")
      }
      try tell(text, name, row, of: person, classes, check)
    }
  }

  private func tell(
    _ text: String, _ title: String, _ row: FileRow, of person: (id: String, row: PersonRow),
    _ classes: MappedClasses, _ check: CellCheck
  ) throws {
    let id = classes.id(of: text)
    let org = PersonRow.list(person.row.orgs).first ?? ""
    do {
      if let content = try classes.row(id, text, title: title, at: org, line: row.line) {
        body = content.body
        try Array(id.utf8).withUnsafeBufferPointer { try tell(.schoolClass, 0, $0, row) }
      }
    } catch let other as MappedClasses.OtherTitle {
      return faults.add(
        row, check.table.title(of: .title), row[.title], rule: "roster.class",
        "Line \(other.line) tells another title of the class '\(id)'.")
    }
    let membership = MappedClasses.membership(of: person.id, in: id)
    // Of one class a file may tell twice, as of a lesson and its exercises.
    guard classes.tells(key(0, membership)) else { return }
    guard !classes.isOver(limits) else {
      return faults.add(
        row, check.table.title(of: .schoolClass), row[.schoolClass], rule: "roster.too-many",
        "The file tells over \(limits.classes) classes, or over \(limits.enrollments) times who is in one; no more are read."
      )
    }
    body =
      MembershipRow(
        schoolClass: id, person: person.id, role: person.row.role == "student" ? "student" : "teacher", begins: "",
        ends: ""
      ).body
    try Array(membership.utf8).withUnsafeBufferPointer { try tell(.membership, 0, $0, row) }
  }

  /// What stands of the classes of those of whom the file tells, and it does not say, is over.
  ///
  /// - Parameter leaving: whether somebody leaves by the file.
  func closeClasses(of district: DistrictID, leaving: (String) -> Bool) throws {
    try MembershipStore.each(in: district, transaction) { id, person in
      guard users[key(-1, person)] != nil || leaving(person) else { return }
      try Array(id.utf8).withUnsafeBufferPointer { cell in
        guard isUntold(.membership, 0, cell) else { return }
        try remove(.membership, 0, cell, .empty(line: 0))
      }
    }
  }
}
