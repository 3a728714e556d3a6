import Audit
import Serving
import Storage
import Vocabulary

extension DeviceRegistry {
  /// Makes a device known in the district that it was transferred to, by its serial: its past stays with the former one,
  /// and its keys are revoked there (``KeyDecision/following(_:_:)``), for it enrols anew.
  ///
  /// The transaction's scope has both districts.
  /// - Throws: `custody.no-serial`; `custody.impossible` where the other district knows the device otherwise already.
  func arrive(_ device: Device, in other: DistrictID, _ event: LedgerEvent, _ change: inout RegistryChange) throws {
    _ = try existing(other, change.transaction)
    guard let serial = device.serial.flatMap(Serial.init) else {
      throw RegistryError(
        .custodySerial,
        "The device has no serial, by which another district would know it. Retire it here, and enrol it there.")
    }
    let known = try DeviceStore.device(serial: serial, in: other, change.transaction)
    let id = try known?.id ?? add(device, to: other, change)
    let standing = try LedgerStore.standing(of: id, in: other, change.transaction)
    // As one that came: a token of that district enrols it, which would not open a device that was handed over.
    guard [nil, .ordered, .shipped, .received, .returned, .retired].contains(standing.projection.stage) else {
      throw RegistryError.impossible(
        .transfer, standing.projection, standing.lastEntry,
        why: "district '\(other)' has a device of this serial already")
    }
    let arrival = LedgerEvent(
      .received, at: change.now, actor: event.actor, holder: .district, reason: event.reason,
      evidence: "from-district:\(device.district)")
    try LedgerStore.append([(standing, arrival)], of: other, in: change.transaction)
    try change.journal(
      "custody.arrive", ("device", id.rawValue), other,
      MoveBody(sequence: standing.last + 1, to: .district, stage: .received, custody: .district))
  }

  private func add(_ device: Device, to other: DistrictID, _ change: RegistryChange) throws -> DeviceID {
    var new = Device(
      id: .random(), district: other, serial: device.serial, management: .none, identity: .serialOnly,
      createdAt: change.now)
    new.vendor = device.vendor
    new.model = device.model
    try DeviceStore.insert(new, change.transaction)
    return new.id
  }
}
