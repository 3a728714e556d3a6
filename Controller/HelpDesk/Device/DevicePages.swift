import Audit
import HTTPTypes
package import Registry
package import Serving
package import Storage
import Vocabulary
package import Web

/// The pages of devices and of who has them: made from the registry, the ports of this folder, and the shell.
package struct DevicePages: Sendable {
  let database: any Database
  let registry: DeviceRegistry
  let shell: Shell
  let machines: any MachineSource
  let people: any PeopleSource
  let accounts: any AccountSource

  package init(
    database: any Database, registry: DeviceRegistry, shell: Shell, machines: any MachineSource,
    people: any PeopleSource, accounts: any AccountSource
  ) {
    (self.database, self.registry, self.shell) = (database, registry, shell)
    (self.machines, self.people, self.accounts) = (machines, people, accounts)
  }

  package static let places = [
    Place(
      "Give out, take back", ManyPages.place, "Many devices at once: a class, or a file",
      .scoped(ManyPages.roles))
  ]

  package static let templates: [String: String] = [
    "device": PackageResources.device_mustache, "device-health": PackageResources.device_health_mustache,
    "device-readings": PackageResources.device_readings_mustache,
    "device-software": PackageResources.device_software_mustache, "device-move": PackageResources.device_move_mustache,
    "desk-purpose": PackageResources.desk_purpose_mustache, "desk-person": PackageResources.desk_person_mustache,
    "desk-field": PackageResources.desk_field_mustache,
    "desk-many": PackageResources.desk_many_mustache, "desk-districts": PackageResources.desk_districts_mustache,
  ].mapValues { String(decoding: $0, as: UTF8.self) }

  package var peopleRoutes: [PeopleRoute] {
    [
      .deskPage(
        .get, "/devices/{device}", .scopedSchools(AccessRule.anyReader), "showDevicePage",
        "A device: whether it is well, who has it, and what can be done",
        query: ["done", "q", "after", "story"]
      ) { try await show($0, $1) }
    ] + MovePages(desk: self).routes + PersonPages(desk: self).routes + ManyPages(desk: self).routes
  }
}

extension PeopleRoute {
  /// A page, with the query parameters that it reads.
  static func deskPage(
    _ method: HTTPRequest.Method, _ path: String, _ rule: AccessRule, _ id: String, _ summary: String,
    query: [String] = [], bodyLimit: Int = 16 << 10, handle: @escaping Handler
  ) -> PeopleRoute {
    PeopleRoute(
      method, path, rule, Operation(id, summary, query: query.map { .init($0, "") }), bodyLimit: bodyLimit,
      isPage: true,
      handle: handle)
  }
}

extension DevicePages {
  /// What a device's page shows, read at once.
  struct Found: Sendable {
    let dossier: DeviceDossier
    let told: MachineTold?
    let software: [InstalledTitle]?
    /// What the network of the last contact is called.
    let origin: String?
  }

  /// Changes that the page shows.
  private static let changesShown = 12
  static let softwareShown = 25

  /// - Throws: `request.not-found`, for another tenant's or another school's as for none.
  func found(
    _ device: DeviceID, _ context: OperatorContext, software: (after: String?, text: String) = (nil, "")
  ) async throws -> Found {
    try await database.read(in: context.scope) { [registry, machines] transaction in
      guard
        let dossier = try registry.dossier(
          of: device, in: context.scope, changes: Self.changesShown, transaction),
        context.shows(dossier.device.school, of: dossier.device.district)
      else { throw ServingError.notFound }
      let district = dossier.device.district
      return Found(
        dossier: dossier, told: try machines.told(by: device, in: district, transaction),
        software: try machines.software(
          of: device, in: district, after: software.after, containing: software.text, limit: Self.softwareShown + 1,
          transaction),
        origin: registry.networkWords(dossier.contact?.network, in: district))
    }
  }

