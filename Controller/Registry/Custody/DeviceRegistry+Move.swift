import Audit
import Serving
import Storage
import Vocabulary

extension DeviceRegistry {
  /// Moves a device: looks where it stands, decides, and writes ledger, projection, keys and journal.
  ///
  /// - Parameter caller: for whom the answer is made; who may move the device was asked before.
  /// - Throws: `custody.conflict`, `custody.impossible`, and what resolving who and what the move names throws.
  func move(
    _ device: Device, _ asked: AskedMove, _ change: inout RegistryChange, for caller: Caller?
  ) throws -> MovedView {
    let standing = try LedgerStore.standing(of: device.id, in: device.district, change.transaction)
    try asked.requireExpected(standing)
    guard CustodyDecision.allows(asked.kind, from: standing.projection) else {
      throw RegistryError.impossible(asked.kind, standing.projection, standing.lastEntry)
    }
    let move = try resolve(asked, of: device, change)
    let event = try CustodyDecision.event(
      of: move, from: standing.projection, school: device.school, last: standing.lastEntry,
      actor: .principal(change.actor), now: change.now)
    try LedgerStore.append([(standing, event)], of: device.district, in: change.transaction)
    try settle(event, of: device, &change)
    let after = standing.projection.after(event)
    let entry = LedgerEntry(sequence: standing.last + 1, actor: event.actor.ledgerText, event: event)
    try change.journal(
      "custody.\(asked.kind.rawValue)", ("device", device.id.rawValue), device.district,
      MoveBody(sequence: entry.sequence, to: event.holder, stage: after.stage, custody: after.custody))
    return MovedView(entry, from: standing, after: after, today: change.now.day, of: device, for: caller)
  }

  /// What follows from an event besides the ledger: the device's school, its keys, and its arrival in another district.
  private func settle(_ event: LedgerEvent, of device: Device, _ change: inout RegistryChange) throws {
    switch event.holder {
    // On loan it stays its own school's, to which it comes back.
    case .school where event.kind == .loaned: break
    case .school(let school) where school == device.school: break
    case .school(let school): try DeviceStore.set(school, of: [device.id], in: device.district, change.transaction)
    case .otherDistrict(let other): try arrive(device, in: other, event, &change)
    case .person, .district, .warehouse, .vendor, nil: break
    }
    guard KeyDecision.concerns(event) else { return }
    let keys = try KeyStore.live(of: device.id, in: device.district, change.transaction)
    let decided = try KeyDecision.following(event, keys)
    guard !decided.isEmpty else { return }
    let stored = try KeyStore.update(decided, change.transaction)
    try change.remember(stored, was: keys, of: device)
    change.keys.add(KeyChanges(stored))
  }

  // MARK: - Who and what a move names

  private func resolve(_ asked: AskedMove, of device: Device, _ change: RegistryChange) throws -> CustodyMove {
    var move = asked.move
    move.to = try asked.recipient.map { try holder($0, in: device.district, change.transaction) }
    if let days = asked.days {
      let calendar = try CalendarStore.calendar(of: device.district, change.transaction)
      guard let day = calendar.day(days, after: change.now.day) else {
        throw RegistryError(.invalid, "The district's calendar has no \(days) school days to come.")
      }
      move.dueDay = day
    }
    if let text = asked.instead {
      let other = try instead(text, in: device.district, change.transaction)
      guard other != device.id else {
        throw RegistryError(.custodyLoan, "A device is not loaned in place of itself.")
      }
      move.instead = other
    }
    return move
  }

  private func holder(
    _ recipient: Recipient, in district: DistrictID, _ transaction: any Transaction
  ) throws -> Holder {
    switch recipient {
    case .student(let number):
      try persons.require(district, transaction)
      guard let id = try persons.students(numbered: [number], of: district, in: transaction)[number] else {
        throw RegistryError(.custodyPerson, "The district's roster has no student with this number who has not left.")
      }
      return .person(id)
    case .holder(.person(let id)):
      try persons.require(district, transaction)
      guard try persons.persons([id], of: district, in: transaction).contains(id) else {
        throw RegistryError(.custodyPerson, "The district's roster has nobody with the id '\(id)' who has not left.")
      }
      return .person(id)
    case .holder(.school(let id)):
      try requireSchool(of: .school(id), in: district, transaction)
      return .school(id)
    case .holder(.otherDistrict(let id)):
      guard id != district else { throw RegistryError(.invalid, "The device is in district '\(id)' already.") }
      return .otherDistrict(id)
    case .holder(let holder): return holder
    }
  }

  private func instead(
    _ text: String, in district: DistrictID, _ transaction: any Transaction
  ) throws -> DeviceID {
    let known: Device? =
      if let id = DeviceID(rawValue: text) {
        try DeviceStore.device(id, in: district, transaction)
      } else {
        try Serial(text).flatMap { try DeviceStore.device(serial: $0, in: district, transaction) }
      }
    guard let known, [.inRepair, .lost, .stolen].contains(known.stage) else {
      throw RegistryError(
        .custodyLoan,
        known == nil
          ? "'for' is the serial or id of a device of the district; it has no '\(text)'."
          : "The device '\(text)' is neither in repair nor lost or stolen; send it to repair first, or leave out 'for'."
      )
    }
    return known.id
  }
}

extension AskedMove {
  /// - Throws: `custody.conflict`, with what came first.
  fileprivate func requireExpected(_ standing: LedgerStore.Standing) throws(RegistryError) {
    guard let expected, expected != standing.last else { return }
    let came = standing.lastEntry?.words ?? "nothing has happened to it yet"
    var error = RegistryError(
      .custodyConflict,
      "Something else came first: you expected the device at event \(expected), and it is at \(came). Look at it again, then decide anew."
    )
    error.plain = "Something else came first. Look at it again, then decide anew."
    throw error
  }
}

/// A move, for the journal: ids and codes, never what a person typed.
struct MoveBody: JournalBody {
  let sequence: Int64
  let to: Holder?
  let stage: Stage?
  let custody: Custody?

  init(sequence: Int64, to holder: Holder?, stage: Stage?, custody: Custody?) {
    self.sequence = sequence
    if case .vendor? = holder { to = .vendor(nil) } else { to = holder }
    self.stage = stage
    self.custody = custody
  }
}
