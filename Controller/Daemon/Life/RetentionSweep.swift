import Audit
import CheckIn
import Enrollment
import Logging
import Registry
import Roster
import ServiceLifecycle
import Serving
import Storage
import Synchronization
import Vocabulary

/// Removes what districts do not keep any longer: an hour after the start, then every hour, in short transactions between
/// which check-ins are stored. Any number of controllers may do it at once.
final class RetentionSweep: Service {
  /// Rows that one transaction looks at or removes at most.
  static let step = 500
  static let interval = Duration.seconds(3600)
  /// Between two transactions.
  static let pause = Duration.milliseconds(20)

  struct Removed: Sendable, Hashable {
    var changes = 0
    var keys = 0
    var bodies = 0
    var certificates = 0
    var people = 0
    var readings = 0
    var all: Int { changes + keys + bodies + certificates + people + readings }
  }

  private let database: any Database
  private let registry: DeviceRegistry
  private let roster: RosterDesk?
  private let logger: Logger
  private let clock: @Sendable () -> Instant
  private let between: @Sendable () async throws -> Void
  private let total = Mutex(Removed())
  /// By district, nil for the state's: up to where the journal's entries have no bodies any more. Entries stay for ever, and are not
  /// gone through again each hour; a restart begins with the first.
  private let settled = Mutex<[DistrictID?: Int64]>([:])

