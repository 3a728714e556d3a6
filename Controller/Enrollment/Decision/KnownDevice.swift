package import Registry
package import Vocabulary

/// A device as a decision on enrolment sees it.
package struct KnownDevice: Hashable, Sendable {
  package struct Key: Hashable, Sendable {
    package let digest: Digest
    package let state: KeyState

    package init(digest: Digest, state: KeyState) {
      self.digest = digest
      self.state = state
    }
  }

  /// How many live keys a device may have; each beyond the first waits for a person.
  package static let keyLimit = 16

  package let id: DeviceID
  package let keys: [Key]
  /// nil where nothing but a key is known of it.
  package let stage: Stage?

  package init(id: DeviceID, keys: [Key], stage: Stage?) {
    self.id = id
    self.keys = keys
    self.stage = stage
  }

  /// Beyond `configured` somebody has answered for the device as it is: no token opens it any more.
  package var isHandedOver: Bool {
    switch stage {
    case nil, .ordered, .received, .enrolled, .imaged, .configured: false
    case .verified, .packed, .shipped, .delivered, .assigned, .inService, .inRepair, .lost, .stolen, .returned,
      .retired:
      true
    }
  }
}

/// What a district knows of a claimed identity.
package enum Recognition: Hashable, Sendable {
  case known(KnownDevice)
  case unknown
  case ambiguous
}
