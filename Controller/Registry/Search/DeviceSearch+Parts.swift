import Storage
import Vocabulary

/// A part in the middle of a serial, which no index leads to: serials are read through, from an index that holds nothing else, and
/// no more than ``mostRead`` of them. Where that does not reach, it is said.
extension DeviceSearch {
  /// Serials that are read for one search: 0.1 to 0.2 µs each.
  static let mostRead = 450_000
  /// Serials with the part of which the devices are looked up, for a school finds its own among all of its district's.
  private static let mostFound = 1000

  func devices(having typed: String, limit: Int, most: Int) throws -> (devices: [FoundDevice], isWhole: Bool) {
    let text = typed.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    // Every serial has digits: a name, of which one is typed a hundred times as often, is none.
    guard !SearchedText.isTooLong(text), !text.utf8.contains(0), text.unicodeScalars.count >= Self.shortestPart,
      let part = Folded.serial(text), part.contains(where: \.isNumber)
    else { return ([], true) }
    let reading = try Reading(scope, most: most, transaction)
    guard let from = reading.from else { return ([], true) }
    let has = SQL.perEngine(sqlite: "instr", postgres: "strpos")
    let serials: SQL = """
      SELECT district_id, serial_folded FROM (\(from)) AS read WHERE \(has)(serial_folded, \(part)) > 0
      ORDER BY \(reading.order(of: "")) LIMIT \(Self.mostFound)
      """
    let rows = try transaction.rows(
      """
      SELECT registry_device.district_id, registry_device.device_id FROM (\(serials)) AS part
      JOIN registry_device ON registry_device.district_id = part.district_id
        AND registry_device.serial_folded = part.serial_folded
      WHERE \(within("(1 = 1)")) ORDER BY \(reading.order(of: "part.")) LIMIT \(limit)
      """)
    let found = try rows.map { row in
      (
        place: DevicePlace(district: try row.get("district_id"), device: try row.get("device_id")),
        match: FoundDevice.Match.part
      )
    }
    if found.count == limit { return (try devices(found), true) }
    // A school's own may stand behind those of others that were looked up.
    let looked = isLimited ? try transaction.row("SELECT COUNT(*) AS count FROM (\(serials)) AS part") : nil
    let isCut = try looked.map { try $0.get("count", as: Int.self) >= Self.mostFound } ?? false
    return (try devices(found), reading.isWhole && !isCut)
  }

  /// Which serials are read.
  private struct Reading {
    /// nil where there is none.
    let from: SQL?
    private let isOfState: Bool
    let isWhole: Bool

    init(_ scope: TenantScope, most: Int, _ transaction: any Transaction) throws {
      // Devices without a serial are among those that are counted: they make it no more than it is.
      let all = try HealthStore.counts(scope, bySchool: false, transaction).values.reduce(0) { $0 + $1.all }
      isWhole = all <= most
      isOfState = scope == .state
      let tenants: SQL = scope == .state ? "" : "\(scope) AND "
      let end: SQL = isWhole ? "" : " ORDER BY \(Self.order(isOfState, "")) LIMIT \(most)"
      from =
        all == 0
        ? nil
        : "SELECT district_id, serial_folded FROM registry_device WHERE \(tenants)serial_folded IS NOT NULL\(end)"
    }

    /// That of the index that is read: of the whole state, or of each district.
    func order(of table: SQL) -> SQL { Self.order(isOfState, table) }

    private static func order(_ isOfState: Bool, _ table: SQL) -> SQL {
      isOfState
        ? "\(table)serial_folded, \(table)district_id" : "\(table)district_id, \(table)serial_folded"
    }
  }
}
