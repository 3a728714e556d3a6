import Registry
import Testing
import Wire

@testable import CheckIn

@Suite("Health, an item at a time")
struct HealthTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let item: String
    let verdict: Health.Verdict?
    let what: String
    let change: @Sendable (inout Facts) -> Void
    var testDescription: String { "\(item): \(what) is \(verdict?.rawValue ?? "left out")" }

    init(
      _ item: String, _ verdict: Health.Verdict?, _ what: String, _ change: @escaping @Sendable (inout Facts) -> Void
    ) {
      self.item = item
      self.verdict = verdict
      self.what = what
      self.change = change
    }
  }

  static let cases: [Case] = [
    Case("battery", .well, "61 % of the design") { $0.vitals?.batteries[0].fullMicrowattHours = 28_670_001 },
    Case("battery", .attention, "59 % of the design") { $0.vitals?.batteries[0].fullMicrowattHours = 27_730_000 },
    Case("battery", .failing, "39 % of the design") { $0.vitals?.batteries[0].fullMicrowattHours = 18_330_000 },
    Case("battery", .attention, "1,000 cycles") { $0.vitals?.batteries[0].cycles = 1000 },
    Case("battery", .unknown, "no reading") { $0.vitals?.batteries = [] },
    Case("battery", .unknown, "no design capacity") { $0.hardware?.batteries[0].designMicrowattHours = nil },
    Case("battery", .unknown, "a design of nothing") { $0.hardware?.batteries[0].designMicrowattHours = 0 },
    Case("battery", .unknown, "no hardware told") { $0.hardware = nil },
    Case("battery", .failing, "a laptop without one") { $0.hardware?.batteries = [] },
    Case("battery", nil, "a desktop without one") {
      $0.hardware?.batteries = []
      $0.identity?.chassisType = 3
    },
    Case("battery", .unknown, "unreadable") {
      $0.hardware?.batteries = []
      $0.hardware?.unreadable = [Unreadable(field: "batteries", reason: "permission denied")]
    },
    Case("disk", .well, "79 % used") { $0.vitals?.disks[0].percentUsed = 79 },
    Case("disk", .attention, "80 % used") { $0.vitals?.disks[0].percentUsed = 80 },
    Case("disk", .failing, "100 % used") { $0.vitals?.disks[0].percentUsed = 100 },
    Case("disk", .failing, "its own word") { $0.vitals?.disks[0].healthy = false },
    Case("disk", .attention, "19 % spare") { $0.vitals?.disks[0].sparePercent = 19 },
    Case("disk", .failing, "9 % spare") { $0.vitals?.disks[0].sparePercent = 9 },
    Case("disk", .attention, "a media error") { $0.vitals?.disks[0].mediaErrors = 1 },
    Case("disk", .attention, "a worn block") { $0.vitals?.disks[0].reallocatedSectors = 1 },
    Case("disk", .well, "no worn block") { $0.vitals?.disks[0].reallocatedSectors = 0 },
    Case("disk", .unknown, "no reading of it") { $0.vitals?.disks = [] },
    Case("disk", .unknown, "one of two unread") { $0.hardware?.disks.append(Sample.disk("sda", serial: "S2")) },
    Case("disk", .unknown, "no disk at all") {
      $0.hardware?.disks = []
      $0.vitals?.disks = []
    },
    Case("memory", .well, "5 % free") { $0.vitals?.memoryAvailableBytes = 215 << 20 },
    Case("memory", .attention, "4 % free") { $0.vitals?.memoryAvailableBytes = 163 << 20 },
    Case("memory", .unknown, "no reading") { $0.vitals?.memoryAvailableBytes = nil },
    Case("memory", .unknown, "a total of nothing") { $0.vitals?.memoryTotalBytes = 0 },
    Case("space", .well, "10 % free") { $0.vitals?.fileSystems[0].availableBytes = 6 << 30 },
    Case("space", .attention, "9 % free") { $0.vitals?.fileSystems[0].availableBytes = 5 << 30 },
    Case("space", .failing, "1 % free") { $0.vitals?.fileSystems[0].availableBytes = 600 << 20 },
    Case("space", .well, "5 % of a terabyte") {
      $0.vitals?.fileSystems = [
        .init(mount: "/", kind: "ext4", totalBytes: 1 << 40, availableBytes: 50 << 30, readOnly: false)
      ]
    },
    Case("space", .failing, "a root that is read-only") { $0.vitals?.fileSystems[0].readOnly = true },
    Case("space", .unknown, "no file system") { $0.vitals?.fileSystems = [] },
    Case("space", .well, "a full image beside it") {
      $0.vitals?.fileSystems.append(
        .init(mount: "/snap/x", kind: "squashfs", totalBytes: 9, availableBytes: 0, readOnly: true))
    },
    Case("temperature", .attention, "90 °C") { $0.vitals?.thermals[0].millicelsius = 90_000 },
    Case("temperature", .failing, "100 °C") { $0.vitals?.thermals[0].millicelsius = 100_000 },
    Case("temperature", .attention, "a disk at 70 °C") { $0.vitals?.disks[0].temperatureMillicelsius = 70_000 },
    Case("temperature", .unknown, "no sensor") { $0.vitals?.thermals = [] },
    Case("temperature", .unknown, "a broken sensor") { $0.vitals?.thermals[0].millicelsius = -274_000 },
    Case("clock", .well, "59 s off") { $0.vitals?.clockOffsetMilliseconds = -59_000 },
    Case("clock", .attention, "60 s off") { $0.vitals?.clockOffsetMilliseconds = 60_000 },
    Case("clock", .failing, "5 min off") { $0.vitals?.clockOffsetMilliseconds = -300_000 },
    Case("clock", .unknown, "no contact yet") { $0.vitals?.clockOffsetMilliseconds = nil },
    Case("updates", .well, "29 waiting") { $0.vitals?.updatesAvailable = 29 },
    Case("updates", .attention, "30 waiting") { $0.vitals?.updatesAvailable = 30 },
    Case("updates", .failing, "200 waiting") { $0.vitals?.updatesAvailable = 200 },
    Case("updates", .attention, "a restart waiting") { $0.system?.rebootPending = true },
    Case("updates", .unknown, "no lists") { $0.vitals?.updatesAvailable = nil },
  ]

  @Test("Each item by its thresholds", arguments: cases)
  func table(_ one: Case) {
    var facts = Sample.facts()
    one.change(&facts)
    let item = HealthRules.assess(facts).items.first { $0.item == one.item }
    #expect(item?.verdict == one.verdict, "\(item?.reason ?? "")")
    if let reason = item?.reason { #expect(reason.hasSuffix(".") && !reason.isEmpty) }
  }

  @Test("A laptop that is all well is well, and its items come in one order")
  func well() {
    let health = HealthRules.assess(Sample.facts())
    #expect(health.verdict == .well)
    #expect(health.items.map(\.item) == ["battery", "disk", "memory", "space", "temperature", "clock", "updates"])
  }

  @Test("Nothing told is unknown in every item, never well")
  func nothing() {
    let health = HealthRules.assess(Facts())
    #expect(health.verdict == .unknown && health.items.count == 7)
    #expect(health.items.allSatisfy { $0.verdict == .unknown })
  }

  @Test("A laptop whose updates and temperature cannot be read is well, and shows them as unknown")
  func unreadable() {
    var facts = Sample.facts()
    facts.vitals?.thermals = []
    facts.vitals?.updatesAvailable = nil
    let health = HealthRules.assess(facts)
    #expect(health.verdict == .well)
    #expect(health.items.filter { $0.verdict == .unknown }.map(\.item) == ["temperature", "updates"])
  }

  @Test("A well device with an unread core item is unknown; a desktop needs no battery")
  func core() {
    let blind: [@Sendable (inout Facts) -> Void] = [
      { $0.vitals?.batteries = [] }, { $0.vitals?.memoryAvailableBytes = nil }, { $0.vitals?.fileSystems = [] },
    ]
    for hide in blind {
      var facts = Sample.facts()
      hide(&facts)
      #expect(HealthRules.assess(facts).verdict == .unknown)
      facts.vitals?.disks[0].healthy = false
      #expect(HealthRules.assess(facts).verdict == .failing)
    }
    var desktop = Sample.facts()
    desktop.hardware?.batteries = []
    desktop.identity?.chassisType = 3
    #expect(HealthRules.assess(desktop).verdict == .well)
  }

  @Test("The worst item that is known is the whole's verdict")
  func worst() {
    var facts = Sample.facts()
    facts.vitals?.thermals = []
    facts.vitals?.updatesAvailable = 30
    #expect(HealthRules.assess(facts).verdict == .attention)
    facts.vitals?.disks[0].healthy = false
    #expect(HealthRules.assess(facts).verdict == .failing)
  }

  @Test("What the agent could not read is told in its own words")
  func reasons() {
    var facts = Sample.facts()
    facts.vitals?.disks = []
    facts.vitals?.unreadable = [Unreadable(field: "disks.mmcblk0", reason: "permission denied: /dev/mmcblk0")]
    let item = HealthRules.assess(facts).items.first { $0.item == "disk" }
    #expect(item?.reason == "The health of disk mmcblk0 could not be read: permission denied: /dev/mmcblk0.")
  }

  @Test("A district's own thresholds count")
  func thresholds() {
    var thresholds = HealthThresholds()
    thresholds.batteryPercent = .init(attention: 95, failing: 50)
    #expect(HealthRules.assess(Sample.facts(), thresholds: thresholds).verdict == .attention)
  }
}
