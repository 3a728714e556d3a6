package import Storage
package import Vocabulary

/// Somebody whom a search found, and by what.
package struct FoundPerson: Sendable, Hashable {
  /// In the order in which results are told.
  package enum Match: String, CaseIterable, Sendable, Codable {
    /// The district's number of them, whatever its case.
    case number
    /// Their own e-mail address.
    case email
    /// A guardian's e-mail address or telephone number.
    case guardian
    /// Every word is one of their names.
    case name
    /// Every word begins one of their names.
    case beginning
    /// A typing error away.
    case similar
  }

  package let person: RosterPerson
  package let match: Match
}

extension RosterDesk {
  /// People by number, own or guardian's e-mail address, guardian's telephone number, or the words of their names: those who are
  /// found by the first of these come first, and of those who are as near, who has not left. It journals nothing: who shows them
  /// does.
  ///
  /// - Parameter schools: as in `OperatorContext`: where a district is limited to schools, only those whose main school is one.
  package func search(
    _ text: String, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?, limit: Int,
    _ transaction: any Transaction
  ) throws -> [FoundPerson] {
    guard !SearchedText.isTooLong(text), !text.utf8.contains(0) else { return [] }
    let typed = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !typed.isEmpty else { return [] }
    // Whom a number or a contact names is meant; the others would only be in the way.
    let named = try exact(typed, scope, transaction).filter { Self.shows($0.person, schools) }
    if !named.isEmpty { return Array(named.prefix(limit)) }
    let words = NameWords.of(typed)
    guard words.count < NameWords.most, typed.contains(where: \.isLetter) else { return [] }
    let hits = try NameSearch(words, in: scope, allowed: Self.allowed(schools), transaction).hits(limit: limit)
    return try ranked(Array(hits.prefix(limit + Self.spare)), scope, limit: limit, transaction)
  }

  /// People beyond those who are told of, so that of equals who has not left comes first.
  private static let spare = 12

  private func ranked(
    _ hits: [NameSearch.Hit], _ scope: TenantScope, limit: Int, _ transaction: any Transaction
  ) throws -> [FoundPerson] {
    guard !hits.isEmpty else { return [] }
    let people = Dictionary(
      try PersonStore.people(hits.map(\.person), in: scope, transaction).map { ($0.id, $0) },
      uniquingKeysWith: { first, _ in first })
    func key(_ hit: NameSearch.Hit, _ person: RosterPerson) -> (Int, Int, Int, String) {
      // Somebody who left may still have a device.
      (
        hit.closeness.rawValue, hit.distance, person.isActive ? 0 : 1,
        "\(person.familyName) \(person.name) \(person.id)"
      )
    }
    return hits.compactMap { hit in people[hit.person].map { (hit, $0) } }
      .sorted { key($0.0, $0.1) < key($1.0, $1.1) }.prefix(limit).map { hit, person in
        let match: FoundPerson.Match =
          switch hit.closeness {
          case .exact: .name
          case .beginning: .beginning
          case .similar: .similar
          }
        return FoundPerson(person: person, match: match)
      }
  }

  // MARK: - Numbers and contacts

  private func exact(_ text: String, _ scope: TenantScope, _ transaction: any Transaction) throws -> [FoundPerson] {
    let isAddress = text.contains("@")
    guard isAddress || text.contains(where: \.isNumber) else { return [] }
    var found: [FoundPerson] = []
    if !isAddress, !text.contains(" ") {
      found += try people("number_folded = \(FoldedName.of(text))", scope, transaction).map {
        .init(person: $0, match: .number)
      }
    }
    if isAddress {
      let own = try people("email_folded = \(FoldedName.of(text))", scope, transaction)
      found += own.map { .init(person: $0, match: .email) }
    }
    if let contact = Contact(typed: text) {
      // A contact has another HMAC in each district: the state's are named one by one.
      let districts = scope == .state ? TenantScope.districts(Set(try RosterSettings.districts(transaction))) : scope
      let students = try people(ofGuardian: contact, districts, transaction)
      found += students.map { .init(person: $0, match: .guardian) }
    }
    var seen: Set<PersonID> = []
    return found.filter { seen.insert($0.person.id).inserted }
      .sorted { ($0.match.place, $0.person.isActive ? 0 : 1) < ($1.match.place, $1.person.isActive ? 0 : 1) }
  }

  private func people(
    _ condition: SQL, _ scope: TenantScope, _ transaction: any Transaction
  ) throws -> [RosterPerson] {
    let ids = try transaction.rows(
      "SELECT person_id FROM roster_person WHERE \(scope) AND \(condition) LIMIT \(NameSearch.mostHits)"
    ).map { try $0.get("person_id", as: PersonID.self) }
    guard !ids.isEmpty else { return [] }
    // They are of the scope's districts already; named again, SQLite would try every pair of both lists.
    return try PersonStore.people(ids, in: .state, transaction)
  }

  /// By the HMACs of the contact, of which each district has its own.
  private func people(
    ofGuardian contact: Contact, _ scope: TenantScope, _ transaction: any Transaction
  ) throws -> [RosterPerson] {
    guard case .districts(let districts) = scope else { return [] }
    let digests = districts.sorted().map { contacts.match(contact, in: $0) }
    guard !digests.isEmpty else { return [] }
    // A digest is one district's alone. Both lists in the condition would have SQLite try every pair of them.
    let guardians = try transaction.rows(
      "SELECT district_id, guardian FROM roster_guardian_contact WHERE digest IN \(list: digests) LIMIT 20")
    var found: [RosterPerson] = []
    for row in guardians {
      let (district, guardian): (DistrictID, String) = (try row.get("district_id"), try row.get("guardian"))
      guard districts.contains(district) else { continue }
      let sourced = try transaction.rows(
        """
        SELECT person FROM roster_guardian_link WHERE district_id = \(district) AND guardian = \(guardian)
        ORDER BY person LIMIT 50
        """
      ).map { try $0.get("person", as: String.self) }
      let people = try PersonStore.rows(of: sourced, in: district, transaction)
      found += sourced.compactMap { id in people[id].map { RosterPerson($0, sourcedID: id, in: district) } }
    }
    return found
  }

  // MARK: - Schools

  private static func shows(_ person: RosterPerson, _ schools: [DistrictID: Set<SchoolID>]?) -> Bool {
    guard let allowed = schools?[person.district] else { return true }
    return person.school.map(allowed.contains) ?? false
  }

  private static func allowed(_ schools: [DistrictID: Set<SchoolID>]?) -> SQL {
    guard let schools, !schools.isEmpty else { return "(1 = 1)" }
    let limits = schools.sorted { $0.key < $1.key }.map { district, allowed -> SQL in
      "(n.district_id <> \(district) OR n.school_id IN \(list: allowed.sorted()))"
    }
    return SQL.joined(limits, separator: " AND ")
  }
}

extension FoundPerson.Match {
  fileprivate var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
