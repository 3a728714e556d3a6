internal import Registry
internal import Wire

/// What lists and reports compare of a device, as its facts and thresholds make it.
struct DeviceSummary: Sendable, Hashable {
  var osID: String?
  var osVersion: String?
  /// Without trademarks and the clock's rate.
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
  /// What is not well; the registry keeps the words in which people are told.
  var reasons: UnwellItems

  /// Of what makes a summary of facts. Where it counts up, every device's is made anew once (``SummaryFiller``): count it up
  /// with each change of the health rules, the thresholds or of what stands here.
  ///
  /// A step up comes with a migration after which what older controllers write of `checkin_summary` fails, such as a column's new
  /// name: while controllers of one database are upgraded one after the other, the older ones would still write rows by the older
  /// rules behind the filler, which does not come back.
  static let rules: Int64 = 1

  init(_ facts: Facts, _ health: Health) {
    osID = facts.system?.osID
    osVersion = facts.system?.osVersion
    isEncrypted = facts.system?.rootEncrypted
    processor = (facts.hardware?.processor?.model).map(Self.shortened)
    memoryBytes = facts.hardware?.memoryBytes
    let sizes = (facts.hardware?.disks ?? []).compactMap(\.bytes).filter { $0 > 0 }
    diskBytes = sizes.isEmpty ? nil : sizes.reduce(0) { $0 &+ min($1, 1 << 60) }
    batteryPercent = Reading.battery(facts).map { min($0, 1000) }
    batteryCycles = (facts.vitals?.batteries ?? []).compactMap { $0.cycles.map(Int64.init) }.max()
    diskUsedPercent = (facts.vitals?.disks ?? []).compactMap { $0.percentUsed.map(Int64.init) }.max()
    updates = facts.vitals?.updatesAvailable.map(Int64.init)
    reasons = UnwellItems(health.items)
  }

  init(_ facts: Facts, _ thresholds: HealthThresholds) {
    self.init(facts, HealthRules.assess(facts, thresholds: thresholds))
  }

  /// `Intel(R) Celeron(R) CPU N4500 @ 1.10GHz` is `Intel Celeron N4500`: each device has such a text.
  static func shortened(_ processor: String) -> String {
    var text = processor
    if let rate = text.firstRange(of: " @ ") { text = String(text[..<rate.lowerBound]) }
    for mark in ["(R)", "(TM)", "(r)", "(tm)"] { text = text.replacing(mark, with: "") }
    let words = text.split(separator: " ").filter { $0 != "CPU" && $0 != "Processor" }
    return words.isEmpty ? processor : words.joined(separator: " ")
  }
}

/// What is not well with a device, in one number: two bits an item, 1 for `attention`, 2 for `failing`.
///
/// The order of the items is part of what is stored; views take the number apart (``SummarySchema/packed``).
struct UnwellItems: Sendable, Hashable {
  static let items = ["battery", "disk", "memory", "space", "temperature", "clock", "updates"]

  private(set) var number: Int64 = 0

  init(_ items: [Health.Item]) {
    for (place, name) in Self.items.enumerated() {
      let verdicts = items.filter { $0.item == name }.map(\.verdict)
      let bits: Int64 = verdicts.contains(.failing) ? 2 : verdicts.contains(.attention) ? 1 : 0
      number |= bits << Int64(2 * place)
    }
  }
}
