internal import Logging
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary
internal import Wire

/// Puts a check-in into the database, within a transaction that it may share with others.
struct CheckInStore: Sendable {
  let records: any DeviceRecords
  let bases: SoftwareBases
  let policy: CheckInPolicy
  let thresholds: HealthThresholds
  let logger: Logger

  /// - Throws: `checkin.stale-sequence`, and what the ports and the engine throw; then nothing of it stays.
  func apply(_ visit: CheckInVisit, in transaction: any Transaction) throws -> CheckInOutcome {
    let row = try StateStore.row(key: visit.peer.key, district: visit.known.district, in: transaction)
    let known = KnownState(
      device: visit.known.device, keyState: visit.known.state, certificateBegins: visit.peer.notBefore,
      certificateEnds: visit.peer.notAfter, last: row?.last, hashes: try hashes(visit, row, transaction))
    switch try decide(
      visit.check, known: known, policy: policy, load: visit.load, now: visit.now,
      puttingOff: visit.puttingOff)
    {
    case .repeated(let reply): return CheckInOutcome(reply: try reply.sent(), changes: KeyChanges())
    case .waiting(let reply): return CheckInOutcome(reply: try ReplyEncoding.encode(reply), changes: KeyChanges())
    case .accepted(var acceptance):
      let observed = try observe(acceptance, visit, transaction)
      if case .contested(let changes) = observed {
        var outcome = try apply(visit.quarantined(), in: transaction)
        outcome.changes.add(changes)
        return outcome
      }
      let health = try store(&acceptance, visit, observed, transaction)
      if let row, row.held, acceptance.place == .device { try SectionStore.release(visit, in: transaction) }
      try StateStore.write(acceptance, visit: visit, isNew: row == nil, in: transaction)
      var outcome = CheckInOutcome(
        reply: try ReplyEncoding.encode(acceptance.reply),
        changes: try contact(acceptance, visit, health: health, transaction))
      if acceptance.place == .device, acceptance.changed.contains(.software), visit.software?.newBase != nil {
        outcome.storedBase = visit.software?.base
      }
      return outcome
    }
  }

  /// The hashes of what is stored where this key's facts go: from its own row, unless its place or device changed or
  /// another key of the device wrote since.
  private func hashes(
    _ visit: CheckInVisit, _ row: StateStore.Stored?, _ transaction: any Transaction
  ) throws -> SectionHashes {
    if let row, row.device == visit.known.device, row.held == visit.held, !row.hashes.packed.isEmpty {
      return row.hashes
    }
    return visit.held
      ? try SectionStore.heldHashes(key: visit.peer.key, district: visit.known.district, in: transaction)
      : try SectionStore.hashes(device: visit.known.device, district: visit.known.district, in: transaction)
  }

  /// Writes the sections that changed, their history and the health that follows from them.
  ///
  /// - Returns: the health, where it may have changed.
  private func store(
    _ acceptance: inout Acceptance, _ visit: CheckInVisit, _ observed: Observation?, _ transaction: any Transaction
  ) throws -> Health? {
    guard acceptance.place == .device else {
      try SectionStore.hold(acceptance.changed, visit, in: transaction)
      return nil
    }
    guard !acceptance.changed.isEmpty else { return nil }
    let (device, district) = (visit.known.device, visit.known.district)
    let stored = try SectionStore.facts(device: device, district: district, in: transaction)
    let (old, damaged) = (stored.facts, stored.damaged)
    try forget(damaged, &acceptance, visit, transaction)
    let new = visit.check.message.facts.only(acceptance.changed)
    var changes = FactDiff.changes(old: old, new: new)
    if acceptance.changed.contains(.software), let plan = visit.software {
      changes += try softwareChanges(visit, transaction)
      try SoftwareStore.write(plan, device: device, district: district, now: visit.now, in: transaction)
    }
    let merged = old.merging(new)
    let readings = stored.readings.taking(HealthReading(merged, at: visit.now))
    try SectionStore.write(acceptance.changed, visit, readings: readings, in: transaction)
    let others = try records.keys(of: device, of: district, in: transaction).map(\.digest)
    try StateStore.forgetHashes(of: others.filter { $0 != visit.known.key }, in: district, transaction)
    let health = HealthRules.assess(merged, thresholds: thresholds)
    let isKnown = old != Facts() && damaged.isEmpty
    try SummaryStore.write(
      [
        SummaryStore.Told(
          device: device, district: district, was: isKnown ? DeviceSummary(old, thresholds) : nil,
          now: DeviceSummary(merged, health))
      ], in: transaction)
    if old != Facts() {
      changes += FactDiff.changes(old: HealthRules.assess(old, thresholds: thresholds), new: health)
    }
    changes += moved(visit, observed, known: changes)
    if !changes.isEmpty {
      try records.recordChanges(changes, of: device, of: district, now: visit.now, in: transaction)
    }
    return health
  }

