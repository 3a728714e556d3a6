package import Access
import HTTPTypes
import Serving
package import Storage
package import Vocabulary

/// What a machine told of itself last, as far as its page shows it; what is nil was not told.
package struct MachineTold: Sendable, Hashable {
  package enum Link: String, Sendable, Hashable, CaseIterable { case cable, wireless, other }

  /// What the weakest battery holds of what it did when new, percent.
  package var batteryPercent: Int?
  package var batteryCycles: Int?
  /// Whether a disk says of itself that it fails.
  package var isDiskFailing = false
  /// Endurance that the most worn disk has used up, percent.
  package var diskUsedPercent: Int?
  /// Free on the fullest file system, percent.
  package var spaceFreePercent: Int?
  /// Whether the system cannot write to its own disk.
  package var isReadOnly = false
  /// The hottest part, °C.
  package var hottestCelsius: Int?
  package var memoryFreePercent: Int?
  package var isRestartPending = false
  package var updatesWaiting: Int?
  /// The kinds of links that were up.
  package var links: Set<Link> = []
  /// Of the wireless link, dBm.
  package var signal: Int?
  /// What it is made of and runs, by names such as `Processor`, in the order in which they are shown.
  package var parts: [Part] = []
  /// Installed packages.
  package var packages: Int?
  /// Week by week, oldest first.
  package var readings: [MachineReading] = []
  /// What a battery holds, percent, under which it is to be replaced.
  package var batteryReplacedUnder = 40
  /// A disk's endurance used up, percent, at which it is to be replaced.
  package var diskReplacedAt = 100

  package init() {}

  package struct Part: Sendable, Hashable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }
}

/// What was measured of a machine in one week; what is nil was not told.
package struct MachineReading: Sendable, Hashable {
  /// The week's first day, in days since 1970-01-01.
  package let monday: Int64
  package var batteryPercent: Int?
  package var diskUsedPercent: Int?
  package var spaceFreePercent: Int?
  package var memoryFreePercent: Int?
  package var hottestCelsius: Int?

  package init(monday: Int64) { self.monday = monday }
}

/// Where a device's page asks for what the machine told; the feature that keeps it answers.
package protocol MachineSource: Sendable {
  /// nil where it never told anything.
  func told(by device: DeviceID, in district: DistrictID, _ transaction: any Transaction) throws -> MachineTold?

  /// Up to `limit` installed packages whose place is behind `after` and whose name contains `text`; nil where it never
  /// told its software.
  func software(
    of device: DeviceID, in district: DistrictID, after: String?, containing text: String, limit: Int,
    _ transaction: any Transaction
  ) throws -> [InstalledTitle]?
}

/// An installed package.
package struct InstalledTitle: Sendable, Hashable {
  package let name: String
  package let version: String
  /// For `after`.
  package let place: String

  package init(name: String, version: String, place: String) {
    (self.name, self.version, self.place) = (name, version, place)
  }
}

/// A student or a member of staff, as the desk shows them.
package struct DeskPerson: Sendable, Hashable {
  package let id: PersonID
  package let name: String
  /// The district's number of them.
  package let number: String?
  package let isStudent: Bool
  package let grades: [String]
  package let school: SchoolID?
  package let hasLeft: Bool

  package init(
    id: PersonID, name: String, number: String?, isStudent: Bool, grades: [String], school: SchoolID?, hasLeft: Bool
  ) {
    (self.id, self.name, self.number, self.isStudent) = (id, name, number, isStudent)
    (self.grades, self.school, self.hasLeft) = (grades, school, hasLeft)
  }
}

/// A person's birth date and sex, where the district keeps them.
package struct DeskDemographics: Sendable, Hashable {
  /// `2015-03-09`.
  package let birthDate: String?
  package let sex: String?
  /// Whether this controller's key does not open what is kept.
  package let isUnreadable: Bool

  package init(birthDate: String?, sex: String?, isUnreadable: Bool = false) {
    (self.birthDate, self.sex, self.isUnreadable) = (birthDate, sex, isUnreadable)
  }
}

/// An account that made a step of a device's story.
package struct DeskAccount: Sendable, Hashable {
  package let name: String
  /// Whether it is no program's.
  package let isPerson: Bool
  /// Where it holds a role.
  package let districts: Set<DistrictID>

  package init(name: String, isPerson: Bool, districts: Set<DistrictID>) {
    (self.name, self.isPerson, self.districts) = (name, isPerson, districts)
  }
}

/// Where pages ask whose an account is.
package protocol AccountSource: Sendable {
  /// nil where there is none.
  func account(_ id: PrincipalID) async throws -> DeskAccount?
}

extension PeopleDesk: AccountSource {
  package func account(_ id: PrincipalID) async throws -> DeskAccount? {
    do {
      let known = try await known(id)
      return DeskAccount(
        name: known.principal.name, isPerson: known.principal.kind == .person,
        districts: Set(known.grants.compactMap(\.district)))
    } catch let error as ServingError where error.status == .notFound { return nil }
  }
}

/// Where pages ask who is who; the feature that keeps the roster answers.
package protocol PeopleSource: Sendable {
  func people(
    _ ids: [PersonID], of district: DistrictID, _ transaction: any Transaction
  ) throws -> [PersonID: DeskPerson]

  /// The student with this number who has not left.
  func student(numbered number: String, of district: DistrictID, _ transaction: any Transaction) throws -> DeskPerson?

  /// The titles of the classes that somebody is in.
  func classes(of person: PersonID, in district: DistrictID, _ transaction: any Transaction) throws -> [String]

  /// nil where none are kept of them. Only for who may see guardians' contacts too.
  func demographics(
    of person: PersonID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> DeskDemographics?
}
