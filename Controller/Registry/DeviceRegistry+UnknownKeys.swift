import Audit
package import Serving
import Storage
package import Vocabulary

extension DeviceRegistry {
  /// A key that carries our certificate and stands in no registry, such as one of a device that was enrolled after the
  /// backup from which this controller was restored: it waits as pending with its device until a person approves it.
  ///
  /// The certificate's device id, district and serial are our own words, signed by our CA when the device enrolled.
  /// Asking twice changes nothing.
  /// - Throws: `registry.key-unknown` where neither the device nor its district is known here.
  package func registerPending(_ peer: PeerCertificate, now: Instant) async throws {
    let changes = try await database.write(in: .state) { transaction -> KeyChanges in
      if let known = try KeyStore.key(peer.key, transaction) { return KeyChanges([known]) }
      let (district, device) = try self.place(of: peer, now, transaction)
      let issued = IssuedKey(
        digest: peer.key, certificateSerial: peer.certificateSerial, notBefore: peer.notBefore, notAfter: peer.notAfter)
      let key = try KeyStore.insert(DeviceKey(issued, of: device, in: district, state: .pending, now: now), transaction)
      try Journal.record(
        JournalEntry(
          at: now, actor: .key(peer.key), action: "key.wait", object: ("device", device.rawValue), district: district),
        in: transaction)
      return KeyChanges([key])
    }
    apply(changes)
  }

  /// The device of the certificate; made again under its old id where only its district is known.
  private func place(
    of peer: PeerCertificate, _ now: Instant, _ transaction: any Transaction
  ) throws -> (DistrictID, DeviceID) {
    let serial = peer.serial.flatMap(Serial.init)
    guard let id = peer.device else { throw unknown(peer) }
    if let district = peer.district, try DeviceStore.device(id, in: district, transaction) != nil {
      return (district, id)
    }
    if let row = try transaction.row("SELECT district_id FROM registry_device WHERE device_id = \(id)") {
      return (try row.get("district_id"), id)
    }
    guard let district = peer.district, try DistrictStore.district(district, transaction) != nil else {
      throw unknown(peer)
    }
    if let serial, let known = try DeviceStore.device(serial: serial, in: district, transaction) {
      return (district, known.id)
    }
    let device = Device(
      id: id, district: district, serial: serial?.text, management: .none,
      identity: serial == nil ? .weak : .strong, createdAt: now)
    try DeviceStore.insert(device, transaction)
    return (district, id)
  }

  private func unknown(_ peer: PeerCertificate) -> RegistryError {
    RegistryError(
      .keyUnknown, "The controller knows neither this key nor its device. Enrol the device anew with a token.")
  }
}
