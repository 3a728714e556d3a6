import Storage
package import Vocabulary

/// A tenant: a school district.
package struct District: Sendable, Hashable {
  /// What happens to a serial that no batch expects.
  package enum UnknownSerials: String, CaseIterable, Sendable, Codable, SQLConvertible {
    case refuse
    /// Waits for a person.
    case pending
  }

  package let id: DistrictID
  package var name: String
  package var unknownSerials: UnknownSerials
  /// For how many days records are kept, where the district chose.
  package var kept: [KeptRecord: Int]
  package let createdAt: Instant

  package init(
    id: DistrictID, name: String, unknownSerials: UnknownSerials, kept: [KeptRecord: Int] = [:], createdAt: Instant
  ) {
    self.kept = kept
    self.id = id
    self.name = name
    self.unknownSerials = unknownSerials
    self.createdAt = createdAt
  }
}

/// A school of a district.
package struct School: Sendable, Hashable {
  package let id: SchoolID
  package let district: DistrictID
  package var name: String
  package let createdAt: Instant

  package init(id: SchoolID, district: DistrictID, name: String, createdAt: Instant) {
    self.id = id
    self.district = district
    self.name = name
    self.createdAt = createdAt
  }
}
