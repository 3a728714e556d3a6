/// Where the ledger's events leave a device. The registry's columns hold nothing that this does not say.
package struct LedgerProjection: Sendable, Hashable {
  /// nil until an event says something of it, as for a device that an import alone made known.
  package var stage: Stage?
  package var custody: Custody?
  /// The lists that say that it will come, by the evidence of their events.
  private(set) var expectedBy: Set<String> = []
  /// Whether only these lists say the stage, or the custody.
  private var isStageByLists = false
  private var isCustodyByLists = false

  package init(stage: Stage? = nil, custody: Custody? = nil) {
    self.stage = stage
    self.custody = custody
  }

  /// The stage and custody after `events`, in their order.
  package static func project(_ events: some Sequence<LedgerEvent>) -> LedgerProjection {
    events.reduce(into: LedgerProjection()) { $0 = $0.after($1) }
  }

  /// This standing after one more event.
  ///
  /// What an event states itself wins. Otherwise an event moves a device forward only: one that is in service does not
  /// fall back to `ordered` because its serial stands in a list again, nor to `enrolled` because it was enrolled anew.
  /// When the last list that expected it withdraws it, what nothing but lists said of it is gone.
  package func after(_ event: LedgerEvent) -> LedgerProjection {
    var next = self
    switch event.kind {
    case .expected:
      next.expectedBy.insert(event.evidence ?? "")
      if stage == nil { (next.stage, next.isStageByLists) = (.ordered, true) }
      if custody == nil { (next.custody, next.isCustodyByLists) = (.vendor, true) }
    case .enrolled:
      if [nil, .ordered, .received, .returned].contains(stage) { next.set(.enrolled) }
      if [nil, .vendor, .carrier].contains(custody) { next.set(.warehouse) }
    case .withdrawn:
      next.expectedBy.remove(event.evidence ?? "")
      guard next.expectedBy.isEmpty else { break }
      if isStageByLists { (next.stage, next.isStageByLists) = (nil, false) }
      if isCustodyByLists { (next.custody, next.isCustodyByLists) = (nil, false) }
    }
    if let stated = event.stage { next.set(stated) }
    if let stated = event.custody { next.set(stated) }
    return next
  }

  private mutating func set(_ stage: Stage) { (self.stage, isStageByLists) = (stage, false) }
  private mutating func set(_ custody: Custody) { (self.custody, isCustodyByLists) = (custody, false) }
}
