package import Serving
package import Storage
package import Vocabulary

/// Looks at what is linked to students: why somebody may look, and the journal's entry of it.
///
/// ```
/// call ─▶ reason(_:_:)  the call's, the session's, or the role's there ─▶ audit.purpose-required where it must be said and is not
///      ─▶ names are read ─▶ record(_:in:)                  ─▶ shown
/// ```
package enum StudentViews {
  /// One look, of people of one district.
  package struct Look: Sendable {
    /// What was looked at.
    package enum Kind: String, Sendable, Codable, CaseIterable {
      /// A person by number, id, username, e-mail address or guardian.
      case person
      /// A list of everybody of a kind.
      case list
      /// Results of a search.
      case search
      /// A report that names students, by how many: on a page, or as a file.
      case report
    }

    /// Where of the help desk's pages.
    package enum Place: String, Sendable, Codable {
      case devicePage = "device-page"
      case personPage = "person-page"
      case lookUp = "look-up"
      case many
    }

    package let kind: Kind
    /// By the roster's ids; their names never come into the journal.
    package let persons: [PersonID]
    package let district: DistrictID
    package let purpose: ViewPurpose
    package let actor: PrincipalID
    package let at: Instant
    /// The device on whose page they were shown.
    package let device: DeviceID?
    package let seen: Place?

    package init(
      _ kind: Kind, of persons: [PersonID], in district: DistrictID, purpose: ViewPurpose, by actor: PrincipalID,
      at: Instant, device: DeviceID? = nil, seen: Place? = nil
    ) {
      (self.device, self.seen) = (device, seen)
      (self.kind, self.persons, self.district) = (kind, persons, district)
      (self.purpose, self.actor, self.at) = (purpose, actor, at)
    }
  }

  /// Those who answer for people's questions say why they look, before they look.
  package static let askedRoles: Set<Role> = [.helpDesk, .schoolStaff]

  /// Of every route that shows what is linked to students.
  package static let parameter = Operation.Parameter(
    "purpose",
    "Why you look: " + ViewPurpose.choices.map(\.rawValue).joined(separator: ", ")
      + ". A browser's session has it already; with an API token, help-desk and school-staff say it here; of other roles the role says it"
  )

  /// Whether the caller is one of those who say why they look.
  package static func asks(_ caller: Caller?) -> Bool { caller?.scopeWithSchools(of: askedRoles) != nil }

  /// Why somebody looks: as they said it, or by what their roles are for in the district of the people whom they see.
  package struct Reason: Sendable {
    fileprivate let said: ViewPurpose?
    fileprivate let caller: Caller?

    package func purpose(in district: DistrictID) -> ViewPurpose { said ?? duty(in: district) }

    /// What a role is for that shows students to those who hold it there.
    private func duty(in district: DistrictID) -> ViewPurpose {
      func holds(_ roles: Set<Role>) -> Bool { caller?.scopeWithSchools(of: roles)?.contains(district) ?? false }
      if holds([.stateAdmin, .districtAdmin]) { return .administration }
      if holds([.districtIT]) { return .deviceCare }
      return holds([.auditor]) ? .audit : .other
    }
  }

  /// As ``reason(_:_:)``, for who sees people of one district.
  ///
  /// - Throws: `request.query`, `audit.purpose-required`.
  package static func purpose(
    _ call: Call, _ context: OperatorContext, in district: DistrictID
  ) throws -> ViewPurpose { try reason(call, context).purpose(in: district) }

  /// Why the caller looks: what the call says, else what the session does, else what their role is for. The one place that
  /// decides it, for pages and the API alike.
  ///
  /// In the query, not in a header, so that it stands in the API's description with the other parameters and a link can hold it.
  ///
  /// - Throws: `request.query` for an unknown one; `audit.purpose-required` where the caller has to say it, and has not.
  package static func reason(_ call: Call, _ context: OperatorContext) throws -> Reason {
    if let text = try call.query(parameter.name) {
      guard let purpose = ViewPurpose(chosen: text) else {
        let words = ViewPurpose.choices.map(\.rawValue).joined(separator: ", ")
        throw ServingError(.query, "'purpose' is one of \(words).")
      }
      return Reason(said: purpose, caller: context.caller)
    }
    let said = context.session?.purpose
    guard said == nil, asks(context.caller) else { return Reason(said: said, caller: context.caller) }
    throw AuditError(
      .purposeRequired,
      "Say why you look at what is linked to students: it stands in the journal with what you saw. Browsers ask once a session; the API takes 'purpose' in the query, such as purpose=family-calls, and commands take --purpose family-calls."
    )
  }

  /// Appends one entry for each look, within the transaction that reads the names or one that commits before they are shown.
  package static func record(_ looks: [Look], in transaction: any Transaction) throws {
    try Journal.record(looks.map(entry), in: transaction)
  }

  private static func entry(_ look: Look) -> JournalEntry {
    // Where it is one person, the entry is about that one, and is found by its object.
    let object =
      if let only = look.persons.first, look.persons.count == 1 { ("person", only.rawValue) } else {
        ("district", look.district.rawValue)
      }
    return JournalEntry(
      at: look.at, actor: .principal(look.actor), action: action(look.kind), object: object, district: look.district,
      body: Body(purpose: look.purpose, persons: look.persons, device: look.device, seen: look.seen))
  }

  /// Of the journal's entry of a look, also where a feature records it itself: what is called otherwise is no look to those who
  /// read who looked.
  package static func action(_ kind: Look.Kind) -> String {
    switch kind {
    case .person: "person.view"
    case .list: "roster.view"
    case .search: "person.search"
    case .report: "report.view"
    }
  }

  /// On the entries that are looks; the indexes are made with these very words.
  static let condition: SQL = "action IN ('person.view', 'person.search', 'roster.view', 'report.view')"

  /// Those who see who looked at whom: they answer for a district's data.
  package static let readers: Set<Role> = [.stateAdmin, .auditor, .districtAdmin]

  static func isShownAll(to context: OperatorContext) -> Bool { context.caller?.scope(of: readers) == .state }

  /// Leaves looks out of the journal's entries where the caller may not see who looked; begins with ` AND `, or is empty.
  static func shown(to context: OperatorContext) -> SQL {
    switch context.caller?.scope(of: readers) {
    case .state: ""
    case .districts(let districts): " AND (NOT (\(condition)) OR \(TenantScope.districts(districts)))"
    case nil: " AND NOT (\(condition))"
    }
  }

  static let schema: [SQL] = [
    "CREATE INDEX audit_entry_view ON audit_entry (district_id, position) WHERE \(condition)",
    "CREATE INDEX audit_entry_view_of_state ON audit_entry (position) WHERE \(condition)",
  ]

  private struct Body: JournalBody {
    let purpose: ViewPurpose
    let persons: [PersonID]
    let device: DeviceID?
    let seen: Look.Place?
  }
}
