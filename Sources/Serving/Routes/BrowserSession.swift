package import Vocabulary

/// A browser that somebody is signed in with.
package struct BrowserSession: Sendable, Hashable {
  package let id: SessionID
  /// What each form and script of this session sends back, so that no other site's page can make a change.
  package let formToken: FormToken
  /// Why the person looks at what is linked to students; nil until they said it.
  package let purpose: ViewPurpose?

  package init(id: SessionID, formToken: FormToken, purpose: ViewPurpose?) {
    self.id = id
    self.formToken = formToken
    self.purpose = purpose
  }
}

/// Who a session's cookie is of.
package struct SignedIn: Sendable, Hashable {
  package let caller: Caller
  package let session: BrowserSession

  package init(caller: Caller, session: BrowserSession) {
    self.caller = caller
    self.session = session
  }
}

/// Why somebody looks at what is linked to students; said once a session, and part of each view's journal entry.
package enum ViewPurpose: String, CaseIterable, Sendable, Codable, Hashable {
  case familyCalls = "family-calls"
  case studentVisits = "student-visits"
  case repair
  case lostOrStolen = "lost-or-stolen"
  case inventory
  case audit
  case other
  /// The duty of who administers: never chosen, for the role says it.
  case administration
  /// The duty of who runs devices: never chosen, for the role says it.
  case deviceCare = "device-care"

  /// For people to choose from.
  package static let choices: [ViewPurpose] = [
    .familyCalls, .studentVisits, .repair, .lostOrStolen, .inventory, .audit, .other,
  ]

  /// One that somebody chose; nil for a duty, and for anything else.
  package init?(chosen text: String) {
    guard let purpose = ViewPurpose(rawValue: text), Self.choices.contains(purpose) else { return nil }
    self = purpose
  }

  package var words: String {
    switch self {
    case .familyCalls: "A family is on the phone"
    case .studentVisits: "A student or a member of staff is here"
    case .repair: "A device is being repaired"
    case .lostOrStolen: "A device is lost or stolen"
    case .inventory: "Inventory"
    case .audit: "An audit"
    case .other: "Something else"
    case .administration: "Their role: administration"
    case .deviceCare: "Their role: care of the devices"
    }
  }
}
