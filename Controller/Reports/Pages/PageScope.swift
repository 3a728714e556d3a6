import Registry
import Serving
import Storage
import Vocabulary

/// Of which districts a page tells, and which there are to choose from.
struct PageScope: Sendable {
  let scope: TenantScope
  /// In their order.
  let districts: [PlaceNames.Named]
  /// Those that the caller may choose.
  let choices: [PlaceNames.Named]

  /// - Throws: `request.query`, `request.not-found`, `registry.district-unknown`.
  init(_ call: Call, _ context: OperatorContext, _ desk: ReportsDesk) async throws {
    let everything = context.scope
    // A form that leaves the district open sends it without text.
    let isOpen = try call.query("district")?.isEmpty ?? true
    let narrowed = isOpen ? everything : try everything.narrowed(by: call)
    scope = narrowed
    (districts, choices) = try await desk.database.read(in: everything) { [registry = desk.registry] transaction in
      try registry.requireDistrict(of: narrowed, in: transaction)
      let all = try PlaceNames.districts(everything, transaction)
      return (all.filter { DistrictID(rawValue: $0.id).map(narrowed.contains) ?? false }, all)
    }
  }

  /// The district, where it is one.
  var only: DistrictID? {
    guard case .districts(let ids) = scope, ids.count == 1 else { return nil }
    return ids.first
  }

  /// `Cedar Falls (cedar-falls)`, or `the whole state`.
  var words: String {
    if let only { return districts.first { $0.id == only.rawValue }.map { "\($0.name) (\($0.id))" } ?? only.rawValue }
    return scope == .state ? "the whole state" : "districts \(districts.map(\.id).joined(separator: ", "))"
  }

  /// For addresses of lists; nil where all districts of the caller are meant.
  var given: String? { choices.count == districts.count && choices.count > 1 ? nil : only?.rawValue }

  var options: [Choice] { choices.map { Choice($0.id, $0.name, chosen: only?.rawValue) } }
}

extension ReportsDesk {
  /// The schools that a caller may choose from: of one district, as far as they see it; none where several are told of.
  func schools(of place: PageScope, _ context: OperatorContext) async throws -> [PlaceNames.Named] {
    guard let only = place.only else { return [] }
    let all = try await database.read(in: .district(only)) { try PlaceNames.schools(of: only, $0) }
    guard let allowed = context.schools?[only] else { return all }
    return all.filter { SchoolID(rawValue: $0.id).map(allowed.contains) ?? false }
  }
}

extension Call {
  /// Without parameters that have no text, as forms send what nobody filled in.
  var filled: Call {
    Call(
      method, path, parameters: parameters, query: query.filter { !$0.value.isEmpty }, headers: headers, body: body,
      now: now, requestID: requestID, origin: origin, authority: authority)
  }
}
