package import Serving
package import Storage
package import Vocabulary

/// A device of which a key is quarantined, with every key of it that is not revoked.
package struct QuarantinedDevice: Sendable {
  package let device: Device
  package let keys: [DeviceKey]
}

extension DeviceRegistry {
  /// Those of a scope, by district and id.
  ///
  /// - Parameter after: the last one of the page before.
  package func quarantined(
    _ scope: TenantScope, after: (district: DistrictID, device: DeviceID)?, limit: Int, in transaction: any Transaction
  ) throws -> [QuarantinedDevice] {
    var found: [QuarantinedDevice] = []
    // District by district, for then the index of the keys' states answers, whatever else stands in it.
    for district in try districts(of: scope, in: transaction) where found.count < limit {
      if let after, district < after.district { continue }
      let last = after.flatMap { $0.district == district ? $0.device.rawValue : nil } ?? ""
      let ids = try transaction.rows(
        """
        SELECT DISTINCT device_id FROM registry_key
        WHERE district_id = \(district) AND state = 'quarantined' AND device_id > \(last)
        ORDER BY device_id LIMIT \(limit - found.count)
        """
      ).map { try $0.get("device_id", as: DeviceID.self) }
      let devices = try self.devices(ids, of: district, in: transaction)
      let keys = try KeyStore.live(of: ids.compactMap { devices[$0] }, transaction)
      found += ids.compactMap { id in devices[id].map { QuarantinedDevice(device: $0, keys: keys[id] ?? []) } }
    }
    return found
  }

  /// Keeps one key of a device, which becomes active, and revokes its others.
  ///
  /// - Throws: `request.not-found`, `registry.live-elsewhere`, `registry.key-…`.
  package func approve(
    _ device: DeviceID, of district: DistrictID, keeping chosen: Digest?, _ call: Call, _ context: OperatorContext,
    _ reply: @escaping @Sendable (any Transaction) throws -> Reply
  ) async throws -> Reply {
    try await change(call, context, in: .state) { change in
      let known = try self.existing(device, of: district, change.transaction)
      let keys = try KeyStore.live(of: device, in: district, and: chosen, change.transaction)
      try self.keep(chosen, of: known, among: keys, &change)
      return try reply(change.transaction)
    }
  }

  /// Revokes every key of a device, for good.
  ///
  /// - Throws: `request.not-found`, `registry.invalid` for a reason of no or over 500 characters.
  package func revoke(
    _ device: DeviceID, of district: DistrictID, because reason: String, _ call: Call, _ context: OperatorContext,
    _ reply: @escaping @Sendable (any Transaction) throws -> Reply
  ) async throws -> Reply {
    try await set(.revoked, "device.revoke", device, of: district, because: reason, call, context, reply)
  }

  func set(
    _ state: KeyState, _ action: String, _ device: DeviceID, of district: DistrictID, because reason: String,
    _ call: Call, _ context: OperatorContext, _ reply: @escaping @Sendable (any Transaction) throws -> Reply
  ) async throws -> Reply {
    var check = FieldCheck()
    let reason = check.text(reason, "reason", limit: 500)
    try check.throwFaults()
    return try await change(call, context) { change in
      let known = try self.existing(device, of: district, change.transaction)
      let keys = try KeyStore.keys(of: device, in: district, change.transaction)
      let moved = try KeyDecision.all(keys, to: state, reason: reason)
      try change.settle(moved, was: keys, of: known, action, state)
      return try reply(change.transaction)
    }
  }
}
