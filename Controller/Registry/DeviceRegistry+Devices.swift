package import Audit
package import Storage
package import Vocabulary

extension DeviceRegistry {
  package func district(_ id: DistrictID, in transaction: any Transaction) throws -> District? {
    try DistrictStore.district(id, transaction)
  }

  /// Those of `ids` that there are.
  package func districts(_ ids: Set<DistrictID>, in transaction: any Transaction) throws -> [DistrictID: District] {
    Dictionary(
      try DistrictStore.districts(ids, transaction).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  package func device(
    _ id: DeviceID, of district: DistrictID, in transaction: any Transaction
  ) throws -> Device? {
    try DeviceStore.device(id, in: district, transaction)
  }

  package func device(
    serial: Serial, of district: DistrictID, in transaction: any Transaction
  ) throws -> Device? {
    try DeviceStore.device(serial: serial, in: district, transaction)
  }

  /// The device with this serial; see ``expect(_:district:batch:actor:now:in:)``.
  package func expect(
    serial: Serial, district: DistrictID, batch: BatchID, assetTag: String? = nil, model: String? = nil,
    actor: JournalEntry.Actor, now: Instant, in transaction: any Transaction
  ) throws -> DeviceID {
    let one = ExpectedDevice(serial: serial, assetTag: assetTag, model: model)
    let found = try expect([one], district: district, batch: batch, actor: actor, now: now, in: transaction)
    guard let device = found[serial.folded] else { throw RegistryError(.deviceUnknown, "No device was made known.") }
    return device
  }

  /// Which device of the district `identity` is: by serial, or else by two of three marks.
  package func resolve(
    identity claim: ClaimedIdentity, district: DistrictID, in transaction: any Transaction
  ) throws -> Resolution {
    let candidates = try IdentityStore.candidates(for: claim, in: district, transaction)
    switch IdentityDecision.decide(claim, among: candidates) {
    case .known(let device): return .known(device, keys: try KeyStore.live(of: device, in: district, transaction))
    case .unknown: return .unknown
    case .ambiguous(let devices): return .ambiguous(devices)
    }
  }

  /// Makes a device known that nobody expected.
  ///
  /// - Throws: `registry.serial-taken`.
  package func addDevice(
    _ claim: ClaimedIdentity, to district: DistrictID, now: Instant, in transaction: any Transaction
  ) throws -> DeviceID {
    var device = Device(
      id: .random(), district: district, serial: claim.serial?.text, management: .none, identity: claim.strength,
      createdAt: now)
    device.uuid = claim.uuid?.text
    device.boardSerial = claim.boardSerial?.text
    try DeviceStore.insert(device, transaction)
    try IdentityStore.setMACs(claim.builtInMACs, of: device.id, in: district, former: [], transaction)
    return device.id
  }

  /// Appends to the custody ledger and projects stage and custody from it.
  package func append(
    _ event: LedgerEvent, to device: DeviceID, of district: DistrictID, in transaction: any Transaction
  ) throws {
    try LedgerStore.append(event, to: device, of: district, in: transaction)
  }
}
