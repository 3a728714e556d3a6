import Serving
import Storage
import Vocabulary

/// Devices by what somebody reads out or a scanner reads: a serial or a part of it, an asset tag, a host name.
///
/// One way after another, the surest first, each by an index, until enough are found.
struct DeviceSearch {
  /// A part of a serial that is looked for has so many characters at least: fewer are in half of all serials.
  static let shortestPart = 4
  let scope: TenantScope
  private let allowed: SQL?
  let transaction: any Transaction

  init(_ scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?, _ transaction: any Transaction) {
    (self.scope, self.transaction) = (scope, transaction)
    allowed = schools.flatMap { schools in
      let limits = schools.sorted { $0.key < $1.key }.map { district, allowed -> SQL in
        "(registry_device.district_id <> \(district) OR registry_device.school_id IN \(list: allowed.sorted()))"
      }
      return limits.isEmpty ? nil : SQL.joined(limits, separator: " AND ")
    }
  }

  func devices(_ typed: String, limit: Int) throws -> [FoundDevice] {
    let text = typed.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !text.isEmpty, !SearchedText.isTooLong(text), !text.utf8.contains(0) else { return [] }
    let (serial, tag, name) = (Folded.serial(text) ?? "", Folded.assetTag(text) ?? "", Folded.hostname(text) ?? "")
    var found: [(place: DevicePlace, match: FoundDevice.Match)] = []
    var seen: Set<DevicePlace> = []
    func look(_ match: FoundDevice.Match, _ finds: [DeviceFind]) throws {
      guard found.count < limit else { return }
      for place in try places(finds, limit: limit + seen.count) where seen.insert(place).inserted {
        found.append((place, match))
      }
    }
    if let id = DeviceID(rawValue: text) { try look(.id, [find("registry_device.device_id = \(id)")]) }
    try look(.serial, [find("serial_folded = \(serial)")])
    try look(.assetTag, [find("asset_tag_folded = \(tag)")])
    try look(.hostname, [find("hostname_folded = \(name)")])
    if text.unicodeScalars.count > 1 {
      let ranges: [(SQL, String)] = [("serial_folded", serial), ("asset_tag_folded", tag), ("hostname_folded", name)]
      try look(.beginning, ranges.map { begin($0, $1) })
    }
    if text.unicodeScalars.count >= Self.shortestPart {
      try look(.end, [begin("serial_reversed", Folded.reversed(serial) ?? "", isOfStateAlone: true)])
    }
    return try devices(Array(found.prefix(limit)))
  }

  private func find(_ condition: SQL) -> DeviceFind {
    DeviceFind(scope, "registry_device", within(condition), isStateWide: true)
  }

  /// A range instead of LIKE, which an index answers on every engine; U+10FFFF sorts after everything.
  private func begin(_ column: SQL, _ text: String, isOfStateAlone: Bool = false) -> DeviceFind {
    DeviceFind(
      scope, "registry_device", within("(\(column) >= \(text) AND \(column) < \(text + "\u{10FFFF}"))"),
      inOrderOf: column, isStateWide: true, isOfStateAlone: isOfStateAlone)
  }

  /// Whether some districts are limited to schools.
  var isLimited: Bool { allowed != nil }

  func within(_ condition: SQL) -> SQL { allowed.map { "\(condition) AND \($0)" } ?? condition }

  private func places(_ finds: [DeviceFind], limit: Int) throws -> [DevicePlace] {
    let query = DeviceFind.query(finds, for: transaction.engine, limit: limit)
    return try transaction.rows("SELECT district_id, device_id FROM (\(query)) AS every_one LIMIT \(limit)").map {
      DevicePlace(district: try $0.get("district_id"), device: try $0.get("device_id"))
    }
  }

  // MARK: - What is told of them

  func devices(_ found: [(place: DevicePlace, match: FoundDevice.Match)]) throws -> [FoundDevice] {
    let matches = Dictionary(found.map { ($0.place, $0.match) }, uniquingKeysWith: { first, _ in first })
    let devices = try Self.devices(found.map(\.place), matches, transaction)
    let order = Dictionary(
      found.enumerated().map { ($1.place, $0) }, uniquingKeysWith: { first, _ in first })
    return devices.sorted { (order[$0.place] ?? .max) < (order[$1.place] ?? .max) }
  }

  static func devices(
    _ places: [DevicePlace], _ matches: [DevicePlace: FoundDevice.Match], _ transaction: any Transaction
  ) throws -> [FoundDevice] {
    guard !places.isEmpty else { return [] }
    let source = DeviceSource.places(places, most: places.count.raisedToPower)
    return try transaction.rows(
      """
      SELECT \(DeviceStore.columns), health, last_contact, holder FROM \(source.from) \(DeviceList.contact) \(custody)
      WHERE \(SQL.joined(source.conditions, separator: " AND "))
      """
    ).map { row in
      let place = DevicePlace(district: try row.get("district_id"), device: try row.get("device_id"))
      return try FoundDevice(row, matches[place])
    }
  }

  /// On PostgreSQL one after another, by the key, and never the whole table.
  private static let custody = SQL.perEngine(
    sqlite: """
      LEFT JOIN registry_custody ON registry_custody.district_id = registry_device.district_id
        AND registry_custody.device_id = registry_device.device_id
      """,
    postgres: """
      LEFT JOIN LATERAL (SELECT holder FROM registry_custody AS its WHERE its.district_id = registry_device.district_id
        AND its.device_id = registry_device.device_id LIMIT 1) AS registry_custody ON TRUE
      """)
}

extension FoundDevice {
  var place: DevicePlace { DevicePlace(district: device.district, device: device.id) }
}

extension Int {
  /// The next power of two, so that lists of all lengths make few different texts.
  fileprivate var raisedToPower: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
