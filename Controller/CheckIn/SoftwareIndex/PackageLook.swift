internal import Storage
internal import Vocabulary
internal import Wire

/// One package as the index knows it: the bases that have it, and the districts that may.
struct PackageLook {
  private struct Line {
    let number: Int
    let package: SoftwareList.Package
  }

  private let name: String
  private let versions: VersionFilter
  private let cache: SoftwareBases
  private let transaction: any Transaction
  /// The wanted packages of each base that has any, by the base's number and by its id.
  private var byNumber: [Int64: [Line]] = [:]
  private var byBase: [Digest: [Line]] = [:]
  /// Bases that the index has not taken up yet: they are unpacked where somebody is on one.
  private let unknown: Set<Digest>
  private var uses: [DistrictID: Int] = [:]
  private var differing: Set<DistrictID> = []

  init(
    name: String, versions: VersionFilter, bases: SoftwareBases, _ transaction: any Transaction
  ) throws {
    (self.name, self.versions, self.transaction) = (name, versions, transaction)
    cache = bases
    let having: SQL = """
      SELECT base_number, line, version, architecture, source FROM checkin_base_package WHERE name = \(name)
      """
    for row in try transaction.rows(having) {
      let package = SoftwareList.Package(
        name: name, version: try row.get("version"), architecture: try row.get("architecture"),
        source: try row.get("source"))
      guard versions.takes(package.version) else { continue }
      byNumber[try row.get("base_number"), default: []].append(Line(number: try row.get("line"), package: package))
    }
    for numbers in byNumber.keys.sorted().chunks(of: 512) {
      let query: SQL = "SELECT base_id, number FROM checkin_software_base WHERE number IN \(list: numbers)"
      for row in try transaction.rows(query) { byBase[try row.get("base_id")] = byNumber[try row.get("number")] }
    }
    let new: SQL = "SELECT base_id FROM checkin_software_base WHERE number IS NULL"
    unknown = Set(try transaction.rows(new).map { try $0.get("base_id", as: Digest.self) })
  }

  /// Those of `some` districts in which a device may have it.
  mutating func districts(among some: [DistrictID]) throws -> Set<DistrictID> {
    for numbers in byNumber.keys.sorted().chunks(of: 512) {
      let onBases: SQL = """
        SELECT district_id, CAST(SUM(devices) AS BIGINT) AS devices FROM checkin_base_use
        WHERE district_id IN \(list: some) AND base_number IN \(list: numbers) GROUP BY district_id
        """
      for row in try transaction.rows(onBases) {
        uses[try row.get("district_id"), default: 0] += try row.get("devices", as: Int.self)
      }
    }
    // Not by the tally: what one device has beside its base and another has not adds up to nothing there.
    let runs: SQL = """
      SELECT DISTINCT district_id FROM checkin_package_devices WHERE district_id IN \(list: some) AND name = \(name)
      """
    for row in try transaction.rows(runs) { differing.insert(try row.get("district_id")) }
    let waiting = some.map { district -> SQL in
      """
      SELECT \(district) AS district_id
      WHERE EXISTS (SELECT 1 FROM checkin_software_stale WHERE district_id = \(district))
      """
    }
    let stale = try transaction.rows(SQL.joined(waiting, separator: " UNION ALL ")).map {
      try $0.get("district_id", as: DistrictID.self)
    }
    return differing.union(stale).union(uses.keys)
  }

  /// Whether a device of the district has it although its base has not, or not so.
  func mayDiffer(in district: DistrictID) -> Bool { differing.contains(district) }

  /// How many devices of the district are on a base that has it.
  func uses(in district: DistrictID) -> Int { uses[district] ?? 0 }

  /// Devices of the district on the bases that have it.
  func devices(
    of district: DistrictID, after device: String, in transaction: any Transaction
  ) throws -> [DeviceID] {
    guard uses(in: district) > 0 else { return [] }
    var found: [DeviceID] = []
    for bases in byBase.keys.sorted().chunks(of: 512) {
      let query: SQL = """
        SELECT device_id FROM checkin_software
        WHERE base_id IN \(list: bases) AND district_id = \(district) AND device_id > \(device)
        """
      found += try transaction.rows(query).map { try $0.get("device_id") }
    }
    return found
  }

  /// The wanted packages of a list that is stored so.
  mutating func packages(base: Digest, difference: [UInt8]) throws -> [SoftwareList.Package] {
    guard let difference = SoftwareDifference(encoded: difference) else { return [] }
    var found = try lines(of: base).filter { !difference.removed.contains($0.number) }.map(\.package)
    SoftwareDeviation.each(of: difference.added, named: name) { package in
      if versions.takes(package.version) { found.append(package) }
    }
    return found.sorted()
  }

  private mutating func lines(of base: Digest) throws -> [Line] {
    if let known = byBase[base] { return known }
    guard unknown.contains(base) else { return [] }
    var lines: [Line] = []
    do {
      let text = try cache.cached(base) ?? SoftwareStore.base(base, in: transaction) ?? []
      SoftwareDeviation.each(of: text) { package, number in
        if package.name == name, versions.takes(package.version) {
          lines.append(Line(number: number, package: package))
        }
      }
    } catch let error as CheckInError where error.kind == .damaged {
      // It is told where the list is taken into the index.
      lines = []
    }
    byBase[base] = lines
    return lines
  }
}

extension SoftwareDeviation {
  /// Calls `body` with the packages of this name, without making a text of every other line.
  static func each(of lines: [UInt8], named name: String, _ body: (SoftwareList.Package) -> Void) {
    let start = Array("\(name)\t".utf8)
    lines.withUnsafeBufferPointer { bytes in
      var scanner = LineScanner(bytes)
      while !scanner.atEnd {
        if scanner.line.starts(with: start),
          let package = SoftwareList.Package(line: scanner.line)
        {
          body(package)
        }
        scanner.advance()
      }
    }
  }
}
