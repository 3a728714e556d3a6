package import Vocabulary

extension TenantScope {
  /// This scope limited to the district that the query names, where it names one.
  ///
  /// - Throws: `request.query` where it is no district's code; `request.not-found` where it is out of this scope, as for
  ///   one that is not there.
  package func narrowed(by call: Call) throws(ServingError) -> TenantScope {
    guard let text = try call.query("district") else { return self }
    guard let district = DistrictID(rawValue: text) else {
      throw ServingError(.query, "'district' is a district's id.")
    }
    guard contains(district) else { throw ServingError.notFound }
    return .district(district)
  }
}
