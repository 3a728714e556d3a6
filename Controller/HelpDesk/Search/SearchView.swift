import Registry
import Serving
import Vocabulary

/// What a search found, as the API shows it.
struct SearchView: Encodable, Sendable {
  struct Person: Encodable, Sendable {
    let id: PersonID
    let district: DistrictID
    let name: String
    let registeredName: String?
    let number: String?
    let role: String
    let grades: [String]
    let school: SchoolID?
    let schoolName: String?
    let hasLeft: Bool
    let match: String?
    /// nil of who has a device that was searched for.
    let devices: [Device]?
    /// Whether devices of theirs are not told: at schools that the caller does not see, or past ten.
    let hasMoreDevices: Bool?

    init(_ person: SearchedPerson, _ found: DeskSearch.Found, devices: [Device]?) {
      (id, district, name, registeredName) = (person.id, person.district, person.name, person.registered)
      (number, grades, school, hasLeft) = (person.number, person.grades, person.school, person.hasLeft)
      role = person.isStudent ? "student" : "staff"
      schoolName = found.schoolName(person.school, of: person.district)
      match = person.match
      self.devices = devices
      hasMoreDevices = devices.map { _ in found.holdMore.contains(person.id) }
    }
  }

  struct Device: Encodable, Sendable {
    let id: DeviceID
    let district: DistrictID
    let school: SchoolID?
    let schoolName: String?
    let serial: String?
    let assetTag: String?
    let hostname: String?
    let model: String?
    let stage: Stage?
    let custody: Custody?
    let health: Health.Verdict
    let lastContact: String?
    let holder: ShownHolder?
    let match: FoundDevice.Match?
    /// Who has it, where the caller sees people and the device is no part of a person.
    let person: Person?

    init(_ found: FoundDevice, _ all: DeskSearch.Found, person: Person?, to caller: Caller?) {
      let device = found.device
      let seesPeople = caller?.seesPeople(in: device.district, at: device.school) == true
      (id, district, school) = (device.id, device.district, device.school)
      schoolName = all.schoolName(device.school, of: device.district)
      (serial, assetTag, hostname, model) = (device.serial, device.assetTag, device.hostname, device.model)
      (stage, custody, health) = (device.stage, device.custody, found.health)
      lastContact = found.lastContact?.rfc3339
      holder = found.holder.map { ShownHolder($0, seesPeople: seesPeople) }
      (match, self.person) = (found.match, person)
    }
  }

  let people: [Person]
  /// Whether there are more people than are told.
  let hasMorePeople: Bool
  let devices: [Device]
  /// Whether there are serials that were not looked through for a part of one.
  let leavesSerials: Bool

  init(_ found: DeskSearch.Found, to caller: Caller?) {
    leavesSerials = found.leavesSerials
    hasMorePeople = found.hasMorePeople
    people = found.people.map { person in
      Person(person, found, devices: (found.held[person.id] ?? []).map { Device($0, found, person: nil, to: caller) })
    }
    devices = found.devices.map { device in
      guard case .person(let id)? = device.holder else { return Device(device, found, person: nil, to: caller) }
      return Device(device, found, person: found.holders[id].map { Person($0, found, devices: nil) }, to: caller)
    }
  }

  private static let deviceFields: [(name: String, schema: Schema)] = [
    ("id", .string("The device's id")), ("district", .string("Its district's id")),
    ("school", .string("Its school's id")), ("schoolName", .string("Its school's name")),
    ("serial", .string("The manufacturer's serial number")), ("assetTag", .string("The owner's own number")),
    ("hostname", .string("As it last said")), ("model", .string("As people named it, or as its firmware does")),
    ("stage", .oneOf(Stage.allCases.map(\.rawValue), "What has been done to it, by the ledger")),
    ("custody", .oneOf(Custody.allCases.map(\.rawValue), "Who answers for it, by the ledger")),
    ("health", .oneOf(Health.Verdict.allCases.map(\.rawValue), "The worst of what was looked at")),
    ("lastContact", .dateTime("Its last check-in")),
    (
      "holder",
      .string(
        "Who has it: person:per_… (person alone for roles that see no students), school:north, district, warehouse, vendor:Depot"
      )
    ),
    (
      "match",
      .oneOf(FoundDevice.Match.allCases.map(\.rawValue), "Why it was found; absent of a person's devices")
    ),
  ]

  private static func person(with more: [(name: String, schema: Schema)]) -> Schema {
    .object(
      [
        ("id", .string("The person's id")), ("district", .string("The district's id")),
        ("name", .string("As people call them")), ("registeredName", .string("As they are registered, if differently")),
        ("number", .string("The district's number of them")),
        ("role", .oneOf(["student", "staff"], "What they are to the district")),
        ("grades", .array(.string("A grade, as the source writes it"))),
        ("school", .string("The id of their main school")), ("schoolName", .string("Its name")),
        ("hasLeft", .boolean("Whether the source tells of them no more")),
        (
          "match",
          .oneOf(
            ["number", "email", "guardian", "name", "beginning", "similar"],
            "Why they were found: exactly by number or contact; by name as written, begun, or a typing error away")
        ),
      ] + more, required: ["id", "district", "name", "role", "grades", "hasLeft"])
  }

  static let schema = Schema.object(
    [
      (
        "people",
        .array(
          person(with: [
            ("devices", .array(.object(deviceFields, required: ["id", "district", "health"]))),
            (
              "hasMoreDevices",
              .boolean(
                "Whether there are devices that are not told: at schools that the caller does not see, or past ten")
            ),
          ]))
      ),
      ("hasMorePeople", .boolean("Whether there are more people than are told")),
      (
        "devices",
        .array(
          .object(
            deviceFields + [("person", person(with: []))], required: ["id", "district", "health"]))
      ),
      (
        "leavesSerials",
        .boolean(
          "Whether there are serials that were not looked through for a part of one: type its beginning or its last characters"
        )
      ),
    ], required: ["people", "hasMorePeople", "devices", "leavesSerials"])
}

extension DeskSearch.Found {
  func schoolName(_ school: SchoolID?, of district: DistrictID) -> String? {
    school.flatMap { schools[SchoolPlace(district: district, school: $0)] }
  }
}
