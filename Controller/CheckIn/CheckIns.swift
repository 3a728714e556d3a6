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
  let database: any Database
  let bases: SoftwareBases
  private let store: CheckInStore
  private let unknownKeys: any UnknownKeyDesk
  private let admission: Admission
  private let policy: CheckInPolicy

  /// - Parameter inFlight: bytes of messages in work at once; past them devices are told to come back.
  package init(
    database: any Database, records: any DeviceRecords, unknownKeys: any UnknownKeyDesk,
    policy: CheckInPolicy = CheckInPolicy(), thresholds: HealthThresholds = HealthThresholds(),
    queueLimit: Int = 4096, inFlight: ByteCount = .mebibytes(64)
  ) {
    self.database = database
    self.policy = policy
    self.unknownKeys = unknownKeys
    bases = SoftwareBases(database: database)
    group = CheckInGroup(database: database, queueLimit: queueLimit)
    store = CheckInStore(records: records, bases: bases, policy: policy, thresholds: thresholds)
    admission = Admission(limit: Int(clamping: inFlight.bytes))
  }

  /// What messages in work weigh, in bytes; for metrics.
  package var messagesInFlight: Int { admission.inFlight }

  package static var migrations: [Migration] { CheckInSchema.migrations }

  package var deviceRoutes: [DeviceRoute] { CheckInRoutes(desk: self).all }

  package var peopleRoutes: [PeopleRoute] { SoftwareRoutes(desk: self).all }

  /// The answer to a check-in that is durable, or that waits for a person.
  ///
  /// - Throws: `checkin.…`, `wire.…`, `compression.…`.
  func answer(_ call: Call, peer: PeerCertificate, known: KnownKey?) async throws -> [UInt8] {
    let jitter = Spread.hash(call.requestID, UInt64(peer.key.bytes[0]) << 8 | UInt64(peer.key.bytes[1]))
    let weight = 4096 + call.body.count * (call.headers[.contentEncoding] == nil ? 3 : 12)
    guard admission.enter(weight) else { throw CheckInError.busy("Too much is being taken in.", jitter: jitter) }
    defer { admission.leave(weight) }
    let check = try Verified<CheckInRequest>(body: try CheckInRoutes.body(of: call))
    guard let known else {
      try await unknownKeys.registerPending(peer, now: call.now)
      return try ReplyEncoding.encode(
        waitingReply(to: check.message, device: peer.device, policy: policy, load: group.load, now: call.now))
    }
    let visit = try await CheckInVisit.prepared(
      check, peer: peer, known: known, bases: bases, load: group.load, now: call.now)
    let store = self.store
    let outcome = try await group.commit(in: known.district, jitter: jitter) { try store.apply(visit, in: $0) }
    if let base = outcome.storedBase { bases.committed(base) }
    store.records.apply(outcome.changes)
    return outcome.reply
  }
}
