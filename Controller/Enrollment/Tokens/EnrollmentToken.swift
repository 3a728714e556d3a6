package import Vocabulary

/// A batch's authority to enrol, as the controller keeps it: without the secret.
package struct EnrollmentToken: Hashable, Sendable {
  package let id: EnrollmentTokenID
  package let district: DistrictID
  package let batch: BatchID
  /// Only these machines; nil for any of the batch.
  package let serials: Set<Serial>?
  package let createdAt: Instant
  package let expiresAt: Instant
  /// How many certificates it may bring, and how many it has.
  package let uses: Int
  package let used: Int
  /// Whether a machine without usable identity is enrolled, known by its key alone.
  package let allowUnidentified: Bool
  package let revokedAt: Instant?

  package init(
    id: EnrollmentTokenID, district: DistrictID, batch: BatchID, serials: Set<Serial>?, createdAt: Instant,
    expiresAt: Instant, uses: Int, used: Int, allowUnidentified: Bool, revokedAt: Instant?
  ) {
    self.id = id
    self.district = district
    self.batch = batch
    self.serials = serials
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.uses = uses
    self.used = used
    self.allowUnidentified = allowUnidentified
    self.revokedAt = revokedAt
  }

  var place: TokenPlace { TokenPlace(batch: batch, district: district) }
}
