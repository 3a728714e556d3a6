internal import Registry
internal import Wire

/// What lists and reports compare of a device, as its facts and thresholds make it.
struct DeviceSummary: Sendable, Hashable {
  var osID: String?
  var osVersion: String?
  var osName: String?
  var processor: String?
  var memoryBytes: Int64?
  /// Of all disks together.
  var diskBytes: Int64?
  /// What the battery that holds least still holds of its design.
  var batteryPercent: Int64?
  var batteryCycles: Int64?
  /// Of the disk that is worn most.
  var diskUsedPercent: Int64?
  var isEncrypted: Bool?
  var updates: Int64?
  /// What is not well, the words in which people are told included.
  var reasons: [Health.Item]

  init(_ facts: Facts, _ health: Health) {
    osID = facts.system?.osID
    osVersion = facts.system?.osVersion
    osName = facts.system?.osName
    isEncrypted = facts.system?.rootEncrypted
    processor = facts.hardware?.processor?.model
    memoryBytes = facts.hardware?.memoryBytes
    let sizes = (facts.hardware?.disks ?? []).compactMap(\.bytes).filter { $0 > 0 }
    diskBytes = sizes.isEmpty ? nil : sizes.reduce(0) { $0 &+ min($1, 1 << 60) }
    batteryPercent = Reading.battery(facts).map { min($0, 1000) }
    batteryCycles = (facts.vitals?.batteries ?? []).compactMap { $0.cycles.map(Int64.init) }.max()
    diskUsedPercent = (facts.vitals?.disks ?? []).compactMap { $0.percentUsed.map(Int64.init) }.max()
    updates = facts.vitals?.updatesAvailable.map(Int64.init)
    reasons = health.items.filter { $0.verdict == .attention || $0.verdict == .failing }
  }

  init(_ facts: Facts, _ thresholds: HealthThresholds) {
    self.init(facts, HealthRules.assess(facts, thresholds: thresholds))
  }
}
