/// The districts whose rows a transaction may see and write.
///
/// A store takes its `district_id` conditions from here, never from a request's text.
package enum TenantScope: Hashable, Sendable {
  /// The state's own roles and the controller itself: every district.
  case state
  case districts(Set<DistrictID>)

  package static func district(_ id: DistrictID) -> TenantScope { .districts([id]) }

  package func contains(_ district: DistrictID) -> Bool {
    switch self {
    case .state: true
    case .districts(let ids): ids.contains(district)
    }
  }
}
