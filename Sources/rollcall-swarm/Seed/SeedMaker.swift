import Audit
import CheckIn
import Crypto
import Enrollment
import Registry
import Vocabulary
import Wire
import X509

/// Makes the devices of one part of a batch: key, certificate, facts, ledger.
struct SeedMaker {
  /// A part of a batch, put in by one transaction.
  struct Part: Sendable {
    let district: StatePlan.District
    let batch: SettledBatch
    let devices: Range<Int>
  }

  /// All rows of a part, and its devices as the fleet file keeps them.
  struct Made: Sendable {
    var devices: [SettledDevice] = []
    var enrollments: [SettledEnrollment] = []
    var checkIns: [PreparedCheckIn] = []
    var simulated: [SimulatedDevice] = []
  }

  static let agent = "0.1.0-swarm"

  let part: Part
  let stores: SeedStores
  let now: Instant
  private var facts: FactMaker

  init(part: Part, stores: SeedStores, seed: UInt64, table: HardwareTable, sets: SoftwareSets, now: Instant) {
    self.part = part
    self.stores = stores
    self.now = now
    facts = FactMaker(seed: seed, table: table, sets: sets)
  }

  static func id(of index: Int, seed: UInt64) -> DeviceID {
    var random = SeededRandom(seed: seed, stream: UInt64(index) &+ 0x1d)
    return DeviceID(random: random.bytes(10))
  }

  mutating func make() async throws -> Made {
    var made = Made()
    for index in part.devices { try await add(index, to: &made) }
    return made
  }

  private mutating func add(_ index: Int, to made: inout Made) async throws {
    let seed = facts.seed
    let identity = DeviceIdentity(index: index, seed: seed)
    let id = Self.id(of: index, seed: seed)
    guard let serial = Serial(identity.serial) else { throw SwarmError("\(identity.serial) is no serial.") }
    var random = SeededRandom(seed: seed, stream: UInt64(index) &+ 0x71fe)
    let number = index - part.district.devices.lowerBound
    let enrolledAt = now.advanced(by: .seconds(-86_400 - random.below(20 * 86_400)))
    let key = try identity.privateKey()
    let certificate = try stores.authority.issue(
      to: id, of: part.district.id, serial: serial, key: Certificate.PublicKey(key.publicKey), now: enrolledAt)

    var device = SimulatedDevice(index: index, leaf: certificate.der, sequence: 1)
    device.base = part.district.bases[number % part.district.bases.count]
    let checkIn = try checkIn(
      &device, identity, id, key: certificate.key, at: now.advanced(by: .seconds(-random.below(3600))))
    let prepared = try await stores.checkIns.prepare(checkIn)
    let school = number % 20 == 19 ? nil : part.district.schools[random.below(part.district.schools.count)].id
    let enrollment = SettledEnrollment(
      device: id, serial: serial, assetTag: "RC" + padded(UInt64(index), 7), certificate: certificate, at: enrolledAt)
    made.devices.append(
      SettledDevice(
        id: id, school: school, assetTag: enrollment.assetTag, vendor: checkIn.facts.identity?.vendor,
        model: checkIn.facts.identity?.product, hostname: checkIn.facts.system?.hostname,
        claim: ClaimedIdentity(
          serial: identity.serial, uuid: identity.uuid, boardSerial: identity.boardSerial,
          builtInMACs: [identity.mac]),
        key: enrollment.key, listedAt: part.batch.at, enrolledAt: enrolledAt,
        events: events(enrollment, random.below(100)), contact: prepared.contact))
    made.enrollments.append(enrollment)
    made.checkIns.append(prepared)
    made.simulated.append(device)
  }

  /// Of a hundred, 25 stand in the warehouse, 15 are with the district, 45 in service at a school, 15 with a student.
  private func events(_ enrollment: SettledEnrollment, _ share: Int) -> [LedgerEvent] {
    let place: (stage: Stage?, custody: Custody?) =
      switch share {
      case ..<25: (nil, nil)
      case ..<40: (.delivered, .district)
      case ..<85: (.inService, .school)
      default: (.assigned, .person)
      }
    let batch = "batch:\(part.batch.id)"
    return [
      LedgerEvent(.expected, at: part.batch.at, actor: .principal(part.batch.by), evidence: batch),
      LedgerEvent(
        .enrolled, at: enrollment.at, actor: .enrollmentToken(part.batch.token), stage: place.stage,
        custody: place.custody, evidence: LedgerEvent.evidence(of: enrollment.certificate.key, batch)),
    ]
  }

  private mutating func checkIn(
    _ device: inout SimulatedDevice, _ identity: DeviceIdentity, _ id: DeviceID, key: Vocabulary.Digest, at: Instant
  ) throws -> SettledCheckIn {
    let model = facts.table.models[facts.modelNumber(of: device.index)]
    var told = Facts()
    told.identity = DeviceFacts.identity(identity, model)
    told.hardware = DeviceFacts.hardware(identity, model)
    told.system = DeviceFacts.system(identity)
    told.vitals = DeviceFacts.vitals(
      model, variant: device.variant, disk: .of(identity), condition: .of(identity))
    var bodies: [FactSection: [UInt8]] = [:]
    var hashes: [FactSection: Vocabulary.Digest] = [:]
    for section in FactSection.allCases where section != .software {
      let encoded = try facts.encoded(section, of: device)
      (bodies[section], hashes[section]) = (encoded.json, encoded.hash)
    }
    let software = facts.software(of: device)
    hashes[.software] = try FactMaker.digest(software)
    device.hashes = hashes
    return SettledCheckIn(
      district: part.district.id, device: id, key: key, at: at, agent: Self.agent, facts: told, bodies: bodies,
      software: software, hashes: hashes)
  }
}
