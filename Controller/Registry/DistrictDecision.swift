import Serving
import Vocabulary

/// The body that makes a district.
struct NewDistrict: Decodable, Sendable {
  let id: String
  let name: String
  let unknownSerials: String?

  /// - Throws: `registry.invalid`.
  func checked(now: Instant) throws(RegistryError) -> District {
    var check = FieldCheck()
    let id: DistrictID? = check.slug(id, "id")
    let name = check.text(name, "name")
    let unknown: District.UnknownSerials? = check.choice(unknownSerials ?? "refuse", "unknownSerials")
    try check.throwFaults()
    guard let id, let unknown else { throw RegistryError(.invalid, "The district's fields break their rules.") }
    return District(id: id, name: name, unknownSerials: unknown, createdAt: now)
  }
}

/// The body that changes a district; what is absent stays.
struct DistrictPatch: Decodable, Sendable {
  let name: String?
  let unknownSerials: String?
  let retention: RetentionView?

  /// A change that changes nothing is a misspelt one: it is refused.
  ///
  /// - Throws: `request.body`.
  func requireAny() throws(ServingError) {
    guard name != nil || unknownSerials != nil || retention?.choice.isEmpty == false else {
      throw ServingError(.body, "The body changes nothing: give 'name', 'unknownSerials' or 'retention' with its days.")
    }
  }

  /// - Throws: `registry.invalid`.
  func applied(to district: District) throws(RegistryError) -> District {
    var check = FieldCheck()
    var district = district
    if let name { district.name = check.text(name, "name") }
    if let unknownSerials, let choice: District.UnknownSerials = check.choice(unknownSerials, "unknownSerials") {
      district.unknownSerials = choice
    }
    if let choice = retention?.choice {
      check.days(choice)
      for (kept, days) in choice { district.kept[kept] = days == 0 ? nil : days }
    }
    try check.throwFaults()
    return district
  }
}

/// The body that makes a school.
struct NewSchool: Decodable, Sendable {
  let id: String
  let name: String

  /// - Throws: `registry.invalid`.
  func checked(in district: DistrictID, now: Instant) throws(RegistryError) -> School {
    var check = FieldCheck()
    let id: SchoolID? = check.slug(id, "id")
    let name = check.text(name, "name")
    try check.throwFaults()
    guard let id else { throw RegistryError(.invalid, "The school's fields break their rules.") }
    return School(id: id, district: district, name: name, createdAt: now)
  }
}
