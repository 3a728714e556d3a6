import Storage
import Vocabulary

/// A part in the middle of a serial, which no index leads to: serials are read through, from an index that holds nothing else, and
/// no more than ``mostRead`` of them. Where that does not reach, it is said.
extension DeviceSearch {
  /// Serials that are read for one search: 0.1 to 0.2 µs each.
  static let mostRead = 450_000
  /// Serials with the part of which the devices are looked up, for a school finds its own among all of its district's.
  private static let mostFound = 1000

  func devices(having typed: String, limit: Int) throws -> (devices: [FoundDevice], isWhole: Bool) {
    let text = typed.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    // Every serial has digits: a name, of which one is typed a hundred times as often, is none.
    guard !SearchedText.isTooLong(text), !text.utf8.contains(0), text.unicodeScalars.count >= Self.shortestPart,
      let part = Folded.serial(text), part.contains(where: \.isNumber)
    else { return ([], true) }
    let reading = try Reading(scope, most: Self.mostRead, transaction)
    guard let from = reading.from else { return ([], true) }
    let rows = try transaction.rows(
      """
      SELECT registry_device.district_id, registry_device.device_id, part.found
      FROM (\(Self.serials(having: part, from, inOrderOf: reading.order))) AS part
      JOIN registry_device ON registry_device.district_id = part.district_id
        AND registry_device.serial_folded = part.serial_folded
      WHERE \(within("(1 = 1)")) ORDER BY registry_device.serial_folded, registry_device.district_id LIMIT \(limit)
      """)
    let found = try rows.map { row in
      (
        place: DevicePlace(district: try row.get("district_id"), device: try row.get("device_id")),
        match: FoundDevice.Match.part
      )
    }
    let isCut = try rows.first.map { try $0.get("found", as: Int.self) >= Self.mostFound } ?? false
    return (try devices(found), found.count == limit || reading.isWhole && !isCut)
  }

  /// With how many there are, the most counted.
  private static func serials(having part: String, _ from: SQL, inOrderOf order: SQL) -> SQL {
    let has = SQL.perEngine(sqlite: "instr", postgres: "strpos")
    return """
      SELECT district_id, serial_folded, COUNT(*) OVER () AS found FROM (
        SELECT district_id, serial_folded FROM (\(from)) AS read
        WHERE \(has)(serial_folded, \(part)) > 0 ORDER BY \(order) LIMIT \(mostFound)) AS having_it
      """
  }

  /// Which serials are read.
  private struct Reading {
    /// nil where there is none.
    let from: SQL?
    let order: SQL
    let isWhole: Bool

    init(_ scope: TenantScope, most: Int, _ transaction: any Transaction) throws {
      // Devices without a serial are among those that are counted: they make it no more than it is.
      let all = try HealthStore.counts(scope, bySchool: false, transaction).values.reduce(0) { $0 + $1.all }
      isWhole = all <= most
      order = scope == .state ? "serial_folded, district_id" : "district_id, serial_folded"
      let tenants: SQL = scope == .state ? "" : "\(scope) AND "
      let end: SQL = isWhole ? "" : " ORDER BY \(order) LIMIT \(most)"
      from =
        all == 0
        ? nil
        : "SELECT district_id, serial_folded FROM registry_device WHERE \(tenants)serial_folded IS NOT NULL\(end)"
    }
  }
}
