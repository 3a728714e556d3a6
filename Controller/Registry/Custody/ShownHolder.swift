package import Serving
package import Vocabulary

/// A holder as it is told: who sees no students reads that a person has a device, and not which one.
package struct ShownHolder: Sendable, Hashable, CustomStringConvertible {
  /// As ``Holder`` is written, or ``person``.
  package let description: String

  /// Somebody, to whom may not know who.
  package static let person = "person"

  /// - Parameter seesPeople: see `Caller.seesPeople(in:at:)`.
  package init(_ holder: Holder, seesPeople: Bool) {
    if case .person = holder, !seesPeople { description = Self.person } else { description = holder.description }
  }
}

extension ShownHolder: Encodable {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Caller {
  /// Whether the ids of those who have devices are told: to the roles that see students. An id is no name yet; a name is looked
  /// up, and that look is journalled.
  package func seesPeople(in district: DistrictID, at school: SchoolID? = nil) -> Bool {
    holds(AccessRule.studentReaders, in: district, at: school)
  }
}
