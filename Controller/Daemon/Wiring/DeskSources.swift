import CheckIn
import HelpDesk
import Roster
import Storage
import Vocabulary
import Wire

/// What devices told, as the help desk's pages ask for it.
struct DeskMachines: MachineSource {
  let checkIns: CheckIns

  func told(by device: DeviceID, in district: DistrictID, _ transaction: any Transaction) throws -> MachineTold? {
    let (facts, readings) = try StoredFacts().toldWithReadings(by: device, in: district, transaction)
    guard facts != Facts() else { return nil }
    var told = MachineTold(facts)
    told.readings = readings.map(MachineReading.init)
    told.batteryReplacedUnder = Int(checkIns.thresholds.batteryPercent.failing)
    told.diskReplacedAt = Int(checkIns.thresholds.diskUsedPercent.failing)
    return told
  }

  func software(
    of device: DeviceID, in district: DistrictID, after: String?, containing text: String, limit: Int,
    _ transaction: any Transaction
  ) throws -> [InstalledTitle]? {
    try checkIns.packages(of: device, in: district, after: after, containing: text, limit: limit, transaction)?
      .map { InstalledTitle(name: $0.name, version: $0.version, place: $0.line) }
  }
}

extension MachineTold {
  init(_ facts: Facts) {
    self.init()
    take(facts)
    takeLinks(facts.vitals, facts.hardware)
    takeParts(facts)
    isRestartPending = facts.system?.rebootPending ?? false
  }

  private mutating func take(_ facts: Facts) {
    // As a reading has them, so that a week's number and today's mean the same.
    let reading = HealthReading(facts, at: Instant(milliseconds: 0))
    batteryPercent = reading.batteryPercent
    diskUsedPercent = reading.diskUsedPercent
    spaceFreePercent = reading.spaceFreePercent
    memoryFreePercent = reading.memoryFreePercent
    hottestCelsius = reading.celsius
    let vitals = facts.vitals
    batteryCycles = vitals?.batteries.compactMap(\.cycles).max()
    isDiskFailing = vitals?.disks.contains { $0.healthy == false } ?? false
    isReadOnly = vitals?.fileSystems.contains { $0.mount == "/" && $0.readOnly } ?? false
    updatesWaiting = vitals?.updatesAvailable
  }

  private mutating func takeLinks(_ vitals: VitalFacts?, _ hardware: HardwareFacts?) {
    for link in vitals?.links ?? [] where link.up {
      switch hardware?.adapters.first(where: { $0.name == link.name })?.kind {
      case "wifi":
        links.insert(.wireless)
        signal = link.signalDBm
      case "ethernet": links.insert(.cable)
      default: links.insert(.other)
      }
    }
  }

  private mutating func takeParts(_ facts: Facts) {
    let hardware = facts.hardware
    let encrypted = facts.system?.rootEncrypted.map { $0 ? "yes" : "no" }
    let memory = hardware?.memoryBytes.flatMap(Self.gibibytes)
    let plain: [(String, String?)] = [
      ("System", facts.system?.osName), ("Kernel", facts.system?.kernel), ("Disk encrypted", encrypted),
      ("Processor", hardware?.processor?.model), ("Memory", memory), ("TPM", hardware?.tpmVersion),
    ]
    parts = plain.compactMap { name, value in value.map { Part(name, $0) } }
    for disk in (hardware?.disks ?? []).prefix(8) {
      let size = disk.bytes.flatMap(Self.gibibytes)
      parts.append(
        Part("Disk", [disk.model ?? disk.name, size, disk.serial].compactMap(\.self).joined(separator: ", ")))
    }
    let named: [(String, [String]?)] = [
      ("Graphics", hardware?.graphics?.map { $0.model ?? $0.name }),
      ("Camera", hardware?.cameras?.map { $0.model ?? $0.name }),
      ("Sound", hardware?.audio?.map { $0.model ?? $0.name }),
    ]
    for (title, names) in named {
      guard let names else { continue }
      parts.append(Part(title, names.isEmpty ? "none" : names.prefix(4).joined(separator: ", ")))
    }
    if let bluetooth = hardware?.bluetooth { parts.append(Part("Bluetooth", bluetooth ? "yes" : "no")) }
    if let boot = facts.system?.bootMilliseconds, boot >= 0 {
      parts.append(Part("Last start took", "\(boot / 1000) s"))
    }
  }

  private static func gibibytes(_ bytes: Int64) -> String? {
    bytes > 0 ? "\(max(1, (bytes >> 29) / 2 + (bytes >> 29) % 2)) GiB" : nil
  }
}

extension MachineReading {
  init(_ reading: HealthReading) {
    self.init(monday: reading.monday)
    batteryPercent = reading.batteryPercent
    diskUsedPercent = reading.diskUsedPercent
    spaceFreePercent = reading.spaceFreePercent
    memoryFreePercent = reading.memoryFreePercent
    hottestCelsius = reading.celsius
  }
}

/// The people of the roster, as the help desk's pages ask for them.
struct DeskRoster: PeopleSource {
  private let roster = RosterDirectory()
  private let desk: RosterDesk

  init(desk: RosterDesk) { self.desk = desk }

  func people(
    _ ids: [PersonID], of district: DistrictID, _ transaction: any Transaction
  ) throws -> [PersonID: DeskPerson] {
    try roster.people(ids, in: district, transaction).mapValues(DeskPerson.init)
  }

  func student(numbered number: String, of district: DistrictID, _ transaction: any Transaction) throws -> DeskPerson? {
    try roster.people(numbered: [number], in: district, transaction)[number]
      .flatMap { $0.isActive && $0.role == .student ? DeskPerson($0) : nil }
  }

  func classes(of person: PersonID, in district: DistrictID, _ transaction: any Transaction) throws -> [String] {
    guard let known = try roster.person(person, in: district, transaction) else { return [] }
    return try roster.classes(of: known, transaction).map { $0.title.isEmpty ? $0.id : $0.title }
  }

  /// A page with devices on it is shown also where the key is another one.
  func demographics(
    of person: PersonID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> DeskDemographics? {
    do {
      return try desk.demographics(of: person, in: district, transaction).map {
        DeskDemographics(birthDate: $0.birthDate, sex: $0.sex)
      }
    } catch let error as RosterError where error.kind == .contactKey {
      return DeskDemographics(birthDate: nil, sex: nil, isUnreadable: true)
    }
  }
}

extension DeskPerson {
  init(_ person: RosterPerson) {
    self.init(
      id: person.id, name: person.name, number: person.number, isStudent: person.role == .student,
      grades: person.grades, school: person.school, hasLeft: !person.isActive)
  }
}
