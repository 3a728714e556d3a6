package import Logging
internal import Registry
package import Serving
package import Storage
package import Vocabulary
internal import Wire

/// Check-ins: takes what devices say of themselves, stores it durably, and tells them when to come back.
///
/// ```
/// body ─▶ Verified<CheckInRequest> ─▶ CheckInVisit ─▶ group's transaction: decide ─▶ store, history, contact ─▶ reply
/// ```
package final class CheckIns: Sendable {
  /// Commits check-ins; run it as a service, stopped after the devices listener.
  package let group: CheckInGroup
  /// Keeps the index of software; run it as a service.
  package let indexer: SoftwareIndexer
  /// Makes summaries of devices that have none yet; run it as a service.
  package let filler: SummaryFiller
  let database: any Database
  let bases: SoftwareBases
  let records: any DeviceRecords
  /// From where on a reading is not well.
  package let thresholds: HealthThresholds
  private let store: CheckInStore
  private let unknownKeys: any UnknownKeyDesk
  private let admission: Admission
  private let policy: CheckInPolicy
  private let wholeLists = WholeLists()

  /// - Parameters:
  ///   - inFlight: bytes of messages in work at once; past them devices are told to come back.
  ///   - metrics: where the group's and the messages' numbers are shown.
  package init(
    database: any Database, records: any DeviceRecords, unknownKeys: any UnknownKeyDesk,
    policy: CheckInPolicy = CheckInPolicy(), thresholds: HealthThresholds = HealthThresholds(),
    queueLimit: Int = 4096, inFlight: ByteCount = .mebibytes(64), metrics: Metrics? = nil,
    logger: Logger = Logger(label: "rollcall.checkin")
  ) {
    self.database = database
    self.policy = policy
    self.thresholds = thresholds
    self.records = records
    self.unknownKeys = unknownKeys
    let bases = SoftwareBases(database: database, logger: logger)
    self.bases = bases
    let store = CheckInStore(records: records, bases: bases, policy: policy, thresholds: thresholds, logger: logger)
    self.store = store
    group = CheckInGroup(
      database: database, queueLimit: queueLimit, logger: logger,
      together: { try store.applyTogether($0, in: $1) }, between: { await bases.sweepIfDue(logger) })
    indexer = SoftwareIndexer(database: database, bases: bases, logger: logger)
    filler = SummaryFiller(database: database, thresholds: thresholds, logger: logger)
    admission = Admission(limit: Int(clamping: inFlight.bytes))
    if let metrics {
      Self.show(group, admission, in: metrics)
      metrics.counter("rollcall_software_indexed_total", "Devices whose changed software was taken into the index.") {
        [indexer] in indexer.indexed
      }
    }
  }

  private static func show(_ group: CheckInGroup, _ admission: Admission, in metrics: Metrics) {
    metrics.gauge("rollcall_checkin_waiting", "Check-ins that wait for their transaction.") { Double(group.waiting) }
    metrics.gauge("rollcall_checkin_in_flight_bytes", "What the messages in work weigh, in bytes.") {
      Double(admission.inFlight)
    }
    metrics.counter("rollcall_checkin_groups_total", "Transactions that check-ins shared.") { group.figures.groups }
    metrics.counter("rollcall_checkin_grouped_total", "Check-ins put into a transaction.") { group.figures.checkIns }
    metrics.counter("rollcall_checkin_refused_total", "Check-ins told to come back because too much waited.") {
      group.figures.refused + admission.refused
    }
  }

  /// What messages in work weigh, in bytes; for metrics.
  package var messagesInFlight: Int { admission.inFlight }

  package static var migrations: [Migration] { CheckInSchema.migrations }

  package var deviceRoutes: [DeviceRoute] { CheckInRoutes(desk: self).all }

  package var peopleRoutes: [PeopleRoute] {
    SoftwareRoutes(desk: self).all + ReadingRoutes(desk: self).all + FleetSoftwareRoutes(desk: self).all
  }

  /// The answer to a check-in that is durable, or that waits for a person.
  ///
  /// - Throws: `checkin.…`, `wire.…`, `compression.…`.
  func answer(_ call: Call, peer: PeerCertificate, known: KnownKey?) async throws -> [UInt8] {
    // A great message is read for milliseconds: not on the event loop, where other connections wait for it.
    guard call.body.count <= Self.light, call.headers[.contentEncoding] == nil else {
      return try await withTaskExecutorPreference(globalConcurrentExecutor) {
        try await take(call, peer: peer, known: known)
      }
    }
    return try await take(call, peer: peer, known: known)
  }

  /// Bodies up to this, in bytes, are read where they came in.
  private static let light = 4096

  private func take(_ call: Call, peer: PeerCertificate, known: KnownKey?) async throws -> [UInt8] {
    let jitter = Spread.hash(call.requestID, UInt64(peer.key.bytes[0]) << 8 | UInt64(peer.key.bytes[1]))
    var weight = 4096 + call.body.count * (call.headers[.contentEncoding] == nil ? 3 : 12)
    guard admission.enter(weight) else { throw CheckInError.busy("Too much is being taken in.", jitter: jitter) }
    defer { admission.leave(weight) }
    let body = try CheckInRoutes.body(of: call)
    // A message that packs well weighs more than it seemed: as text, as what is hashed, and as what is stored.
    let unpacked = max(weight, 4096 + 3 * body.count)
    guard admission.grow(from: weight, to: unpacked) else {
      throw CheckInError.busy("Too much is being taken in.", jitter: jitter)
    }
    weight = unpacked
    let check = try Verified<CheckInRequest>(body: body)
    guard let known else {
      try await unknownKeys.registerPending(peer, now: call.now)
      return try ReplyEncoding.encode(
        waitingReply(to: check.message, device: peer.device, policy: policy, load: group.load, now: call.now))
    }
    return try await commit(
      check, peer: peer, known: known, network: records.network(of: call.origin, in: known.district), jitter: jitter,
      now: call.now)
  }

  /// Plans and commits a message; plans anew where the base that it was planned on was removed meanwhile.
  private func commit(
    _ check: Verified<CheckInRequest>, peer: PeerCertificate, known: KnownKey, network: NetworkID?, jitter: UInt64,
    now: Instant
  ) async throws -> [UInt8] {
    for _ in 0..<3 {
      let visit = try await CheckInVisit.prepared(
        check, peer: peer, known: known, bases: bases, wholeLists: wholeLists, network: network,
        load: group.load, now: now)
      let isWhole = visit.software?.isWhole == true
      let store = self.store
      do {
        let outcome = try await group.commit(in: known.district, jitter: jitter, visit: visit) {
          try store.apply(visit, in: $0)
        }
        if let base = outcome.storedBase { bases.committed(base) }
        if isWhole, outcome.storedBase == nil { wholeLists.giveBack(known.device) }
        store.records.apply(outcome.changes)
        return outcome.reply
      } catch let gone as BaseGone {
        bases.forget(gone.base)
      } catch {
        if isWhole { wholeLists.giveBack(known.device) }
        throw error
      }
    }
    throw CheckInError.busy("The software's base was removed meanwhile.", jitter: jitter)
  }
}
