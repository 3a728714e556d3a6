package import Registry
package import Serving
package import Vocabulary

/// Everything that decides whether a device that proved a key and a token gets a certificate.
package struct EnrollmentQuestion: Sendable {
  package var token: EnrollmentToken
  /// The key of the request, by the digest of its SubjectPublicKeyInfo.
  package var key: Digest
  package var identity: ClaimedIdentity
  /// What this token issued to this key before.
  package var earlier: EarlierIssue?
  /// The key's wait for a person, if it ever waited.
  package var waiting: PendingDecision?
  /// Which device the key belongs to already, in any district.
  package var holder: KnownKey?
  /// What the token's district knows of the claimed identity, or of the key where the identity says nothing.
  package var recognition: Recognition
  package var unknownSerials: District.UnknownSerials
  package var now: Instant
}

/// A certificate that this token brought this key.
package struct EarlierIssue: Hashable, Sendable {
  package let certificate: [UInt8]
  package let notAfter: Instant
}

/// Where a key's wait for a person stands.
package enum PendingDecision: Hashable, Sendable {
  case waiting
  /// Approved, but its serial got a key in another district since: a person is asked again.
  case contested
  case approved(KnownDevice)
  case rejected
  case issued
}

/// What is to happen; the reasons to refuse are ``EnrollmentError``.
package enum EnrollmentDecision: Hashable, Sendable {
  /// The same certificate as before: a lost reply must not wedge a device.
  case again([UInt8])
  case issue(DeviceID)
  /// A machine without usable identity becomes a device known by its key alone.
  case issueToUnidentified
  /// Another key claims the same machine: this one gets a certificate, and both are held apart.
  case quarantine(DeviceID)
  case wait(WaitReason)
}

/// Why a device waits for a person.
package enum WaitReason: String, Hashable, Sendable, CaseIterable {
  /// Nobody announced the serial to the district.
  case unknownSerial = "unknown-serial"
  /// The parts of the identity point at different devices, or too few agree.
  case ambiguousIdentity = "ambiguous-identity"
  /// The firmware has only fillers.
  case noIdentity = "no-identity"
  /// It was approved, but its serial got a key in another district since.
  case contested
}

/// Decides, purely. The order matters: an earlier answer is repeated before any limit is looked at.
///
/// - Throws: `enroll.token-revoked`, `enroll.token-expired`, `enroll.token-used-up`, `enroll.token-serial`,
///   `enroll.key-revoked`, `enroll.key-taken`, `enroll.rejected`, `enroll.handed-over`, `enroll.unknown-serial`,
///   `enroll.too-many-keys`.
package func decide(_ question: EnrollmentQuestion) throws(EnrollmentError) -> EnrollmentDecision {
  let token = question.token
  guard token.revokedAt == nil else {
    throw EnrollmentError(.tokenRevoked, "This enrolment token was revoked. Ask for a new one.")
  }
  if question.holder?.state == .revoked {
    throw EnrollmentError(.keyRevoked, "This device's key was revoked. Delete the key on the device and enrol anew.")
  }
  if let earlier = question.earlier, question.now < earlier.notAfter { return .again(earlier.certificate) }
  if let serials = token.serials, !(question.identity.serial.map(serials.contains) ?? false) {
    throw EnrollmentError(.tokenSerial, "This enrolment token is for other machines. Use the one made for this serial.")
  }
  switch question.waiting {
  case .rejected:
    throw EnrollmentError(.rejected, "A person rejected this device's enrolment. Ask the district's staff.")
  case .approved(let device):
    // A person has decided since: the token proves only that this is the same device asking.
    return try issue(to: device, question)
  case .contested:
    try refuseForeignKey(question)
    return .wait(.contested)
  case .waiting, .issued, nil: break
  }
  guard question.now < token.expiresAt else {
    throw EnrollmentError(.tokenExpired, "This enrolment token expired at \(token.expiresAt). Ask for a new one.")
  }
  guard token.used < token.uses else {
    throw EnrollmentError(
      .tokenUsedUp, "This enrolment token has brought all of its \(token.uses) certificates. Ask for a new one.")
  }
  return try decideByIdentity(question)
}

private func decideByIdentity(_ question: EnrollmentQuestion) throws(EnrollmentError) -> EnrollmentDecision {
  switch question.recognition {
  case .known(let device): return try issue(to: device, question)
  case .ambiguous:
    try refuseForeignKey(question)
    return .wait(.ambiguousIdentity)
  case .unknown:
    try refuseTakenKey(question, by: nil)
    if question.identity.serial == nil {
      return question.token.allowUnidentified ? .issueToUnidentified : .wait(.noIdentity)
    }
    switch question.unknownSerials {
    case .pending: return .wait(.unknownSerial)
    case .refuse:
      throw EnrollmentError(
        .unknownSerial,
        "This machine's serial is not expected here. Add it to the batch, or check the token's district.")
    }
  }
}

private func issue(
  to device: KnownDevice, _ question: EnrollmentQuestion
) throws(EnrollmentError) -> EnrollmentDecision {
  try refuseTakenKey(question, by: device.id)
  guard !device.isHandedOver else {
    throw EnrollmentError(
      .handedOver, "This device was handed over already; no enrolment token opens it. Receive it back first.")
  }
  let live = device.keys.filter { $0.state != .revoked }
  guard live.count < KnownDevice.keyLimit || live.contains(where: { $0.digest == question.key }) else {
    throw EnrollmentError(
      .tooManyKeys,
      "\(live.count) keys claim to be this device already. Ask the district's staff to keep one of them first.")
  }
  let other = live.contains { $0.digest != question.key }
  return other ? .quarantine(device.id) : .issue(device.id)
}

/// A key that waits for a person with a device of the district, as after a restore, may wait on.
private func refuseForeignKey(_ question: EnrollmentQuestion) throws(EnrollmentError) {
  if question.holder?.state == .pending, question.holder?.district == question.token.district { return }
  try refuseTakenKey(question, by: nil)
}

private func refuseTakenKey(_ question: EnrollmentQuestion, by device: DeviceID?) throws(EnrollmentError) {
  guard let holder = question.holder, holder.device != device || holder.district != question.token.district else {
    return
  }
  throw EnrollmentError(
    .keyTaken,
    "This key belongs to another device; the disk was probably cloned. Delete the agent's key here and enrol anew.")
}
