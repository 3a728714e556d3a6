package import Vocabulary

/// Where the ledger's events leave a device. The registry's columns hold nothing that this does not say.
package struct LedgerProjection: Sendable, Hashable {
  /// A place to which a device comes back when it is repaired or found.
  struct Place: Sendable, Hashable {
    var stage: Stage?
    var custody: Custody?
    var holder: Holder?
  }

  /// What a device was loaned for, and until when.
  package struct Loan: Sendable, Hashable {
    /// Days since 1970-01-01, the last one included.
    package let dueDay: Int64?
    /// The device in repair that it stands for.
    package let instead: DeviceID?
  }

  /// nil until an event says something of it, as for a device that an import alone made known.
  package var stage: Stage?
  package var custody: Custody?
  /// Who has it, where an event said more than of what kind that one is.
  package private(set) var holder: Holder?
  /// Since when ``holder`` has it.
  package private(set) var since: Instant?
  package private(set) var loan: Loan?
  /// Of a device in repair.
  package private(set) var repair: RepairCategory?
  /// Of a stolen device.
  package private(set) var policeReport: String?
  /// What was given out with it and has not come back, by who owes it.
  package private(set) var owed: [Holder: Accessories] = [:]
  /// The lists that say that it will come, by the evidence of their events.
  private(set) var expectedBy: Set<String> = []
  /// Whether only these lists say the stage, or the custody.
  private var isStageByLists = false
  private var isCustodyByLists = false
  private var beforeRepair: Place?
  /// Who gets a device in repair back.
  package var owner: Holder? { beforeRepair?.holder }
  private var beforeLoss: Place?

  package init(stage: Stage? = nil, custody: Custody? = nil) {
    self.stage = stage
    self.custody = custody
  }

  /// The stage and custody after `events`, in their order.
  package static func project(_ events: some Sequence<LedgerEvent>) -> LedgerProjection {
    events.reduce(into: LedgerProjection()) { $0.take($1) }
  }

  /// This standing after one more event.
  package func after(_ event: LedgerEvent) -> LedgerProjection {
    var next = self
    next.take(event)
    return next
  }

  /// Takes in one more event, whatever it is: what is impossible is refused before it becomes one (``CustodyDecision``).
  ///
  /// What an event states itself wins. Otherwise lists and enrolments move a device forward only: one that is in service
  /// does not fall back to `ordered` because its serial stands in a list again, nor to `enrolled` because it was enrolled
  /// anew. When the last list that expected it withdraws it, what nothing but lists said of it is gone.
  package mutating func take(_ event: LedgerEvent) {
    switch event.kind {
    case .expected:
      expectedBy.insert(event.evidence ?? "")
      if stage == nil { (stage, isStageByLists) = (.ordered, true) }
      if custody == nil { (custody, isCustodyByLists) = (.vendor, true) }
    case .enrolled:
      if [nil, .ordered, .received, .returned].contains(stage) { set(.enrolled) }
      // On its way until now; a vendor who is known to have it keeps it.
      if holder == nil, [nil, .vendor, .carrier].contains(custody) { set(.warehouse) }
    case .withdrawn:
      expectedBy.remove(event.evidence ?? "")
      guard expectedBy.isEmpty else { break }
      if isStageByLists { (stage, isStageByLists) = (nil, false) }
      if isCustodyByLists { (custody, isCustodyByLists) = (nil, false) }
    default: move(by: event)
    }
    if let stated = event.stage { set(stated) }
    if let stated = event.custody { set(stated) }
  }

  private mutating func move(by event: LedgerEvent) {
    switch event.kind {
    case .expected, .enrolled, .withdrawn: break
    case .received: arrive(.received, with: event.holder ?? .warehouse, event)
    case .delivered: arrive(.delivered, with: event.holder ?? .district, event)
    case .assigned, .loaned:
      arrive(.assigned, with: event.holder, event)
      if event.kind == .loaned { loan = Loan(dueDay: event.dueDay, instead: event.loanFor) }
      give(event.accessories)
    case .returned, .loanReturned:
      takeBack(event.accessories, from: holder)
      arrive(.returned, with: event.holder ?? .district, event)
    case .sentToRepair:
      if stage != .inRepair { beforeRepair = place }
      repair = event.category
      set(.inRepair)
      take(event.holder ?? .district, event.at)
    case .repaired:
      if stage == .inRepair { comeBack(to: beforeRepair, event.at) }
      (repair, beforeRepair) = (nil, nil)
    case .lost, .stolen:
      if stage != .lost, stage != .stolen { beforeLoss = place }
      set(event.kind == .lost ? .lost : .stolen)
      policeReport = event.policeReport ?? policeReport
    case .found:
      if stage == .lost || stage == .stolen { comeBack(to: beforeLoss, event.at) }
      (policeReport, beforeLoss) = (nil, nil)
    case .transferred:
      if case .otherDistrict? = event.holder { leave(.retired) }
      loan = nil
      take(event.holder ?? .district, event.at)
    case .retired:
      leave(.retired)
      take(event.holder ?? .district, event.at)
    case .accessoriesGiven: give(event.accessories)
    case .accessoriesReturned: takeBack(event.accessories, from: event.holder)
    }
  }

  private var place: Place { Place(stage: stage, custody: custody, holder: holder) }

  // MARK: - Steps

  private mutating func set(_ stage: Stage) { (self.stage, isStageByLists) = (stage, false) }

  /// Another kind of holder than the one that is known leaves none known.
  private mutating func set(_ custody: Custody) {
    (self.custody, isCustodyByLists) = (custody, false)
    if holder?.custody != custody { (holder, since) = (nil, nil) }
  }

  private mutating func take(_ holder: Holder?, _ at: Instant) {
    guard let holder else { return }
    if holder != self.holder { (self.holder, since) = (holder, at) }
    set(holder.custody)
  }

  private mutating func arrive(_ stage: Stage, with holder: Holder?, _ event: LedgerEvent) {
    leave(stage)
    take(holder, event.at)
  }

  /// Ends whatever is open.
  private mutating func leave(_ stage: Stage) {
    set(stage)
    (loan, repair, beforeRepair, beforeLoss, policeReport) = (nil, nil, nil, nil, nil)
  }

  /// Where an event itself stated the stage, nobody knows where the device was before: it is back, and free.
  private mutating func comeBack(to place: Place?, _ at: Instant) {
    let place = place ?? Place(stage: .returned, custody: custody, holder: holder)
    if place.holder != holder { (holder, since) = (place.holder, place.holder == nil ? nil : at) }
    (stage, isStageByLists) = (place.stage, false)
    (custody, isCustodyByLists) = (place.custody, false)
  }

  private mutating func give(_ accessories: Accessories) {
    guard let holder, !accessories.isEmpty else { return }
    owed[holder] = (owed[holder] ?? []).adding(accessories)
  }

  private mutating func takeBack(_ accessories: Accessories, from holder: Holder?) {
    guard let holder, let out = owed[holder] else { return }
    let left = out.removing(accessories)
    owed[holder] = left.isEmpty ? nil : left
  }
}