  /// - Parameter between: waited for after each transaction.
  init(
    database: any Database, registry: DeviceRegistry, roster: RosterDesk? = nil, metrics: Metrics? = nil,
    logger: Logger,
    clock: @escaping @Sendable () -> Instant,
    between: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: RetentionSweep.pause) }
  ) {
    (self.database, self.registry, self.logger, self.clock, self.between) = (database, registry, logger, clock, between)
    self.roster = roster
    guard let metrics else { return }
    metrics.counter("rollcall_retention_changes_total", "Changes of facts removed, for they were no longer kept.") {
      [self] in total.withLock(\.changes)
    }
    metrics.counter("rollcall_retention_keys_total", "Silent keys whose last check-in was removed.") {
      [self] in total.withLock(\.keys)
    }
    metrics.counter("rollcall_retention_bodies_total", "Bodies of journal entries dropped; their leaves stay.") {
      [self] in total.withLock(\.bodies)
    }
    metrics.counter("rollcall_retention_certificates_total", "Certificates kept for a lost reply, no longer needed.") {
      [self] in total.withLock(\.certificates)
    }
    metrics.counter("rollcall_retention_people_total", "People of rosters erased who had left long ago.") {
      [self] in total.withLock(\.people)
    }
    metrics.counter("rollcall_retention_readings_total", "Devices of which readings were removed, no longer kept.") {
      [self] in total.withLock(\.readings)
    }
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: Self.interval)) != nil {
        do {
          try await self.sweep(now: self.clock())
        } catch is CancellationError {
          return
        } catch {
          self.logger.warning("what is no longer kept could not be removed", metadata: ["error": "\(error)"])
        }
      }
    }
  }

  /// Removes all that is not kept at `now`.
  @discardableResult
  func sweep(now: Instant) async throws -> Removed {
    let (districts, state) = try await database.read(in: .state) { [registry] in try registry.retention(in: $0) }
    let before = total.withLock { $0 }
    for (district, retention) in districts {
      do {
        try await removeChanges(of: district, before: retention.limit(of: .factHistory, now: now))
        try await trimReadings(of: district, retention, now: now)
        try await removeKeys(of: district, before: retention.limit(of: .checkInHistory, now: now))
        try await dropBodies(of: district, before: retention.limit(of: .journalBodies, now: now))
        try await forgetCertificates(of: district, now: now)
        try await erasePeople(of: district, now: now)
      } catch let error as StorageError {
        // The others are not kept longer for it.
        logger.warning(
          "what a district no longer keeps could not be removed",
          metadata: ["district": "\(district)", "error": "\(error)"])
      }
    }
    try await dropBodies(of: nil, before: state.limit(of: .journalBodies, now: now))
    let after = total.withLock { $0 }
    let removed = Removed(
      changes: after.changes - before.changes, keys: after.keys - before.keys, bodies: after.bodies - before.bodies,
      certificates: after.certificates - before.certificates, people: after.people - before.people,
      readings: after.readings - before.readings)
    if removed.all > 0 {
      logger.info(
        "what is no longer kept was removed",
        metadata: [
          "changes": "\(removed.changes)", "keys": "\(removed.keys)", "bodies": "\(removed.bodies)",
          "certificates": "\(removed.certificates)", "people": "\(removed.people)", "readings": "\(removed.readings)",
        ])
    }
    return removed
  }

  private func removeChanges(of district: DistrictID, before moment: Instant) async throws {
    while true {
      let part = try await database.write(in: .district(district)) { [registry] in
        try registry.removeChanges(before: moment, of: district, limit: Self.step, in: $0)
      }
      total.withLock { $0.changes += part }
      guard part == Self.step else { return }
      try await between()
    }
  }

  /// Readings are history of facts too; all but districts that keep little of it have nothing to look at here.
  private func trimReadings(of district: DistrictID, _ retention: Retention, now: Instant) async throws {
    guard retention[.factHistory] < CheckIns.readingDays else { return }
    let moment = retention.limit(of: .factHistory, now: now)
    var after: DeviceID?
    repeat {
      let part = try await database.write(in: .district(district)) { [after] in
        try CheckIns.trimReadings(before: moment, of: district, after: after, limit: Self.step, in: $0)
      }
      total.withLock { $0.readings += part.trimmed }
      after = part.next
      if after != nil { try await between() }
    } while after != nil
  }

  private func removeKeys(of district: DistrictID, before moment: Instant) async throws {
    var after: Digest?
    repeat {
      let part = try await database.write(in: .district(district)) { [after] in
        try CheckIns.removeSilentKeys(before: moment, of: district, after: after, limit: Self.step, in: $0)
      }
      total.withLock { $0.keys += part.removed }
      after = part.next
      if after != nil { try await between() }
    } while after != nil
  }

  private func erasePeople(of district: DistrictID, now: Instant) async throws {
    guard let roster else { return }
    while true {
      let due = try await database.read(in: .district(district)) {
        try roster.due(of: district, now: now, limit: Self.step, in: $0)
      }
      let part = try await database.write(in: .district(district)) {
        try roster.erase(due: due, of: district, now: now, limit: Self.step, in: $0)
      }
      total.withLock { $0.people += part.people }
      guard part.people > 0 && due.count >= Self.step || part.guardians >= Self.step else { return }
      try await between()
    }
  }

  private func forgetCertificates(of district: DistrictID, now: Instant) async throws {
    let moment = now.advanced(by: .zero - EnrollmentDesk.certificatesKept)
    var after: EnrollmentDesk.KeptPlace?
    repeat {
      // A key is looked up wherever in the state it is.
      let part = try await database.write(in: .state) { [after, registry] in
        try EnrollmentDesk.forgetCertificates(
          before: moment, of: district, after: after, limit: Self.step, registry: registry, in: $0)
      }
      total.withLock { $0.certificates += part.forgotten }
      after = part.next
      if after != nil { try await between() }
    } while after != nil
  }

  private func dropBodies(of district: DistrictID?, before moment: Instant) async throws {
    var after: Int64? = settled.withLock { $0[district] ?? 0 }
    var isSettled = true
    while let position = after {
      let part = try await database.write(in: district.map(TenantScope.district) ?? .state) {
        try Journal.dropBodies(before: moment, district: district, after: position, limit: Self.step, in: $0)
      }
      total.withLock { $0.bodies += part.dropped }
      if isSettled, let place = part.settled { settled.withLock { $0[district] = place } }
      isSettled = isSettled && part.settled == part.next
      after = part.next
      if after != nil { try await between() }
    }
  }
}
