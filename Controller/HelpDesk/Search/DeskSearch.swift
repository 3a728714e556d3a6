import Audit
package import Registry
package import Serving
package import Storage
package import Vocabulary

/// The help desk's one search: people with their devices, and devices, as far as the caller sees either.
///
/// ```
/// text ─▶ purpose, where the role has to say it
///      ─▶ one transaction that reads: people (port), their devices, devices (registry), who has those
///      ─▶ the journal's entry of whoever is named in it ─▶ shown
/// ```
package struct DeskSearch: Sendable {
  /// Everybody whom the search answers at all.
  package static let roles: Set<Role> = peopleRoles.union([.warehouse])
  /// Those of them who see people; the others see devices alone.
  static let peopleRoles: Set<Role> = [.stateAdmin, .districtAdmin, .districtIT, .helpDesk, .schoolStaff]
  package static let rule = AccessRule.scopedSchools(roles)
  /// People and devices of one answer.
  static let limit = 20
  /// Places of an answer that devices get even where many people are found.
  private static let keptForDevices = 8
  /// Devices of each person of an answer.
  private static let mostHeld = 10

  let database: any Database
  let registry: DeviceRegistry
  let people: any PeopleSearch
  let recent = RecentViews()

  package init(database: any Database, registry: DeviceRegistry, people: any PeopleSearch) {
    (self.database, self.registry, self.people) = (database, registry, people)
  }

  /// What was found.
  struct Found: Sendable {
    var people: [SearchedPerson] = []
    /// Whether there are more people than are told.
    var hasMorePeople = false
    /// By whose they are, those in repair included.
    var held: [PersonID: [FoundDevice]] = [:]
    /// People with devices that are not told: at schools that the caller does not see, or past the most of a person.
    var holdMore: Set<PersonID> = []
    var devices: [FoundDevice] = []
    /// Whether there are serials that were not looked through for a part of one.
    var leavesSerials = false
    /// Who has one of `devices`, where the caller sees people there.
    var holders: [PersonID: SearchedPerson] = [:]
    var schools: [SchoolPlace: String] = [:]

    /// The one device that is meant: nothing else was found, or only the one person who has it.
    var only: DeviceID? {
      guard holdMore.isEmpty else { return nil }
      let own = people.map { Set((held[$0.id] ?? []).map(\.device.id)) }
      let all = Set(devices.map(\.device.id)).union(own.first ?? [])
      return all.count == 1 && people.count <= 1 && own.allSatisfy { $0 == all } ? all.first : nil
    }
  }

  /// What a caller sees, by role and by what the call asks for.
  fileprivate struct Reach: Sendable {
    let devices: TenantScope
    let deviceSchools: [DistrictID: Set<SchoolID>]?
    /// nil where the caller sees no people.
    let people: TenantScope?
    let schools: [DistrictID: Set<SchoolID>]

    init(_ call: Call, _ context: OperatorContext) throws(ServingError) {
      devices = try context.scope.narrowed(by: call)
      deviceSchools = context.schools
      schools = context.caller?.schools(of: DeskSearch.peopleRoles) ?? [:]
      switch (context.caller?.scopeWithSchools(of: DeskSearch.peopleRoles), devices) {
      case (nil, _): people = nil
      case (.state?, let devices): people = devices
      case (let seen?, .state): people = seen
      case (.districts(let seen)?, .districts(let asked)):
        let both = seen.intersection(asked)
        people = both.isEmpty ? nil : .districts(both)
      }
    }

    func shows(_ person: SearchedPerson) -> Bool {
      guard people?.contains(person.district) == true else { return false }
      guard let allowed = schools[person.district] else { return true }
      return person.school.map(allowed.contains) ?? false
    }
  }

  /// Looks for `text`, and journals who is shown.
  ///
  /// - Throws: `audit.purpose-required`, `request.query`, `request.not-found`.
  func found(_ text: String, _ call: Call, _ context: OperatorContext) async throws -> Found {
    guard !SearchedText.isTooLong(text) else {
      throw ServingError(
        .query, "What is looked for has at most \(SearchedText.longest) characters. Take the rarest word of it.")
    }
    let reach = try Reach(call, context)
    let reason = reach.people == nil ? nil : try StudentViews.reason(call, context)
    let found = try await database.read(in: reach.devices) { transaction in
      try registry.requireDistrict(of: reach.devices, in: transaction)
      return try self.found(text, reach, transaction)
    }
    guard let reason else { return found }
    let shown = (found.people + found.holders.values.sorted { $0.id < $1.id }).map {
      (district: $0.district, person: $0.id)
    }
    // Somebody may hold one role here and another there, each for a purpose of its own.
    let purposes = Dictionary(grouping: shown) { reason.purpose(in: $0.district) }
    for (purpose, those) in purposes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      try await recent.record(those, purpose: purpose, call, context, on: database)
    }
    return found
  }

  private func found(_ text: String, _ reach: Reach, _ transaction: any Transaction) throws -> Found {
    var found = Found()
    guard text.contains(where: { !$0.isWhitespace }) else { return found }
    if let scope = reach.people {
      // One more than is told, to know whether there are more.
      found.people = try people.people(
        matching: text, in: scope, schools: reach.schools, limit: Self.limit + 1, transaction)
    }
    var devices = try registry.search(
      text, in: reach.devices, schools: reach.deviceSchools, limit: Self.limit, transaction)
    if devices.isEmpty, found.people.isEmpty {
      let parts = try registry.search(
        part: text, in: reach.devices, schools: reach.deviceSchools, limit: Self.limit, transaction)
      (devices, found.leavesSerials) = (parts.devices, !parts.isWhole)
    }
    let places = Self.limit - min(devices.count, Self.keptForDevices)
    found.hasMorePeople = found.people.count > places
    found.people = Array(found.people.prefix(places))
    found.devices = Array(devices.prefix(Self.limit - found.people.count))
    let held = try registry.search(
      heldBy: found.people.map { ($0.district, $0.id) }, limit: Self.mostHeld + 1, transaction)
    for (person, all) in held {
      // A student's device may stand at a school that the caller does not see.
      let shown = all.filter { reach.shows($0.device) }.prefix(Self.mostHeld)
      found.held[person] = Array(shown)
      if shown.count < all.count { found.holdMore.insert(person) }
    }
    let holders = found.devices.compactMap { device -> PersonID? in
      guard case .person(let id)? = device.holder, reach.people?.contains(device.device.district) == true else {
        return nil
      }
      return id
    }
    if let scope = reach.people, !holders.isEmpty {
      for person in try people.people(Set(holders).sorted(), in: scope, transaction) where reach.shows(person) {
        found.holders[person.id] = person
      }
    }
    found.schools = try registry.schoolNames(found.schoolPlaces, transaction)
    return found
  }
}

extension DeskSearch.Reach {
  fileprivate func shows(_ device: Device) -> Bool {
    guard let allowed = deviceSchools?[device.district] else { return true }
    return device.school.map(allowed.contains) ?? false
  }
}

extension DeskSearch.Found {
  fileprivate var schoolPlaces: Set<SchoolPlace> {
    let all = devices + held.values.flatMap { $0 }
    let ofDevices = all.map { ($0.device.district, $0.device.school) }
    let ofPeople = (people + holders.values).map { ($0.district, $0.school) }
    return Set(
      (ofDevices + ofPeople).compactMap { district, school in
        school.map { SchoolPlace(district: district, school: $0) }
      })
  }
}
