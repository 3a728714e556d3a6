internal import Storage
internal import Vocabulary
internal import Wire

/// The parts of the index that all districts share, and the tallies.
enum SoftwareIndexStore {
  /// The numbers of those of `bases` that the index has.
  static func numbers(of bases: [Digest], in transaction: any Transaction) throws -> [Digest: Int64] {
    var numbers: [Digest: Int64] = [:]
    for some in bases.chunks(of: 512) {
      let query: SQL = """
        SELECT base_id, number FROM checkin_software_base WHERE base_id IN \(list: some) AND number IS NOT NULL
        """
      for row in try transaction.rows(query) { numbers[try row.get("base_id")] = try row.get("number") }
    }
    return numbers
  }

  /// Gives a base its number, and puts its packages where they are found by name.
  static func index(base: Digest, lines: [UInt8], in transaction: any Transaction) throws -> Int64 {
    let last: SQL = "SELECT COALESCE(MAX(number), 0) AS last FROM checkin_software_base"
    let number = (try transaction.row(last)?.get("last", as: Int64.self) ?? 0) + 1
    try index(base: base, as: number, lines: lines, in: transaction)
    return number
  }

  /// The same by a number that no other base has.
  static func index(base: Digest, as number: Int64, lines: [UInt8], in transaction: any Transaction) throws {
    try transaction.run("UPDATE checkin_software_base SET number = \(number) WHERE base_id = \(base)")
    var rows: [[SQLValue]] = []
    var names: Set<String> = []
    SoftwareDeviation.each(of: lines) { package, line in
      names.insert(package.name)
      rows.append([
        package.name.sqlValue, number.sqlValue, line.sqlValue, package.version.sqlValue, package.architecture.sqlValue,
        package.source.sqlValue,
      ])
    }
    try insert(names: names.sorted(), in: transaction)
    try transaction.run(
      """
      INSERT INTO checkin_base_package (name, base_number, line, version, architecture, source)
      VALUES ($1, $2, $3, $4, $5, $6)
      """, rows: rows)
  }

  /// Takes a base's packages out again; `lines` are its lines, nil where they cannot be read: then all are looked through.
  static func remove(base number: Int64, lines: [UInt8]?, in transaction: any Transaction) throws {
    guard let lines else {
      try transaction.run("DELETE FROM checkin_base_package WHERE base_number = \(number)")
      return
    }
    var names: Set<String> = []
    SoftwareDeviation.each(of: lines) { names.insert($0.name) }
    for some in names.sorted().chunks(of: 512) {
      try transaction.run("DELETE FROM checkin_base_package WHERE base_number = \(number) AND name IN \(list: some)")
    }
  }

  static func insert(names: [String], in transaction: any Transaction) throws {
    for some in names.chunks(of: 512) {
      let query: SQL = "SELECT name FROM checkin_package_name WHERE name IN \(list: some)"
      let known = Set(try transaction.rows(query).map { try $0.get("name", as: String.self) })
      try transaction.run(
        "INSERT INTO checkin_package_name (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
        rows: some.lazy.filter { !known.contains($0) }.map { [$0.sqlValue] })
    }
  }

  /// A tally that cannot be read back counts as none; it is whole again when the index is made anew.
  static func tallies(
    of names: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: PackageTally] {
    var tallies: [String: PackageTally] = [:]
    let query: SQL = """
      SELECT name, tally FROM checkin_package_tally WHERE district_id = \(district) AND name IN \(list: names)
      """
    for row in try transaction.rows(query) {
      tallies[try row.get("name")] = PackageTally(encoded: try row.get("tally"))
    }
    return tallies
  }

  /// Forgets the names, of those after `name`, that no base and no tally has any more.
  ///
  /// - Returns: the last name that was looked at; nil after the last of all.
  static func sweepNames(after name: String, limit: Int, in transaction: any Transaction) throws -> String? {
    let query: SQL = "SELECT name FROM checkin_package_name WHERE name > \(name) ORDER BY name LIMIT \(limit)"
    let names = try transaction.rows(query).map { try $0.get("name", as: String.self) }
    guard !names.isEmpty else { return nil }
    try transaction.run(
      """
      DELETE FROM checkin_package_name WHERE name IN \(list: names)
        AND NOT EXISTS (SELECT 1 FROM checkin_base_package WHERE checkin_base_package.name = checkin_package_name.name)
        AND NOT EXISTS (
          SELECT 1 FROM checkin_package_tally WHERE checkin_package_tally.name = checkin_package_name.name
            AND district_id IN (SELECT DISTINCT district_id FROM checkin_base_use))
      """)
    return names.count < limit ? nil : names.last
  }
}
