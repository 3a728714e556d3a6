import Serving

/// The most rows that are read of an archive: each costs memory while the file is read, and a controller has others to serve.
struct RowLimits: Sendable {
  var orgs = 100_000
  var classes: Int
  var users: Int
  var roles: Int
  var enrollments: Int
  /// Of all files together.
  var all: Int

  static let state = RowLimits(
    classes: 8_000_000, users: 8_000_000, roles: 8_000_000, enrollments: 8_000_000, all: 16_000_000)
  /// The greatest district has a million students.
  static let district = RowLimits(
    orgs: 20_000, classes: 500_000, users: 2_000_000, roles: 2_000_000, enrollments: 4_000_000, all: 6_000_000)
}

extension ImportReading {
  /// Reads a file within its own limit and what the files before it left of the limit of all.
  func read(_ files: ExportFiles, _ table: FileTable, most: Int, _ row: (FileRow) throws -> Void) throws {
    let left = max(0, limits.all - rows)
    let over =
      left < most
      ? "With the files before it the archive has over \(limits.all) rows; no more are read of one." : nil
    rows += try files.read(table, rows: min(most, left), over: over, faults, row) ?? 0
  }
}
