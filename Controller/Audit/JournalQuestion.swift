package import Serving
import Storage
import Vocabulary

/// What of the journal is asked for: who, what, when, where. Nothing given asks for all.
package struct JournalQuestion: Sendable {
  /// Its query parameters, but those of pages.
  package static let parameters = ["district", "action", "object", "actor", "from", "until"]

  /// A district's code, or `*` for the state as a whole.
  package let district: String?
  package let action: String?
  package let object: String?
  package let actor: String?
  /// Days in UTC, both of them still asked for.
  package let from: String?
  package let until: String?
  /// The days as moments; `until` is the first one that is not asked for.
  let since: Instant?
  let before: Instant?
  /// Conditions that each begin with ` AND `; empty where nothing is filtered.
  private let condition: SQL

  /// An empty value, as a form sends it, asks for nothing.
  ///
  /// - Throws: `request.query`.
  package init(_ call: Call) throws(ServingError) {
    func given(_ name: String) throws(ServingError) -> String? {
      let text = try call.query(name)
      return text == "" ? nil : text
    }
    (district, action, object) = (try given("district"), try given("action"), try given("object"))
    (actor, from, until) = (try given("actor"), try given("from"), try given("until"))
    var condition: SQL = ""
    if let district {
      guard district == Journal.stateTenant || DistrictID(rawValue: district) != nil else {
        throw ServingError(.query, "'district' is a district's code, or '*' for the state.")
      }
      condition = condition + " AND district_id = \(district)"
    }
    if let action { condition = condition + " AND action = \(action)" }
    if let actor { condition = condition + " AND actor = \(actor)" }
    self.condition = condition
    since = try from.map { text throws(ServingError) in try Self.day(text, "from") }
    before = try until.map { text throws(ServingError) in
      try Self.day(text, "until").advanced(by: .seconds(86_400))
    }
  }

  /// How it is answered: of one district's entries an object is found by an index.
  ///
  /// - Parameter shown: what the caller may see of them, as a condition.
  func scan(in scope: TenantScope, shown: SQL) -> JournalScan {
    let about: SQL = object.map { " AND object = \($0)" } ?? ""
    let isIndexed = if case .districts(let districts) = scope { districts.count == 1 } else { false }
    return JournalScan(
      scope: scope, narrow: isIndexed ? about : "", filter: condition + (isIndexed ? "" : about) + shown, from: since,
      until: before)
  }

  /// What of `scope` is asked for. The state's own entries are no district's: who sees districts alone finds none.
  ///
  /// - Throws: `request.not-found`, as for a district that is not there.
  func scope(within scope: TenantScope) throws(ServingError) -> TenantScope {
    guard let district else { return scope }
    if district == Journal.stateTenant {
      guard scope == .state else { throw ServingError.notFound }
      return scope
    }
    guard let id = DistrictID(rawValue: district), scope.contains(id) else { throw ServingError.notFound }
    return .district(id)
  }

  private static func day(_ text: String, _ name: String) throws(ServingError) -> Instant {
    guard text.utf8.count == 10, let instant = Instant(rfc3339: text + "T00:00:00Z")
    else { throw ServingError(.query, "'\(name)' is a day in UTC, such as 2026-11-22.") }
    return instant
  }
}
