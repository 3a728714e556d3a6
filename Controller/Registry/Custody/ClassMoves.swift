import Serving
import Storage
import Vocabulary

extension DeviceRegistry {
  /// A device for each student of a class who has none, in the roster's order and that of `serials`.
  ///
  /// - Throws: `custody.no-roster`, `custody.class-unknown`, `custody.class-empty`, `custody.too-few-devices`, `registry.invalid`.
  func plan(
    _ asked: ClassForm.Asked, _ serials: [Serial], in district: DistrictID, on now: Instant,
    _ transaction: any Transaction
  ) throws -> [PlannedMove] {
    let students = try students(of: asked, in: district, on: now, transaction)
    let holders = students.map(Holder.person)
    // Whose device is in repair has one: it comes back.
    let have = Set(try CustodyStore.devices(heldBy: holders, in: district, transaction).map(\.holder))
      .union(try CustodyStore.owners(holders, in: district, transaction))
    let waiting = students.filter { !have.contains(.person($0)) }
    guard waiting.count <= serials.count else {
      throw RegistryError(
        .custodyCount,
        "The class has \(waiting.count) students without a device, and \(serials.count) devices are given; name as many."
      )
    }
    let devices = try DeviceStore.devices(serials: serials, in: district, transaction)
    var check = FieldCheck()
    for serial in serials where devices[serial.folded] == nil {
      check.add("serials", serial.text, "The district has no device with the serial '\(serial)'.")
    }
    try check.throwFaults()
    return zip(waiting, serials).compactMap { student, serial in
      devices[serial.folded].map { device in
        let move = CustodyMove(.assign, to: .person(student))
        return PlannedMove(line: nil, device: device, move: asked.told(move))
      }
    }
  }

  /// The devices that the students of a class have and can give back: not those that are lost or in repair.
  ///
  /// - Throws: `custody.no-roster`, `custody.class-unknown`, `custody.class-empty`.
  func planReturn(
    _ asked: ClassForm.Asked, in district: DistrictID, on now: Instant, _ transaction: any Transaction
  ) throws -> [PlannedMove] {
    let students = try students(of: asked, in: district, on: now, transaction)
    let held = try CustodyStore.devices(heldBy: students.map(Holder.person), in: district, transaction)
    let devices = try DeviceStore.devices(held.map(\.device), in: district, transaction)
    return held.compactMap { id, _ in
      guard let device = devices[id], device.stage == .assigned || device.stage == .inService else { return nil }
      return PlannedMove(line: nil, device: device, move: asked.told(CustodyMove(.giveBack, to: asked.to)))
    }
  }

  private func students(
    of asked: ClassForm.Asked, in district: DistrictID, on now: Instant, _ transaction: any Transaction
  ) throws -> [PersonID] {
    try persons.require(district, transaction)
    let day = CivilDate(daysSinceEpoch: now.day)
    guard let students = try persons.students(ofClass: asked.id, of: district, on: day, in: transaction) else {
      throw RegistryError(.custodyClass, "The district's roster has no class '\(asked.id)'.")
    }
    guard !students.isEmpty else {
      throw RegistryError(
        .custodyClassEmpty,
        "Nobody is a student of the class '\(asked.id)' on \(day): its memberships are of others, have not begun, or are over. No device was moved. Look at its memberships and their days in the schools' own system, and take up its roster again."
      )
    }
    return students
  }
}
