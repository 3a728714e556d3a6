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

  private enum Member: String, CodingKey, CaseIterable { case name, unknownSerials }

  private struct AnyMember: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// A change that changes nothing is a misspelt one: it is refused, as is one that would be done in part.
  init(from decoder: any Decoder) throws {
    let known = Member.allCases.map(\.rawValue)
    let given = try decoder.container(keyedBy: AnyMember.self).allKeys.map(\.stringValue).sorted()
    guard !given.isEmpty, given.allSatisfy(known.contains) else {
      let stray = given.first { !known.contains($0) }.map { "'\($0.prefix(100))' is none of these" }
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath,
          debugDescription: "it has \(known.joined(separator: ", ")) or some of them; \(stray ?? "it is empty")"))
    }
    let members = try decoder.container(keyedBy: Member.self)
    name = try members.decodeIfPresent(String.self, forKey: .name)
    unknownSerials = try members.decodeIfPresent(String.self, forKey: .unknownSerials)
  }

  /// - Throws: `registry.invalid`.
  func applied(to district: District) throws(RegistryError) -> District {
    var check = FieldCheck()
    var district = district
    if let name { district.name = check.text(name, "name") }
    if let unknownSerials, let choice: District.UnknownSerials = check.choice(unknownSerials, "unknownSerials") {
      district.unknownSerials = choice
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
