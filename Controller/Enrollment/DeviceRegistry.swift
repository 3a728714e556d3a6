package import Serving
package import Storage
package import Vocabulary

/// What enrolment needs of the registry, within its own transactions.
package protocol DeviceRegistry: Sendable {
  /// The district's rule for serials that nobody announced; nil where there is no such district.
  func unknownSerials(in district: DistrictID, _ transaction: any Transaction) throws -> UnknownSerials?

  /// Which device of `district` a claimed identity is: by serial, else by two of three of UUID, board serial and MAC.
  func resolve(_ identity: ClaimedIdentity, in district: DistrictID, _ transaction: any Transaction) throws -> Recognition

  /// The device of `district` by its id, nil where there is none.
  func device(_ id: DeviceID, in district: DistrictID, _ transaction: any Transaction) throws -> KnownDevice?

  /// The device a key belongs to, in any district.
  func holder(of key: Digest, _ transaction: any Transaction) throws -> KnownKey?

  /// The device with this serial, made and put on the ledger as expected if it is new.
  func expect(_ machine: ExpectedMachine, by actor: EnrollmentActor, at now: Instant, _ transaction: any Transaction) throws
    -> DeviceID

  /// A device known by its key alone, or by what little identity it has.
  func admit(
    _ identity: ClaimedIdentity, in district: DistrictID, batch: BatchID, by actor: EnrollmentActor, at now: Instant,
    _ transaction: any Transaction
  ) throws -> DeviceID

  /// Gives `device` a key with its certificate: active, or quarantined beside those in `quarantining`.
  func register(_ key: NewKey, _ transaction: any Transaction) throws -> KeyUpdate
}

/// What a district does with a serial that nobody announced.
package enum UnknownSerials: Hashable, Sendable { case refuse, wait }

/// What a district knows of a claimed identity.
package enum Recognition: Hashable, Sendable {
  case known(KnownDevice)
  case unknown
  case ambiguous
}

/// A device as enrolment sees it.
package struct KnownDevice: Hashable, Sendable {
  package struct Key: Hashable, Sendable {
    package let key: Digest
    package let state: KeyState
    package init(key: Digest, state: KeyState) { (self.key, self.state) = (key, state) }
  }

  package let id: DeviceID
  package let keys: [Key]
  /// Beyond the stage `configured`: no token opens it any more.
  package let isHandedOver: Bool

  package init(id: DeviceID, keys: [Key], isHandedOver: Bool) {
    (self.id, self.keys, self.isHandedOver) = (id, keys, isHandedOver)
  }
}

/// A machine that a batch expects.
package struct ExpectedMachine: Hashable, Sendable {
  package let serial: Serial
  package let district: DistrictID
  package let batch: BatchID
  package let assetTag: String?
  package let model: String?
}

/// Who enrols: a token, or a person for it.
package enum EnrollmentActor: Hashable, Sendable {
  case token(EnrollmentTokenID)
  case principal(PrincipalID)
  /// A device by its own key: renewal.
  case key(Digest)
}

/// A key and its certificate for a device.
package struct NewKey: Hashable, Sendable {
  package let district: DistrictID
  package let device: DeviceID
  package let identity: ClaimedIdentity
  package let state: KeyState
  package let certificate: IssuedCertificate
  /// Keys of the same device that go into quarantine with it.
  package let quarantining: [Digest]
  /// The key that this one follows, valid until the new one is seen.
  package let replacing: Digest?
  package let actor: EnrollmentActor
  package let at: Instant
}

/// A change of the keys held in memory, to be applied once its transaction has committed.
package struct KeyUpdate: Sendable {
  package let apply: @Sendable () -> Void
  package init(_ apply: @escaping @Sendable () -> Void) { self.apply = apply }
}
