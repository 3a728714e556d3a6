internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary
internal import Wire

/// Most check-ins say that nothing changed, or the vitals alone: those of a group take some statements together instead of as
/// many each.
extension CheckInStore {
  /// A check-in that is accepted with the others.
  private struct Taken {
    /// Its place in the group.
    let index: Int
    let visit: CheckInVisit
    let acceptance: Acceptance
    /// nil where it is as it was.
    var health: Health?
  }

  /// - Returns: for each visit what it comes to, or nil where it has to be applied by itself: where more than vitals changed or
  ///   it is to be refused, at a key's first contact, and where a key or a device comes a second time in the group.
  func applyTogether(_ visits: [CheckInVisit], in transaction: any Transaction) throws -> [CheckInOutcome?] {
    let rows = try StateStore.rows(of: visits, in: transaction)
    var outcomes = [CheckInOutcome?](repeating: nil, count: visits.count)
    var taken: [Taken] = []
    var (keys, devices) = (Set<Digest>(), Set<DeviceID>())
    for (index, visit) in visits.enumerated() {
      let isFirst = keys.insert(visit.peer.key).inserted && devices.insert(visit.known.device).inserted
      guard isFirst, let row = rows[visit.peer.key], let decision = simple(visit, row) else { continue }
      switch decision {
      case .repeated(let reply):
        // What cannot be read back is told by itself, as any fault.
        guard let sent = try? reply.sent() else { continue }
        outcomes[index] = CheckInOutcome(reply: sent, changes: KeyChanges())
      case .accepted(let acceptance): taken.append(Taken(index: index, visit: visit, acceptance: acceptance))
      case .waiting: continue
      }
    }
    taken = try storingVitals(taken, transaction)
    guard !taken.isEmpty else { return outcomes }
    try StateStore.rewrite(taken.map { ($0.visit, $0.acceptance) }, in: transaction)
    let changes = try records.recordContacts(
      taken.map { contact($0.acceptance, $0.visit, health: $0.health) }, in: transaction)
    for (one, changed) in zip(taken, changes) {
      outcomes[one.index] = CheckInOutcome(reply: try ReplyEncoding.encode(one.acceptance.reply), changes: changed)
    }
    return outcomes
  }

  /// nil where more of the device's facts, or of the key's row, has to be looked at or changed.
  private func simple(_ visit: CheckInVisit, _ row: StateStore.Stored) -> Decision? {
    guard row.device == visit.known.device, !row.held, !visit.held, !row.hashes.packed.isEmpty else { return nil }
    let known = KnownState(
      device: visit.known.device, keyState: visit.known.state, certificateBegins: visit.peer.notBefore,
      certificateEnds: visit.peer.notAfter, last: row.last, hashes: row.hashes)
    // What is refused is refused by itself, in its own savepoint.
    guard
      let decision = try? decide(
        visit.check, known: known, policy: policy, load: visit.load, now: visit.now, puttingOff: visit.puttingOff)
    else { return nil }
    if case .accepted(let acceptance) = decision {
      guard acceptance.place == .device, acceptance.changed.isEmpty || acceptance.changed == [.vitals] else {
        return nil
      }
    }
    return decision
  }

  /// Writes the vitals that changed, and their history.
  ///
  /// - Returns: what goes on together, with the health that follows; a device whose stored facts cannot be read back does not.
  private func storingVitals(_ taken: [Taken], _ transaction: any Transaction) throws -> [Taken] {
    let changed = taken.filter { !$0.acceptance.changed.isEmpty }
    guard !changed.isEmpty else { return taken }
    let stored = try SectionStore.facts(
      of: changed.map { ($0.visit.known.district, $0.visit.known.device) }, in: transaction)
    var (kept, told): ([Taken], [SectionStore.Told]) = ([], [])
    var summaries: [SummaryStore.Told] = []
    for var one in taken {
      if !one.acceptance.changed.isEmpty {
        let known = stored[one.visit.known.device] ?? SectionStore.Stored()
        guard known.damaged.isEmpty else { continue }
        let old = known.facts
        let health = try history(of: one.visit, old: old, transaction)
        one.health = health
        let new = old.merging(one.visit.check.message.facts.only([.vitals]))
        summaries.append(
          SummaryStore.Told(
            device: one.visit.known.device, district: one.visit.known.district,
            was: old == Facts() ? nil : DeviceSummary(old, thresholds), now: DeviceSummary(new, health)))
        told.append((one.visit, known.readings.taking(HealthReading(new, at: one.visit.now))))
      }
      kept.append(one)
    }
    try SectionStore.write(.vitals, told, in: transaction)
    try SummaryStore.write(summaries, in: transaction)
    let others = try records.otherKeys(
      of: told.map { ($0.visit.known.district, $0.visit.known.device, $0.visit.known.key) }, in: transaction)
    for (district, keys) in others { try StateStore.forgetHashes(of: keys, in: district, transaction) }
    return kept
  }

  /// What new vitals make of the health; how they differ from the old ones goes into the history.
  private func history(of visit: CheckInVisit, old: Facts, _ transaction: any Transaction) throws -> Health {
    let new = visit.check.message.facts.only([.vitals])
    let health = HealthRules.assess(old.merging(new), thresholds: thresholds)
    var changes = FactDiff.changes(old: old, new: new)
    if old != Facts() {
      changes += FactDiff.changes(old: HealthRules.assess(old, thresholds: thresholds), new: health)
    }
    if !changes.isEmpty {
      try records.recordChanges(
        changes, of: visit.known.device, of: visit.known.district, now: visit.now, in: transaction)
    }
    return health
  }
}
