internal import Logging
internal import Registry
internal import ServiceLifecycle
internal import Storage
internal import Vocabulary

/// Makes the summaries of devices that told their facts before there were any, once, in short steps between which check-ins
/// are stored. Any number of controllers may do it at once: what one has done, the others find done.
package final class SummaryFiller: Service {
  /// Devices of a step.
  private static let step = 200

  private let database: any Database
  private let logger: Logger

  init(database: any Database, logger: Logger) { (self.database, self.logger) = (database, logger) }

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

  /// All that are missing; how many there were.
  ///
  /// - Parameter rest: called after each step with what it took.
  @discardableResult
  func fill(rest: (Duration) async throws -> Void = { _ in }) async throws -> Int {
    let isDone = try await database.read(in: .state) {
      try $0.row("SELECT district_id FROM checkin_summary_filled") != nil
    }
    guard !isDone else { return 0 }
    var (count, place) = (0, Place(district: "", device: ""))
    while true {
      let (began, after) = (ContinuousClock.now, place)
      let part = try await database.write(in: .state) { try Self.fill(after: after, $0) }
      count += part.filled
      guard let last = part.last else { break }
      place = last
      try await rest(ContinuousClock.now - began)
    }
    _ = try await database.write(in: .state) { transaction in
      try transaction.run(
        """
        INSERT INTO checkin_summary_filled (district_id) VALUES (\(SummarySchema.stateTenant))
        ON CONFLICT (district_id) DO NOTHING
        """)
    }
    if count > 0 { logger.notice("summaries of devices made", metadata: ["devices": "\(count)"]) }
    return count
  }

  private struct Place: Sendable {
    let district: String
    let device: String
  }

  /// - Returns: how many were filled, and the last that was looked at; nil at the end.
  private static func fill(
    after place: Place, _ transaction: any Transaction
  ) throws -> (filled: Int, last: Place?) {
    let rows = try transaction.rows(
      """
      SELECT s.district_id, s.device_id, NOT EXISTS (SELECT 1 FROM checkin_summary AS m
        WHERE m.district_id = s.district_id AND m.device_id = s.device_id) AS missing
      FROM checkin_section AS s
      WHERE (s.district_id, s.device_id) > (\(place.district), \(place.device))
      ORDER BY s.district_id, s.device_id LIMIT \(step * 4)
      """)
    var missing: [(district: DistrictID, device: DeviceID)] = []
    for row in rows where try row.get("missing") {
      let device: DeviceID = try row.get("device_id")
      // Up to four sections of one device follow each other.
      if missing.last?.device != device { missing.append((try row.get("district_id"), device)) }
    }
    let facts = try missing.isEmpty ? [:] : SectionStore.facts(of: missing, in: transaction)
    try SummaryStore.insert(
      first: missing.map { place in
        SummaryStore.Told(
          device: place.device, district: place.district, was: nil,
          now: DeviceSummary(facts[place.device]?.facts ?? .init(), HealthThresholds()))
      }, in: transaction)
    guard rows.count == step * 4, let last = rows.last else { return (missing.count, nil) }
    return (missing.count, Place(district: try last.get("district_id"), device: try last.get("device_id")))
  }
}
