/// Where the ledger's events leave a device. The registry's columns hold nothing that this does not say.
package struct LedgerProjection: Sendable, Hashable {
  /// nil until an event says something of it, as for a device that an import alone made known.
  package var stage: Stage?
  package var custody: Custody?

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
  package func after(_ event: LedgerEvent) -> LedgerProjection {
    var next = self
    switch event.kind {
    case .expected:
      if stage == nil { next.stage = .ordered }
      if custody == nil { next.custody = .vendor }
    case .enrolled:
      if [nil, .ordered, .received, .returned].contains(stage) { next.stage = .enrolled }
      if [nil, .vendor, .carrier].contains(custody) { next.custody = .warehouse }
    }
    if let stated = event.stage { next.stage = stated }
    if let stated = event.custody { next.custody = stated }
    return next
  }
}
