internal import Audit
package import Registry
package import Storage
package import Vocabulary

/// A device that a batch listed and that enrolled by the batch's token, for fleets that are put in whole.
package struct SettledEnrollment: Sendable {
  package var device: DeviceID
  package var serial: Serial
  package var assetTag: String?
  package var certificate: IssuedCertificate
  package var at: Instant

  package init(device: DeviceID, serial: Serial, assetTag: String?, certificate: IssuedCertificate, at: Instant) {
    self.device = device
    self.serial = serial
    self.assetTag = assetTag
    self.certificate = certificate
    self.at = at
  }

  package var key: IssuedKey { IssuedKey(certificate) }
}

/// A batch with its one token, used up by those who enrolled, for fleets that are put in whole (`rollcall-swarm seed`).
package struct SettledBatch: Sendable {
  package let id: BatchID
  package let name: String
  package let district: DistrictID
  package let token: EnrollmentTokenID
  /// The person who made both.
  package let by: PrincipalID
  package let at: Instant

  package init(
    id: BatchID, name: String, district: DistrictID, token: EnrollmentTokenID, by: PrincipalID, at: Instant
  ) {
    self.id = id
    self.name = name
    self.district = district
    self.token = token
    self.by = by
    self.at = at
  }

  /// Batch and token, and the journal's entries of both. Nobody knows the token's secret.
  ///
  /// - Parameter size: how many machines it lists.
  /// - Throws: `enroll.batch-exists`.
  package func begin(size: Int, in transaction: any Transaction) throws {
    try BatchStore.insert(Batch(id: id, name: name, createdAt: at), in: district, transaction)
    let printed = EnrollmentToken(
      id: token, district: district, batch: id, serials: nil, createdAt: at, expiresAt: at.advanced(by: Self.life),
      uses: size, used: size, allowUnidentified: false, revokedAt: nil)
    try TokenStore.insert(printed, secret: TokenSecret.random().digest, by: by, transaction)
    let change = PersonsChange(principal: by, district: district, now: at, transaction: transaction)
    try change.record("batch.create", "batch", id.rawValue, SettledBody(count: size))
    try change.record("token.create", "enrollment-token", token.rawValue, SettledBody(count: size))
  }

  /// Lists and enrols machines of it: the rows that both leave, each kind by one statement, and the journal's entries. Their
  /// certificates are no longer kept for a lost reply: that was more than ``EnrollmentDesk/certificatesKept`` ago.
  package func settle(_ machines: [SettledEnrollment], in transaction: any Transaction) throws {
    let (tenant, batch) = (district.sqlValue, id.sqlValue)
    try transaction.run(
      """
      INSERT INTO enrollment_expected
        (district_id, batch_id, entry, serial, asset_tag, device_id, listed, state, changed_at)
      VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7, $8)
      """,
      rows: machines.lazy.map { machine in
        [
          tenant, batch, machine.serial.folded.sqlValue, machine.serial.text.sqlValue, machine.assetTag.sqlValue,
          machine.device.sqlValue, EntryState.enrolled.sqlValue, machine.at.sqlValue,
        ]
      })
    try transaction.run(
      """
      INSERT INTO enrollment_token_use (district_id, token_id, key, device_id, certificate, not_after, at)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      """,
      rows: machines.lazy.map { machine in
        [
          tenant, token.sqlValue, machine.certificate.key.sqlValue, machine.device.sqlValue,
          [UInt8]().sqlValue, machine.certificate.notAfter.sqlValue, machine.at.sqlValue,
        ]
      })
    try Journal.record(
      machines.map { machine in
        EnrollmentStep.entry(
          machine.certificate, of: machine.device, quarantined: false, token: (token, id, district), at: machine.at)
      }, in: transaction)
  }

  private static let life = Duration.seconds(30 * 86_400)
}

extension SettledBatch {
  private struct SettledBody: JournalBody {
    let count: Int
  }
}
