package import Registry
package import Serving
package import Storage
package import Vocabulary

/// What the registry keeps of check-ins, in the check-in's own transaction.
package protocol DeviceRecords: Sendable {
  /// - Returns: the keys that changed, for ``apply(_:)`` once the transaction is durable.
  func recordContact(_ contact: Contact, in transaction: any Transaction) throws -> KeyChanges

  /// As ``recordContact(_:in:)`` for many devices, once each; what changed, for each.
  func recordContacts(_ contacts: [Contact], in transaction: any Transaction) throws -> [KeyChanges]

  func recordChanges(
    _ changes: [FactChange], of device: DeviceID, of district: DistrictID, now: Instant, in transaction: any Transaction
  ) throws

  /// Takes over what the device says of itself, by its key; or quarantines it with the other device that it says it is.
  func observe(
    _ id: DeviceID, of district: DistrictID, by key: Digest, identity claim: ClaimedIdentity?, takesSerial: Bool,
    vendor: String?, model: String?, hostname: String?, now: Instant, in transaction: any Transaction
  ) throws -> Observation

  /// nil where the district has no such device.
  func device(_ id: DeviceID, of district: DistrictID, in transaction: any Transaction) throws -> Device?

  /// All of the device's keys, also the revoked ones.
  func keys(of device: DeviceID, of district: DistrictID, in transaction: any Transaction) throws -> [DeviceKey]

  /// The keys of these devices but the named ones, also the revoked ones, by district.
  func otherKeys(
    of devices: [(district: DistrictID, device: DeviceID, key: Digest)], in transaction: any Transaction
  ) throws -> [DistrictID: [Digest]]

  /// Those of `ids` that the district has.
  func devices(
    _ ids: [DeviceID], of district: DistrictID, in transaction: any Transaction
  ) throws -> [DeviceID: Device]

  /// Up to `limit` devices of a district's schools after `device`, in the order of their ids.
  func devices(
    of schools: Set<SchoolID>, in district: DistrictID, after device: String, limit: Int, _ transaction: any Transaction
  ) throws -> [DeviceID]

  /// The districts of `scope` that there are, in their order.
  func districts(of scope: TenantScope, in transaction: any Transaction) throws -> [DistrictID]

  /// - Throws: an error of status 404 where `scope` is one district that there is not.
  func requireDistrict(of scope: TenantScope, in transaction: any Transaction) throws

  /// Which label a contact from there has; nil where nothing is known of it.
  func network(of origin: Origin?, in district: DistrictID) -> NetworkID?

  /// Makes committed changes of keys count at the next request.
  func apply(_ changes: KeyChanges)
}

extension DeviceRegistry: DeviceRecords {}

/// Who takes up a key that carries our certificate and is in no registry, such as after a restore.
package protocol UnknownKeyDesk: Sendable {
  /// The key waits as pending for a person; asking twice changes nothing.
  func registerPending(_ peer: PeerCertificate, now: Instant) async throws
}
