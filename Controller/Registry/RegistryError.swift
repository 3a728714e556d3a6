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
    /// The device cannot make this move from where it stands; the words name the moves that it can.
    case custodyImpossible = "custody.impossible"
    /// Something happened to the device since the event that the caller saw last; the words name it.
    case custodyConflict = "custody.conflict"
    /// The district has no roster.
    case custodyNoRoster = "custody.no-roster"
    /// The district's roster has no such person.
    case custodyPerson = "custody.person-unknown"
    /// The district's roster has no such class.
    case custodyClass = "custody.class-unknown"
    /// Nobody is in the class that day, so there is nobody to give a device to or take one from.
    case custodyClassEmpty = "custody.class-empty"
    /// The district has no such school.
    case custodySchool = "custody.school-unknown"
    /// The district has no such device in repair, lost or stolen to loan another for.
    case custodyLoan = "custody.loan-for"
    /// A device without a serial cannot be known again in another district.
    case custodySerial = "custody.no-serial"
    /// More people than devices.
    case custodyCount = "custody.too-few-devices"
  }

  package let kind: Kind
  package let message: String
  package let faults: [Fault]
  /// The same for who stands before the device and knows no codes; nil where ``message`` is for them too.
  package var plain: String?
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String, faults: [Fault] = []) {
    self.kind = kind
    self.message = message
    self.faults = faults
  }

  package var status: HTTPResponse.Status {
    switch kind {
    case .districtUnknown, .deviceUnknown: .notFound
    case .invalid, .keyUnknown, .custodyPerson, .custodyClass, .custodyClassEmpty, .custodySchool, .custodyCount:
      .unprocessableContent
    case .districtExists, .schoolExists, .serialTaken, .keyTransition, .keyChoice, .keyRevoked, .keyElsewhere,
      .liveElsewhere, .noLiveKey, .nothingToApprove, .custodyImpossible, .custodyConflict, .custodyNoRoster,
      .custodyLoan,
      .custodySerial:
      .conflict
    }
  }

  static func noDevice(_ id: DeviceID) -> RegistryError {
    RegistryError(.deviceUnknown, "The district has no device '\(id)'.")
  }
}
