package import HTTPTypes
package import Serving
package import Vocabulary

/// What the roster refuses, by code.
package struct RosterError: StatusError {
  package enum Kind: String, CaseIterable, Sendable {
    /// The body is no archive, or more than is read.
    case archive = "roster.archive"
    /// The files have faults; each is told.
    case faults = "roster.faults"
    /// More people would go than the guard allows.
    case removesTooMany = "roster.removes-too-many"
    /// The roster changed while the file was read.
    case changedMeanwhile = "roster.changed-meanwhile"
    /// There is no import whose former set is kept.
    case nothingToUndo = "roster.nothing-to-undo"
    /// A district of the import was changed by another one since.
    case notLatest = "roster.not-latest"
    /// A person of the roster cannot be erased while the source still tells of them.
    case stillActive = "roster.still-active"
    /// A person cannot be erased who has a device, gets one back, or owes what went with one, unless that was asked for.
    case hasDevice = "roster.has-device"
    /// A field of the request breaks its rule.
    case invalid = "roster.invalid"
    /// What is kept of guardians cannot be opened with this controller's key.
    case contactKey = "roster.contact-key"
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
    case .archive, .faults, .invalid: .unprocessableContent
    case .removesTooMany, .changedMeanwhile, .nothingToUndo, .notLatest, .stillActive, .hasDevice: .conflict
    case .contactKey: .internalServerError
    }
  }
}
