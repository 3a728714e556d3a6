package import Vocabulary

/// What an entry of the journal tells beyond its ids, encoded as JSON.
///
/// **Never the name of a person, nor free text that people type, which may hold one**: ids, codes, counts, dates and
/// the like only. Bodies are dropped by retention, but an entry must be harmless from its first day. That is why
/// each feature declares its bodies as types of its own, and no dictionary conforms.
package protocol JournalBody: Encodable, Sendable {}

/// One change made by a person, a token or a key: who did what to which object, and when.
package struct JournalEntry: Sendable {
  /// Who made the change, by id or key, never by name.
  package enum Actor: Sendable, Hashable {
    case principal(PrincipalID)
    /// A device, by the SHA-256 of its public key.
    case key(Digest)
    case enrollmentToken(EnrollmentTokenID)
    /// The controller itself: `init`, `restore`, expiry.
    case controller
  }

  package let id: EntryID
  package let at: Instant
  package let actor: Actor
  /// Object and verb, such as `batch.create`: lower-case letters, digits, `-` and `.`.
  package let action: String
  /// What was changed: its kind, such as `batch`, and its id.
  package let object: (kind: String, id: String)
  /// nil for what belongs to the state as a whole.
  package let district: DistrictID?
  package let body: any JournalBody

  package init(
    id: EntryID = .random(), at: Instant, actor: Actor, action: String, object: (kind: String, id: String),
    district: DistrictID?, body: some JournalBody
  ) {
    self.id = id
    self.at = at
    self.actor = actor
    self.action = action
    self.object = object
    self.district = district
    self.body = body
  }

  /// An entry whose ids say everything.
  package init(
    id: EntryID = .random(), at: Instant, actor: Actor, action: String, object: (kind: String, id: String),
    district: DistrictID?
  ) {
    self.init(id: id, at: at, actor: actor, action: action, object: object, district: district, body: NoDetails())
  }
}

/// `{}`.
private struct NoDetails: JournalBody {}

extension JournalEntry.Actor {
  /// As stored and shown: `principal`, `key`, `enrollment-token` or `controller`.
  var kind: String {
    switch self {
    case .principal: "principal"
    case .key: "key"
    case .enrollmentToken: "enrollment-token"
    case .controller: "controller"
    }
  }

  /// The id or the key's digest; empty for the controller.
  var name: String {
    switch self {
    case .principal(let id): id.rawValue
    case .key(let digest): digest.description
    case .enrollmentToken(let id): id.rawValue
    case .controller: ""
    }
  }
}
