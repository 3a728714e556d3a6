import Vocabulary

/// Guardians of a district's own CSV: up to two of each student, in the student's row.
///
/// They have no ids there, so that one of two siblings is another row for each: they are found by their contacts all the same.
struct MappedGuardian {
  /// No source's own id has a space.
  let id: String
  let body: [UInt8]
  var isNobody: Bool { body.allSatisfy { $0 == RowBody.divider } }

  static func id(_ place: Int, of student: String) -> String { "\(student) g\(place)" }

  /// The columns of each, and what limits their cells.
  static let columns: [[(meaning: ColumnMapping.Meaning, limit: Int)]] = [
    [(.guardianName, 200), (.guardianEmail, 254), (.guardianPhone, 64)],
    [(.secondGuardianName, 200), (.secondGuardianEmail, 254), (.secondGuardianPhone, 64)],
  ]
}

extension ImportReading {
  /// The student's guardians as the row tells them; nil where a cell breaks its rule, which was told.
  func guardians(_ row: FileRow, of student: String, _ check: CellCheck) -> [MappedGuardian]? {
    var found: [MappedGuardian] = []
    for (place, columns) in MappedGuardian.columns.enumerated() {
      var cells: [String] = []
      for column in columns {
        guard let cell = check.text(row, column.meaning.field, limit: column.limit) else { return nil }
        cells.append(String(decoding: cell, as: UTF8.self))
      }
      // A role, a given name and a mobile number apart are not told.
      found.append(
        MappedGuardian(
          id: MappedGuardian.id(place + 1, of: student),
          body: RowBody.join(["", "", cells[0], cells[1], cells[2], ""])))
    }
    return found
  }

  /// What the file tells of them; who stood in one's place and is told no more is gone.
  func tell(_ guardians: [MappedGuardian], _ row: FileRow) throws {
    for guardian in guardians {
      try Array(guardian.id.utf8).withUnsafeBufferPointer { id in
        guard guardian.isNobody else {
          body = guardian.body
          return try tell(.guardian, 0, id, row)
        }
        if isUntold(.guardian, 0, id) { try remove(.guardian, 0, id, row) }
      }
    }
  }
}