  /// What cannot be read back counts as never told: it has no history, and the device is asked for it again.
  private func forget(
    _ damaged: [(section: FactSection, why: String)], _ acceptance: inout Acceptance, _ visit: CheckInVisit,
    _ transaction: any Transaction
  ) throws {
    for (section, why) in damaged { logger.damaged(section, of: visit.known.device, why) }
    let lost = damaged.map(\.section).filter { !acceptance.changed.contains($0) }
    guard !lost.isEmpty else { return }
    acceptance.hashes = acceptance.hashes.taking(lost, from: .none)
    try SectionStore.remove(lost, visit, in: transaction)
  }

  private func softwareChanges(_ visit: CheckInVisit, _ transaction: any Transaction) throws -> [FactChange] {
    guard let new = visit.check.canonical[.software] else { return [] }
    do {
      let old = try SoftwareStore.list(
        device: visit.known.device, district: visit.known.district, bases: bases, in: transaction)
      return old.map { FactDiff.softwareChanges(old: $0, new: new) } ?? []
    } catch let error as CheckInError where error.kind == .damaged {
      logger.damaged(.software, of: visit.known.device, error.message)
      return []
    }
  }

  /// Tells the registry what the machine newly says of itself, before anything of it is stored; nil where it says nothing
  /// of that, or is held apart.
  private func observe(
    _ acceptance: Acceptance, _ visit: CheckInVisit, _ transaction: any Transaction
  ) throws -> Observation? {
    guard acceptance.place == .device, !acceptance.changed.isEmpty else { return nil }
    let new = visit.check.message.facts.only(acceptance.changed)
    guard new.identity != nil || new.system?.hostname != nil else { return nil }
    let claim = new.identity.map {
      ClaimedIdentity(serial: $0.serial, uuid: $0.uuid, boardSerial: $0.boardSerial, builtInMACs: $0.builtInMACs)
    }
    return try records.observe(
      visit.known.device, of: visit.known.district, by: visit.known.key, identity: claim,
      takesSerial: visit.tellsNewSerial, vendor: new.identity?.vendor, model: new.identity?.product,
      hostname: new.system?.hostname, now: visit.now, in: transaction)
  }

  /// The note of a serial that is not the known one, where the history does not tell it already.
  private func moved(_ visit: CheckInVisit, _ observed: Observation?, known: [FactChange]) -> [FactChange] {
    guard case .kept(moved: true) = observed,
      !known.contains(where: { $0.section == "identity" && $0.field == "serial" })
    else { return [] }
    return [
      FactChange(section: "identity", field: "serial", old: nil, new: visit.check.message.facts.identity?.serial)
    ]
  }

  /// A key whose facts are held apart says nothing of the device.
  private func contact(
    _ acceptance: Acceptance, _ visit: CheckInVisit, health: Health?, _ transaction: any Transaction
  ) throws -> KeyChanges {
    guard acceptance.place == .device else { return KeyChanges() }
    return try records.recordContact(contact(acceptance, visit, health: health), in: transaction)
  }

  func contact(_ acceptance: Acceptance, _ visit: CheckInVisit, health: Health?) -> Contact {
    Contact(
      district: visit.known.district, device: visit.known.device, key: visit.peer.key, at: visit.now,
      next: visit.now.advanced(by: .seconds(acceptance.reply.nextCheckInSeconds)),
      agentVersion: visit.check.message.agent, clockOffset: visit.check.message.sentAt.since(visit.now),
      health: health, network: visit.network)
  }
}

extension Facts {
  /// These facts, with the sections that `newer` has in their place.
  func merging(_ newer: Facts) -> Facts {
    Facts(
      identity: newer.identity ?? identity, hardware: newer.hardware ?? hardware, system: newer.system ?? system,
      vitals: newer.vitals ?? vitals, software: newer.software ?? software)
  }
}
