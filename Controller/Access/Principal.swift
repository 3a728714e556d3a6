package import Vocabulary

/// A person or a service that may hold grants and API tokens.
package struct Principal: Sendable, Equatable {
  package enum Kind: String, CaseIterable, Sendable, Codable {
    case person
    case service
  }

  package let id: PrincipalID
  package let kind: Kind
  /// Of a member of staff or a program, for people to read; never in the journal or the logs.
  package let name: String
  package let createdAt: Instant
}

/// An API token without its secret, of which only the hash is kept.
package struct APIToken: Sendable, Equatable {
  package let id: APITokenID
  package let principal: PrincipalID
  /// What it is for, such as `inventory export`.
  package let name: String
  package let createdAt: Instant
  package let expiresAt: Instant
  package let revokedAt: Instant?
  /// To the hour, so that reading does not mean writing; nil if it was never used.
  package let lastUsedAt: Instant?
}

extension Grant {
  /// The grant where it can be one: a state administrator is one for the state, and a school stands in a district.
  ///
  /// - Throws: `access.grant`.
  package init(role: Role, district: DistrictID?, school: SchoolID?) throws(AccessError) {
    switch (district, school) {
    case (nil, nil): self.init(role, at: .state)
    case (let district?, _) where role == .stateAdmin:
      throw AccessError(
        .grant, "A state administrator is one for the whole state; leave out the district '\(district)'.")
    case (let district?, nil): self.init(role, at: .district(district))
    case (let district?, let school?): self.init(role, at: .school(district, school))
    case (nil, _?): throw AccessError(.grant, "A school's code holds within its district; name the district too.")
    }
  }

  package var district: DistrictID? {
    switch reach {
    case .state: nil
    case .district(let id), .school(let id, _): id
    }
  }

  package var school: SchoolID? {
    if case .school(_, let id) = reach { id } else { nil }
  }
}
