import Audit
package import Storage
package import Vocabulary

/// What a device's words of itself come to.
package enum Observation: Sendable {
  /// What is the device's own was taken over. `moved`: it claims another serial than the one it is known by.
  case kept(moved: Bool)
  /// It claims to be another device, which has a key: the keys of both are quarantined, and nothing was taken over.
  case contested(KeyChanges)
}

extension DeviceRegistry {
  /// Takes over what an enrolled device says of itself; run it where the section changed, not at each check-in.
  ///
  /// A serial is taken only where the device had none and no other in the whole state has it; the model only where people gave none. Of a
  /// machine that is another device of the district nothing is taken but its host name, and where that device has a key,
  /// the keys of both are quarantined, as at enrolment: a person has to decide. Marks that belong to another device stay
  /// with it under whatever serial they come, each of them.
  ///
  /// - Parameter key: the one that says so.
  /// - Parameter takesSerial: whether a serial may be taken over; the transaction's scope is the state then.
  /// - Throws: `registry.device-unknown`.
  package func observe(
    _ id: DeviceID, of district: DistrictID, by key: Digest, identity claim: ClaimedIdentity? = nil,
    takesSerial: Bool = false, vendor: String? = nil, model: String? = nil, hostname: String? = nil, now: Instant,
    in transaction: any Transaction
  ) throws -> Observation {
    guard let known = try DeviceStore.device(id, in: district, transaction) else { throw RegistryError.noDevice(id) }
    let (claimed, free) = try claim.map { try marks(of: $0, by: known, transaction) } ?? (.itself, nil)
    var device = known
    device.hostname = hostname ?? known.hostname
    if case .another(let other) = claimed {
      if let changes = try contest(other, by: key, of: known, now: now, transaction) { return .contested(changes) }
    } else {
      device.vendor = vendor ?? known.vendor
      device.model = known.model ?? model
    }
    if var free, claimed == .itself {
      if !takesSerial { free.serial = nil }
      try adopt(free, &device, transaction)
    }
    if device != known { try DeviceStore.update(device, transaction) }
    guard let serial = claim?.serial, let former = device.serial else { return .kept(moved: false) }
    return .kept(moved: serial.folded != Folded.serial(former))
  }

  /// Whose marks a device claims.
  private enum Claimed: Equatable {
    case itself
    /// Under its own serial, or one that nobody has, those of others.
    case othersMarks
    case another(DeviceID)
  }

  /// The same decision as at enrolment, over the district's devices that share a mark; marks that the device is known by
  /// already cost no question.
  ///
  /// - Returns: and of the claim what no other device has.
  private func marks(
    of claim: ClaimedIdentity, by known: Device, _ transaction: any Transaction
  ) throws -> (Claimed, free: ClaimedIdentity) {
    guard try isNew(claim, to: known, transaction) else { return (.itself, claim) }
    // By what it would be known by then: else the marks of another could be taken over one by one.
    var whole = claim
    whole.uuid = claim.uuid ?? known.uuid.flatMap(HardwareUUID.init)
    whole.boardSerial = claim.boardSerial ?? known.boardSerial.flatMap(Serial.init)
    if claim.builtInMACs.isEmpty {
      let macs = try IdentityStore.macs(of: known.id, in: known.district, transaction)
      whole.builtInMACs = macs.sorted().compactMap(MACAddress.init)
    }
    let candidates = try IdentityStore.candidates(for: whole, in: known.district, transaction)
    let free = claim.without(marksOf: candidates.filter { $0.device != known.id })
    switch IdentityDecision.decide(whole, among: candidates) {
    case .unknown: return (.itself, free)
    case .known(let device): return (device == known.id ? .itself : .another(device), free)
    case .ambiguous(let devices):
      let others = devices.filter { $0 != known.id }
      guard let serial = claim.serial, !others.isEmpty else { return (others.isEmpty ? .itself : .othersMarks, free) }
      let named = candidates.first { others.contains($0.device) && Folded.serial($0.serial) == serial.folded }
      return (named.map { .another($0.device) } ?? .othersMarks, free)
    }
  }

