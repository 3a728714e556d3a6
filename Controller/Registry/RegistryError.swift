package import HTTPTypes
package import Serving
package import Vocabulary

/// What the registry refuses, by code.
package struct RegistryError: StatusError {
  package enum Kind: String, CaseIterable, Sendable {
    /// There is no such district; where people ask, another tenant's is none.
    case districtUnknown = "registry.district-unknown"
    case districtExists = "registry.district-exists"
    case schoolExists = "registry.school-exists"
    case deviceUnknown = "registry.device-unknown"
    /// Another device of the district has this serial.
    case serialTaken = "registry.serial-taken"
    /// A field of the request breaks its rule; the faults name each.
    case invalid = "registry.invalid"
    /// A key cannot go from its state to that one.
    case keyTransition = "registry.key-transition"
    /// Several keys wait; the person must say which one to keep.
    case keyChoice = "registry.key-choice"
    /// The device has no such key.
    case keyUnknown = "registry.key-unknown"
    /// The key was revoked once, and stays so.
    case keyRevoked = "registry.key-revoked"
    /// The key belongs to another device.
    case keyElsewhere = "registry.key-elsewhere"
    /// The device's serial holds a key in another district.
    case liveElsewhere = "registry.live-elsewhere"
    /// The device has no key that this could change.
    case noLiveKey = "registry.no-live-key"
    /// No key of the device waits for approval.
    case nothingToApprove = "registry.nothing-to-approve"
  }

  package let kind: Kind
  package let message: String
  package let faults: [Fault]
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String, faults: [Fault] = []) {
    self.kind = kind
    self.message = message
    self.faults = faults
  }

  package var status: HTTPResponse.Status {
    switch kind {
    case .districtUnknown, .deviceUnknown: .notFound
    case .invalid, .keyUnknown: .unprocessableContent
    case .districtExists, .schoolExists, .serialTaken, .keyTransition, .keyChoice, .keyRevoked, .keyElsewhere,
      .liveElsewhere, .noLiveKey, .nothingToApprove:
      .conflict
    }
  }

  static func noDevice(_ id: DeviceID) -> RegistryError {
    RegistryError(.deviceUnknown, "The district has no device '\(id)'.")
  }
}
