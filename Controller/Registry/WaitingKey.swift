internal import Audit
package import Serving
package import Storage
package import Vocabulary

/// A key that nobody here knows, with the device that it says it is of: it waits for a person.
///
/// See ``DeviceRegistry/registerPending(_:now:)``.
package struct WaitingKey: Sendable, Hashable {
  package let district: DistrictID
  package let device: DeviceID
  package let digest: Digest
  package let state: KeyState
  package let identity: ClaimedIdentity
  /// When it was first seen here.
  package let since: Instant

  fileprivate init(_ key: DeviceKey, of device: Device) {
    (district, self.device, digest, state) = (key.district, key.device, key.digest, key.state)
    identity = ClaimedIdentity(
      serial: device.serial, uuid: device.uuid, boardSerial: device.boardSerial, builtInMACs: [])
    since = key.issuedAt
  }
}

extension DeviceRegistry {
  /// The keys that wait, by district and digest.
  ///
  /// - Parameter after: the last one of the page before; all of its district where it has no digest.
  package func waitingKeys(
    _ scope: TenantScope, after: (district: DistrictID, digest: Digest?)?, limit: Int, in transaction: any Transaction
  ) throws -> [WaitingKey] {
    try KeyStore.pending(scope, after: after, limit: limit, transaction).map { key in
      WaitingKey(key, of: try existing(key.device, of: key.district, transaction))
    }
  }

  /// Keeps a waiting key, which becomes active, and revokes the other keys of its device.
  ///
  /// - Parameter reply: makes the answer of the key as it then stands.
  /// - Throws: `request.not-found` where no such key waits in the path's district; `registry.live-elsewhere`.
  package func approveWaiting(
    _ digest: Digest, _ call: Call, _ context: OperatorContext, reply: @escaping @Sendable (WaitingKey) throws -> Reply
  ) async throws -> Reply {
    try await decide(digest, call, context, reply) { device, keys, change in
      try self.keep(digest, of: device, among: keys, &change)
    }
  }

  /// Revokes a waiting key; its device has to make a new one and enrol anew.
  ///
  /// - Throws: as ``approveWaiting(_:_:_:reply:)``.
  package func rejectWaiting(
    _ digest: Digest, _ call: Call, _ context: OperatorContext, reply: @escaping @Sendable (WaitingKey) throws -> Reply
  ) async throws -> Reply {
    try await decide(digest, call, context, reply) { device, keys, change in
      let key = keys.filter { $0.digest == digest }
      let moved = try KeyDecision.all(key, to: .revoked, reason: "A person refused it while it waited.")
      try change.settle(moved, was: keys, of: device, "key.reject", .revoked)
    }
  }

  private func decide(
    _ digest: Digest, _ call: Call, _ context: OperatorContext,
    _ reply: @escaping @Sendable (WaitingKey) throws -> Reply,
    _ decision: @escaping @Sendable (Device, [DeviceKey], inout RegistryChange) throws -> Void
  ) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    return try await change(call, context, in: .state) { change in
      let found = try KeyStore.key(digest, change.transaction)
      guard let key = found, key.district == district, key.state == .pending else {
        throw ServingError.missing("waiting key", digest, in: district)
      }
      let device = try self.existing(key.device, of: district, change.transaction)
      try decision(device, try KeyStore.live(of: device.id, in: district, change.transaction), &change)
      return try reply(WaitingKey(KeyStore.key(digest, change.transaction) ?? key, of: device))
    }
  }
}