  private func isNew(_ claim: ClaimedIdentity, to known: Device, _ transaction: any Transaction) throws -> Bool {
    if let serial = claim.serial, serial.folded != Folded.serial(known.serial) { return true }
    if let uuid = claim.uuid, uuid.text != known.uuid { return true }
    if let board = claim.boardSerial, board.text != known.boardSerial { return true }
    let macs = Set(claim.builtInMACs.map(\.text))
    return try !macs.isEmpty && IdentityStore.macs(of: known.id, in: known.district, transaction) != macs
  }

  /// Sets the marks of identity that `claim` has; a serial only where the device has none, and nobody in the whole state
  /// has it, of which the transaction's scope has to be where there is one.
  func adopt(_ claim: ClaimedIdentity, _ device: inout Device, _ transaction: any Transaction) throws {
    device.take(claim)
    if device.serial == nil, let serial = claim.serial,
      try DeviceStore.device(serial: serial, in: device.district, transaction) == nil,
      try serialElsewhere(serial, except: device.district, in: transaction).isEmpty
    {
      device.serial = serial.text
    }
    guard !claim.builtInMACs.isEmpty else { return }
    let former = try IdentityStore.macs(of: device.id, in: device.district, transaction)
    try IdentityStore.setMACs(claim.builtInMACs, of: device.id, in: device.district, former: former, transaction)
  }
}

extension ClaimedIdentity {
  /// What is claimed but the marks that others have.
  fileprivate func without(marksOf others: [IdentityCandidate]) -> ClaimedIdentity {
    var free = self
    for other in others {
      if let uuid, uuid.text == other.uuid { free.uuid = nil }
      if let boardSerial, boardSerial.folded == Folded.serial(other.boardSerial) { free.boardSerial = nil }
      free.builtInMACs.removeAll { other.macs.contains($0.text) }
    }
    return free
  }
}

// MARK: - Two devices, one identity

extension DeviceRegistry {
  /// Quarantines the keys of `device`, one of which says that it is `other`, and those of `other`; restricted ones stay.
  ///
  /// Only an active key does so: a lost or stolen device may say what it likes, and one that is held already would
  /// quarantine one device after the other.
  ///
  /// - Returns: what became of keys; nil where there is nothing to decide.
  private func contest(
    _ other: DeviceID, by key: Digest, of device: Device, now: Instant, _ transaction: any Transaction
  ) throws -> KeyChanges? {
    let theirs = try KeyStore.live(of: other, in: device.district, transaction)
    guard !theirs.isEmpty else { return nil }
    let own = try KeyStore.live(of: device.id, in: device.district, transaction)
    switch own.first(where: { $0.digest == key })?.state {
    case .active: break
    // Memory is behind the database; it learns what is so.
    case .quarantined: return KeyChanges(own)
    case .pending, .restricted, .revoked, nil: return nil
    }
    var changes = KeyChanges()
    for (claimed, keys, reason) in [
      (other, theirs, "Device \(device.id) reports the identity of this one."),
      (device.id, own, "It reports the identity of device \(other)."),
    ] {
      let held = try KeyStore.update(KeyDecision.collision(among: keys, reason: reason), transaction)
      guard !held.isEmpty else { continue }
      try ChangeStore.record(
        KeyDecision.history(of: held, was: keys), of: claimed, in: device.district, now: now, transaction)
      let entry = JournalEntry(
        at: now, actor: .key(key), action: "device.quarantine", object: ("device", claimed.rawValue),
        district: device.district, body: KeysBody(state: .quarantined, changed: held.count))
      try Journal.record(entry, in: transaction)
      changes.add(KeyChanges(held))
    }
    return changes
  }
}
