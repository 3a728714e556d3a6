internal import Logging
internal import Registry
internal import ServiceLifecycle
internal import Storage
internal import Vocabulary

/// Makes the summaries of devices that told their facts before there were any, or by other rules, once, in short steps between
/// which check-ins are stored. Any number of controllers may do it at once: what one has done, the others find done.
package final class SummaryFiller: Service {
  /// Rows of a step: those of some 200 devices.
  private static let rowsOfStep = 800
  /// As a number of the text: for a parameter PostgreSQL plans as if a tenth of the table were asked for, and reads all of it.
  private static let limit: SQL = "800"

  private let database: any Database
  private let thresholds: HealthThresholds
  private let rules: Int64
  private let logger: Logger

  init(
    database: any Database, thresholds: HealthThresholds = HealthThresholds(), rules: Int64 = DeviceSummary.rules,
    logger: Logger = Logger(label: "rollcall.checkin")
  ) {
    (self.database, self.thresholds, self.rules, self.logger) = (database, thresholds, rules, logger)
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        do {
          try await self.fill { try await Task.sleep(for: min($0 * 3, .milliseconds(500))) }
          break
        } catch is CancellationError {
          return
        } catch {
          self.logger.warning("summaries of devices could not be made", metadata: ["error": "\(error)"])
        }
      } while (try? await Task.sleep(for: .seconds(60))) != nil
      // A service that ends ends the others: it stays until all stop.
      try? await gracefulShutdown()
    }
  }

  /// Those that are missing, or all where others' rules made them; how many there were.
  ///
  /// - Parameter rest: called after each step with what it took.
  @discardableResult
  func fill(rest: (Duration) async throws -> Void = { _ in }) async throws -> Int {
    let made = try await database.read(in: .state) { transaction in
      try transaction.row("SELECT rules FROM checkin_summary_filled")?.get("rules", as: Int64.self)
    }
    guard made.map({ $0 < rules }) ?? true else { return 0 }
    var (count, place) = (0, Place(district: "", device: ""))
    while true {
      let (began, after) = (ContinuousClock.now, place)
      let part = try await database.write(in: .state) { [thresholds] in
        try Self.fill(after: after, anew: made != nil, thresholds, $0)
      }
      count += part.filled
      guard let last = part.last else { break }
      place = last
      try await rest(ContinuousClock.now - began)
    }
    _ = try await database.write(in: .state) { [rules] transaction in
      try transaction.run(
        """
        INSERT INTO checkin_summary_filled (district_id, rules) VALUES (\(SummarySchema.stateTenant), \(rules))
        ON CONFLICT (district_id) DO UPDATE SET rules = excluded.rules
        WHERE checkin_summary_filled.rules < excluded.rules
        """)
    }
    if count > 0 { logger.notice("summaries of devices made", metadata: ["devices": "\(count)"]) }
    return count
  }

  private struct Place: Sendable {
    let district: String
    let device: String
  }

  /// - Parameter anew: whether those that there are are made again.
  /// - Returns: how many were made, and the last that was looked at; nil at the end.
  private static func fill(
    after place: Place, anew: Bool, _ thresholds: HealthThresholds, _ transaction: any Transaction
  ) throws -> (filled: Int, last: Place?) {
    let rows = try transaction.rows(
      """
      SELECT s.district_id, s.device_id, NOT EXISTS (SELECT 1 FROM checkin_summary AS m
        WHERE m.district_id = s.district_id AND m.device_id = s.device_id) AS missing
      FROM checkin_section AS s
      WHERE (s.district_id, s.device_id) > (\(place.district), \(place.device))
      ORDER BY s.district_id, s.device_id LIMIT \(limit)
      """)
    var devices: [(district: DistrictID, device: DeviceID)] = []
    // Up to four sections of one device follow each other.
    for row in rows where try anew || row.get("missing") {
      let device: DeviceID = try row.get("device_id")
      if devices.last?.device != device { devices.append((try row.get("district_id"), device)) }
    }
    let facts = try devices.isEmpty ? [:] : SectionStore.facts(of: devices, in: transaction)
    try SummaryStore.write(
      devices.map { place in
        SummaryStore.Told(
          device: place.device, district: place.district, was: nil,
          now: DeviceSummary(facts[place.device]?.facts ?? .init(), thresholds))
      }, in: transaction)
    guard rows.count == rowsOfStep, let last = rows.last else { return (devices.count, nil) }
    return (devices.count, Place(district: try last.get("district_id"), device: try last.get("device_id")))
  }
}
