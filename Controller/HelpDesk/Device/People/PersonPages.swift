import HTTPTypes
import Registry
import Serving
import Vocabulary
import Web

/// A student or a member of staff: school, classes, and the devices that they have and had.
struct PersonPages: Sendable {
  let desk: DevicePages

  private static let path = "/districts/{district}/persons/{person}"

  static func address(_ person: PersonID, _ district: DistrictID) -> String {
    "/districts/\(district)/persons/\(person)"
  }

  var routes: [PeopleRoute] {
    [
      .deskPage(
        .get, Self.path, .school(AccessRule.studentReaders), "showDeskPerson",
        "A person of the roster with the devices that they have and had; the look is journalled", handle: show)
    ]
  }

  private struct Row: Sendable {
    let title: String
    let address: String
    let stage: String
    let mood: String
    let since: Moment
    let until: Moment?
    /// Whether its page may be seen.
    let isHere: Bool
  }

  private struct Model: Sendable {
    let asksPurpose: Bool
    let purposes: [PurposeRow]
    let here: String
    let isShown: Bool
    let details: String
    let school: String?
    let district: String
    let classes: [String]
    let hasClasses: Bool
    /// nil where none are kept, or the role sees none.
    let born: String?
    let sex: String?
    let now: [Row]
    let before: [Row]
  }

  /// What is read before anybody is named.
  private struct Found: Sendable {
    let school: SchoolID?
    let schoolName: String?
    let district: String
    let classes: [String]
    let tenures: [DeviceTenure]
    let devices: [DeviceID: Device]
  }

  @Sendable private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, id): (DistrictID, PersonID) = (try call.identifier("district"), try call.identifier("person"))
    let found = try await find(id, district, context)
    let seen = try await desk.seen(
      [id], of: district, school: found.school, device: nil, as: .personPage, call, context)
    let person = seen.people[id]
    var demographics: DeskDemographics?
    if person != nil { demographics = try await self.demographics(of: id, in: district, context) }
    func rows(_ tenures: [DeviceTenure]) -> [Row] {
      tenures.map { tenure in
        let device = found.devices[tenure.device].flatMap { context.shows($0.school, of: district) ? $0 : nil }
        return Row(
          title: device.map(DeviceModel.title) ?? "A device at another school", address: "/devices/\(tenure.device)",
          stage: CustodyWords.stage(device?.stage), mood: Self.mood(device?.stage), since: Moment(tenure.since),
          until: tenure.until.map(Moment.init), isHere: device != nil)
      }
    }
    let model = Model(
      asksPurpose: seen.access == .asksPurpose, purposes: PurposeRow.all, here: call.path, isShown: person != nil,
      details: person.map(DeviceModel.HolderRow.details) ?? "", school: found.schoolName, district: found.district,
      classes: found.classes, hasClasses: !found.classes.isEmpty,
      born: demographics.flatMap {
        $0.isUnreadable ? "kept, but not opened by this controller’s contact key" : $0.birthDate
      },
      sex: demographics?.sex,
      now: rows(found.tenures.filter { $0.until == nil }), before: rows(found.tenures.filter { $0.until != nil }))
    let title = person.map { ShownText.of($0.name) } ?? "Somebody of the roster"
    return try desk.shell.page("desk-person", model, Shell.Heading(title), context)
  }

  /// For whom the API shows guardians' contacts too; read once the journal's entry of the look stands.
  private func demographics(
    of person: PersonID, in district: DistrictID, _ context: OperatorContext
  ) async throws -> DeskDemographics? {
    guard context.caller?.holds(AccessRule.deviceManagers, in: district) == true else { return nil }
    return try await desk.database.read(in: .district(district)) { [people = desk.people] transaction in
      try people.demographics(of: person, in: district, transaction)
    }
  }

  private static func mood(_ stage: Stage?) -> String {
    switch stage {
    case .lost, .stolen: "failing"
    case .inRepair: "attention"
    default: "well"
    }
  }

  /// - Throws: `request.not-found`, for a person of another school as for none.
  private func find(_ id: PersonID, _ district: DistrictID, _ context: OperatorContext) async throws -> Found {
    try await desk.database.read(in: context.scope) { [desk] transaction in
      guard let person = try desk.people.people([id], of: district, transaction)[id],
        context.shows(person.school, of: district), let place = try desk.registry.district(district, in: transaction)
      else { throw ServingError.missing("person", id, in: district) }
      let tenures = try desk.registry.tenures(of: id, in: district, transaction)
      return Found(
        school: person.school,
        schoolName: try person.school.flatMap { school in
          try desk.registry.schools(of: district, transaction).first { $0.id == school }
        }.map { ShownText.of($0.name) }, district: ShownText.of(place.name),
        classes: try desk.people.classes(of: id, in: district, transaction).map { ShownText.of($0) }, tenures: tenures,
        devices: try desk.registry.devices(tenures.map(\.device), of: district, in: transaction))
    }
  }
}