  private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let done = try call.query("done").flatMap(CustodyMove.Kind.init(rawValue:)).map(CustodyWords.done)
    return try await page(of: try call.identifier("device"), call, context, notice: done)
  }

  func page(
    of device: DeviceID, _ call: Call, _ context: OperatorContext, notice: String? = nil
  ) async throws -> Reply {
    let search = try SoftwareSearch(call)
    let found = try await found(device, context, software: (search.after, search.text))
    let part = try StoryPart(call)
    let names = try await names(in: found.dossier, part, call, context)
    let actors = try await ActorWords(
      Set(part.steps(of: found.dossier.story).map(\.entry.actor)), in: found.dossier.device.district,
      to: context.caller, account: accounts.account)
    let model = DeviceModel(
      found, names: names, actors: actors, search: search, part: part, context: context, path: call.path, now: call.now)
    return try shell.page("device", model, Shell.Heading(model.title, notice: notice), context)
  }

  /// Who may be named on the device's page, by name; the look is journalled.
  private func names(
    in dossier: DeviceDossier, _ part: StoryPart, _ call: Call, _ context: OperatorContext
  ) async throws -> SeenNames {
    let steps = part.steps(of: dossier.story)
    var persons: Set<PersonID> = []
    let holders =
      [dossier.standing.holder, dossier.standing.owner] + steps.flatMap { [$0.from, $0.to] }
      + Array(dossier.standing.owed.keys)
    for case .person(let id)? in holders { persons.insert(id) }
    return try await seen(
      persons, of: dossier.device.district, school: dossier.device.school, device: dossier.device.id, as: .devicePage,
      call, context)
  }
}

/// Names that a page may show.
struct SeenNames: Sendable {
  enum Access: Sendable, Hashable {
    /// They are shown, and the look is journalled.
    case shown
    /// The role sees students, once it is said why.
    case asksPurpose
    /// The role sees no students.
    case none
  }

  let access: Access
  let people: [PersonID: DeskPerson]
  /// Of schools that the caller does not see.
  var hidden: Set<PersonID> = []

  /// A person in words, for who may know them or not.
  func words(_ id: PersonID) -> String {
    guard access == .shown, !hidden.contains(id) else { return "a student or a member of staff" }
    guard let person = people[id] else { return "somebody whom the roster does not know any more" }
    return ShownText.inSentence(person.name)
  }
}

extension DevicePages {
  /// The people's names, where the caller's role sees students there and it is known why they look; each look is an entry of
  /// the journal, in the transaction that reads the names.
  func seen(
    _ persons: Set<PersonID>, of district: DistrictID, school: SchoolID?, device: DeviceID?,
    as what: StudentViews.Look.Place, _ call: Call, _ context: OperatorContext
  ) async throws -> SeenNames {
    guard let caller = context.caller, caller.holds(AccessRule.studentReaders, in: district, at: school) else {
      return SeenNames(access: .none, people: [:])
    }
    let purpose: ViewPurpose
    do { purpose = try StudentViews.purpose(call, context, in: district) } catch let error as AuditError
      where error.kind == .purposeRequired
    { return SeenNames(access: .asksPurpose, people: [:]) }
    guard !persons.isEmpty else { return SeenNames(access: .shown, people: [:]) }
    let (people, hidden) = try await database.write(in: .district(district)) { [people] transaction in
      let known = try people.people(persons.sorted(), of: district, transaction)
      // A device goes through hands of other schools too; whoever sees one school sees its people alone.
      let found = known.filter { caller.holds(AccessRule.studentReaders, in: district, at: $0.value.school) }
      // Each is an entry of their own, found by them.
      try StudentViews.record(
        found.keys.sorted().map { person in
          StudentViews.Look(
            .person, of: [person], in: district, purpose: purpose, by: caller.principal, at: call.now, device: device,
            seen: what)
        }, in: transaction)
      return (found, Set(known.keys).subtracting(found.keys))
    }
    return SeenNames(access: .shown, people: people, hidden: hidden)
  }
}

/// What is searched for in a device's software.
struct SoftwareSearch: Sendable {
  let text: String
  let after: String?

  /// - Throws: `request.query`.
  init(_ call: Call) throws(ServingError) {
    guard call.method == .get else {
      (text, after) = ("", nil)
      return
    }
    text = try call.query("q") ?? ""
    after = try call.query("after")
    guard text.utf8.count <= 200, (after ?? "").utf8.count <= 2000 else {
      throw ServingError(.query, "What is searched for has 1 to 200 characters.")
    }
  }
}
