import Serving
import Storage
import Vocabulary

/// A device as the API shows it; what is unknown is absent.
struct DeviceView: Encodable, Sendable {
  let id: DeviceID
  let district: DistrictID
  let school: SchoolID?
  let serial: String?
  let assetTag: String?
  let model: String?
  let vendor: String?
  let hostname: String?
  let management: Management
  let stage: Stage?
  let custody: Custody?
  let identity: IdentityStrength
  let keys: [Key]
  let lastContact: String?
  let nextContact: String?
  let agentVersion: String?
  let clockOffsetMilliseconds: Int64?
  let lastNetwork: String?
  let health: Health
  let facts: FactsView?
  let softwareCount: Int?
  let softwareSources: [String: Int]?
  /// Of one device alone, not in lists.
  let standing: StandingView?
  let createdAt: String

  struct Key: Encodable, Sendable {
    let key: Digest
    let state: KeyState
    let reason: String?
    let notAfter: String
    let issuedAt: String
    let lastSeen: String?

    init(_ key: DeviceKey) {
      self.key = key.digest
      state = key.state
      reason = key.reason
      notAfter = key.notAfter.rfc3339
      issuedAt = key.issuedAt.rfc3339
      lastSeen = key.lastSeen?.rfc3339
    }
  }

  /// - Parameter network: what the network of its last contact is called.
  init(
    _ listed: ListedDevice, keys: [DeviceKey], network: String?, facts: DeviceFacts? = nil,
    standing: StandingView? = nil
  ) {
    let device = listed.device
    id = device.id
    district = device.district
    school = device.school
    serial = device.serial
    assetTag = device.assetTag
    model = device.model
    vendor = device.vendor
    hostname = device.hostname
    management = device.management
    stage = device.stage
    custody = device.custody
    identity = device.identity
    self.keys = keys.map(Key.init)
    lastContact = listed.contact?.last.rfc3339
    nextContact = listed.contact?.next.rfc3339
    agentVersion = listed.contact?.agentVersion
    clockOffsetMilliseconds = listed.contact?.clockOffset
    lastNetwork = network
    health = listed.contact?.health ?? .unknown
    self.facts = facts.map(FactsView.init)
    softwareCount = facts?.softwareCount
    softwareSources = facts?.softwareSources
    self.standing = standing
    createdAt = device.createdAt.rfc3339
  }
}

/// A device's facts, a member for each section that it reported.
struct FactsView: Encodable, Sendable {
  let facts: DeviceFacts

  private enum Section: String, CodingKey { case identity, hardware, system, vitals }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Section.self)
    if let identity = facts.identity { try container.encode(identity, forKey: .identity) }
    if let hardware = facts.hardware { try container.encode(hardware, forKey: .hardware) }
    if let system = facts.system { try container.encode(system, forKey: .system) }
    if let vitals = facts.vitals { try container.encode(vitals, forKey: .vitals) }
  }
}

extension DeviceView {
  static let schema = Schema.object(
    [
      ("id", .string("The device's id")), ("district", .string("Its district's id")),
      ("school", .string("Its school's id")), ("serial", .string("The manufacturer's serial number")),
      ("assetTag", .string("The owner's own number")),
      ("model", .string("As people named it, or as its firmware does")),
      ("vendor", .string("As its firmware says")), ("hostname", .string("As it last said")),
      ("management", .oneOf(Management.allCases.map(\.rawValue), "Who reports it")),
      ("stage", .oneOf(Stage.allCases.map(\.rawValue), "What has been done to it, by the ledger")),
      ("custody", .oneOf(Custody.allCases.map(\.rawValue), "Who answers for it, by the ledger")),
      ("identity", .oneOf(IdentityStrength.allCases.map(\.rawValue), "How sure it is which machine this is")),
      ("keys", .array(keySchema)), ("lastContact", .dateTime("Its last check-in")),
      ("nextContact", .dateTime("When it was told to come again")), ("agentVersion", .string("As it last said")),
      ("clockOffsetMilliseconds", .integer("Its clock minus the controller's, in milliseconds")),
      (
        "lastNetwork",
        .string(
          "What the network of its last contact is called, or 'elsewhere'; absent where no network is called anything")
      ),
      ("health", healthSchema), ("facts", factsSchema), ("softwareCount", .integer("Installed packages")),
      ("softwareSources", .any("Of them, how many each package database told: dpkg, rpm, flatpak, snap")),
      ("standing", StandingView.schema),
      ("createdAt", .dateTime("When it became known")),
    ], required: ["id", "district", "management", "identity", "keys", "health", "createdAt"])

  private static let keySchema = Schema.object(
    [
      ("key", .string("SHA-256 of the public key, 64 hexadecimal digits")),
      ("state", .oneOf(KeyState.allCases.map(\.rawValue), "Where the key stands")),
      ("reason", .string("Why it is not active")), ("notAfter", .dateTime("The end of its certificate")),
      ("issuedAt", .dateTime("When its certificate was issued")), ("lastSeen", .dateTime("The last day it was used")),
    ], required: ["key", "state", "notAfter", "issuedAt"])

  private static let verdicts = Health.Verdict.allCases.map(\.rawValue)
  private static let healthSchema = Schema.object(
    [
      ("verdict", .oneOf(verdicts, "The worst of the items")),
      (
        "items",
        .array(
          .object(
            [
              ("item", .string("Such as 'battery'")), ("verdict", .oneOf(verdicts, "How it is")),
              ("reason", .string("Why, in words")),
            ], required: ["item", "verdict", "reason"]))
      ),
    ], required: ["verdict", "items"])

  private static let factsSchema = Schema.object(
    [
      ("identity", .any("What its firmware says it is")), ("hardware", .any("What is built in")),
      ("system", .any("Its operating system")), ("vitals", .any("What was measured last")),
    ], required: [])
}
