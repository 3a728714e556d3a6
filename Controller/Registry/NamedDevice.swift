package import Storage
package import Vocabulary

/// A device that a machine named by its serial and that waits for its first key, with all that bears on that.
package struct NamedDevice: Sendable {
  package let device: Device
  let macs: Set<String>
  let standing: LedgerStore.Standing

  /// By which marks another machine could mean it; see ``ClaimedIdentity/marks``.
  package var marks: Set<String> {
    let firmware = [Folded.serial(device.serial), device.uuid, Folded.serial(device.boardSerial)]
    return Set(firmware.compactMap(\.self)).union(macs)
  }
}

extension DeviceRegistry {
  /// Of each claim the device that it names by its serial, in its district, where nothing has to be decided about it: nothing but
  /// a serial and marks stands for or against it, and ``resolve(identity:district:in:)`` says the same of it. One query for each kind
  /// of row, for all of them. The transaction's scope is the state.
  ///
  /// - Returns: nil for each claim that has to be looked at by itself: of no device's serial, or of one that another district knows too,
  ///   that has a live key, that perhaps a list alone made known and withdrew, that has other addresses, or that enrolling takes from
  ///   who has it; and where another device of the district has one of the marks.
  package func named(
    by claims: [(district: DistrictID, claim: ClaimedIdentity)], in transaction: any Transaction
  ) throws -> [NamedDevice?] {
    let found = try DeviceStore.devices(serials: claims.compactMap(\.claim.serial), transaction)
    var meant: [(device: Device, claim: ClaimedIdentity)?] = claims.map { district, claim in
      guard let serial = claim.serial, claim.builtInMACs.count <= IdentityStore.mostMACs else { return nil }
      guard let devices = found[serial.folded], devices.count == 1, devices[0].district == district else { return nil }
      return devices[0].stage == nil && devices[0].management == .none ? nil : (devices[0], claim)
    }
    let contested = try IdentityStore.contested(meant.compactMap(\.self), transaction)
    meant = meant.map { one in one.flatMap { contested.contains($0.device.id) ? nil : $0 } }
    let devices = meant.compactMap { $0?.device }
    guard !devices.isEmpty else { return claims.map { _ in nil } }
    let keys = try KeyStore.live(of: devices, transaction)
    let macs = try IdentityStore.macs(of: devices, transaction)
    let standings = try LedgerStore.standings(of: devices, transaction)
    return meant.map { one in
      guard let (device, claim) = one, keys[device.id] == nil, let standing = standings[device.id] else { return nil }
      let (former, told) = (macs[device.id] ?? [], Set(claim.builtInMACs.map(\.text)))
      guard former.isEmpty || told.isEmpty || told == former else { return nil }
      let enrolled = standing.projection.after(LedgerEvent(.enrolled, at: device.createdAt, actor: .controller))
      guard CustodyStore.Row(enrolled) == CustodyStore.Row(standing.projection) else { return nil }
      return NamedDevice(device: device, macs: former, standing: standing)
    }
  }
}
