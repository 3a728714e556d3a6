internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary
internal import Wire

/// Most check-ins say that nothing changed: those of a group take three statements together instead of three each.
extension CheckInStore {
  /// - Returns: for each visit what it comes to, or nil where it has to be applied by itself: where something changed or is
  ///   to be refused, at a key's first contact, and where a key or a device comes a second time in the group.
  func applyUnchanged(_ visits: [CheckInVisit], in transaction: any Transaction) throws -> [CheckInOutcome?] {
    let rows = try StateStore.rows(of: visits, in: transaction)
    var outcomes = [CheckInOutcome?](repeating: nil, count: visits.count)
    var (taken, places): ([StateStore.Unchanged], [Int]) = ([], [])
    var (keys, devices) = (Set<Digest>(), Set<DeviceID>())
    for (index, visit) in visits.enumerated() {
      let isFirst = keys.insert(visit.peer.key).inserted && devices.insert(visit.known.device).inserted
      guard isFirst, let row = rows[visit.peer.key], let decision = unchanged(visit, row) else { continue }
      switch decision {
      case .repeated(let reply):
        // What cannot be read back is told by itself, as any fault.
        guard let sent = try? reply.sent() else { continue }
        outcomes[index] = CheckInOutcome(reply: sent, changes: KeyChanges())
      case .accepted(let acceptance):
        taken.append((visit, acceptance))
        places.append(index)
      case .waiting: continue
      }
    }
    guard !taken.isEmpty else { return outcomes }
    try StateStore.rewrite(taken, in: transaction)
    let changes = try records.recordContacts(
      taken.map { contact($0.acceptance, $0.visit, health: nil) }, in: transaction)
    for ((index, one), changed) in zip(zip(places, taken), changes) {
      outcomes[index] = CheckInOutcome(reply: try ReplyEncoding.encode(one.acceptance.reply), changes: changed)
    }
    return outcomes
  }

  /// nil where something of the device's facts, or of the key's row, has to be looked at or changed beyond the number.
  private func unchanged(_ visit: CheckInVisit, _ row: StateStore.Stored) -> Decision? {
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
      guard acceptance.place == .device, acceptance.changed.isEmpty else { return nil }
    }
    return decision
  }
}
