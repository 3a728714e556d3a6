package import Storage
package import Vocabulary

extension DeviceRegistry {
  /// Devices of other districts with this serial: the one search across tenants. Its transaction's scope is the state.
  package func serialElsewhere(
    _ serial: Serial, except district: DistrictID, in transaction: any Transaction
  ) throws -> [(district: DistrictID, device: DeviceID)] {
    try IdentityStore.serialElsewhere(serial, except: district, transaction)
  }

  /// Whether a device of another district with this serial holds a key: a person must look, and no tenant may put
  /// another's device into quarantine. The transaction's scope is the state.
  package func isLiveElsewhere(
    _ serial: Serial, except district: DistrictID, in transaction: any Transaction
  ) throws -> Bool {
    try serialElsewhere(serial, except: district, in: transaction).contains { other in
      try !KeyStore.live(of: other.device, in: other.district, transaction).isEmpty
    }
  }

  /// Refuses to let in a key for one of `serials` that holds a key in another district: a serial has one device that is
  /// trusted in the whole state. For everybody, and in words that do not say which district it is. The transaction's
  /// scope is the state.
  ///
  /// - Throws: `registry.live-elsewhere`.
  package func requireFree(
    _ serials: [Serial?], of district: DistrictID, in transaction: any Transaction
  ) throws {
    for serial in serials {
      guard let serial, try isLiveElsewhere(serial, except: district, in: transaction) else { continue }
      throw RegistryError(
        .liveElsewhere,
        "The serial '\(serial)' holds a key in another district. That district, or the state's administration, first revokes that device's keys ('rollcall device revoke'); then approve it here."
      )
    }
  }
}
