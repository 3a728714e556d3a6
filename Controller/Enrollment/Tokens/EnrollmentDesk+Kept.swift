package import Registry
package import Storage
package import Vocabulary

extension EnrollmentDesk {
  /// How long after a token's use the certificate that it brought is kept, where the device has come with it; without end, where it has not.
  package static let certificatesKept = Duration.seconds(86_400)

  /// What one step of ``forgetCertificates(before:of:after:limit:in:)`` did.
  package struct CertificatesForgotten: Sendable {
    package let forgotten: Int
    /// Where the next step begins; nil after the last one.
    package let next: KeptPlace?
  }

  /// After a use of a token at this moment, by this key.
  package struct KeptPlace: Sendable {
    let at: Instant
    let key: Digest
  }

  /// Forgets certificates that tokens brought before `moment` to devices that have come with them since, among the next
  /// `limit`: such a device has its certificate, and no reply of its enrolment was lost. The use itself stays counted.
  package static func forgetCertificates(
    before moment: Instant, of district: DistrictID, after place: KeptPlace?, limit: Int, registry: DeviceRegistry,
    in transaction: any Transaction
  ) throws -> CertificatesForgotten {
    let (at, after) = (place?.at ?? Instant(milliseconds: 0), place?.key.bytes ?? [])
    let rows = try transaction.rows(
      """
      SELECT token_id, key, at FROM enrollment_token_use
      WHERE district_id = \(district) AND length(certificate) > 0 AND (at, key) > (\(at), \(after)) AND at < \(moment)
      ORDER BY at, key LIMIT \(limit)
      """)
    var seen: [[any SQLConvertible]] = []
    for row in rows {
      let key: Digest = try row.get("key")
      // Seen before this use says nothing of whether its reply came.
      guard let last = try registry.key(key, in: transaction)?.lastSeen, last >= (try row.get("at")) else { continue }
      seen.append([district, try row.get("token_id", as: String.self), key, [UInt8]()])
    }
    try transaction.run(
      """
      UPDATE enrollment_token_use SET certificate = $4 WHERE district_id = $1 AND token_id = $2 AND key = $3
      """, rows: seen.map { $0.map(\.sqlValue) })
    let last = try rows.last.map { KeptPlace(at: try $0.get("at"), key: try $0.get("key")) }
    return CertificatesForgotten(forgotten: seen.count, next: rows.count < limit ? nil : last)
  }
}
