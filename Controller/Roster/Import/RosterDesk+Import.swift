import Audit
import Registry
import Serving
import Storage
import Synchronization
import Vocabulary

extension RosterDesk {
  /// One import as it is asked for.
  struct Asked: Sendable {
    /// The one district that the file may touch; nil for a state's.
    let only: DistrictID?
    /// The share of a district's people that may go, in per cent.
    let allowed: Int

    var source: ImportRecord.Source { only == nil ? .state : .district }

    /// Whose files a district's ids are from afterwards.
    ///
    /// A whole file of everybody sets it, where it changed something: else there is no import that could be undone. A state's
    /// takes a roster up again also where it tells of the same people, so that its files of changes go on from there.
    func sourceAfter(_ plan: ImportPlan, _ district: DistrictPlan, former: ImportRecord.Source?) -> ImportRecord.Source?
    {
      let takesUp = former != .state && district[.person].unchanged > 0 && plan.hasEverybody
      guard district.changes > 0 || takesUp else { return former }
      return plan.hasEverybody ? source : former ?? source
    }
  }

  /// Reads the archive against what stands; nothing is changed. One at a time.
  ///
  /// - Parameters:
  ///   - day: of the import, by which roles hold or have ended.
  ///   - mapping: the saved mapping of a CSV; nil of an archive.
  ///   - demographics: whether birth dates and sexes are read where the district allows it.
  /// - Returns: what it changes, or what is wrong with it.
  /// - Throws: `request.overloaded`, `request.not-found`, `storage.…`.
  func plan(
    _ file: [UInt8], only: DistrictID?, on day: CivilDate, mapping: String? = nil, demographics: Bool = false,
    in scope: TenantScope
  ) async throws -> Result<ImportPlan, RosterError> {
    let isFirst = isImporting.withLock { isImporting in
      defer { isImporting = true }
      return !isImporting
    }
    guard isFirst else {
      throw ServingError(
        .overloaded, "Another roster is being read. Send this one again in a moment.", headers: [.retryAfter: "20"])
    }
    defer { isImporting.withLock { $0 = false } }
    return try await database.read(in: scope) { [self] transaction in
      if let only { try requireDistrict(only, transaction) }
      do {
        guard let only, let mapping else {
          return .success(
            try ImportReading.read(
              file, only: only, on: day, demographics: demographics, contacts: contacts, in: transaction))
        }
        guard let found = try MappingStore.mapping(mapping, of: only, transaction) else {
          throw ServingError.missing("mapping", mapping.prefix(100), in: only)
        }
        let schools = try registry.schools(of: only, in: transaction)
        var plan = try ImportReading.read(
          csv: file, mapping: found, only: only, on: day, schools: schools, contacts: contacts, in: transaction)
        if demographics { plan.notes.append("A CSV of your own has no demographics: none were read.") }
        return .success(plan)
      } catch let error as RosterError {
        return .failure(error)
      }
    }
  }

  /// Does what the plan says, all of it or nothing, where the roster still is as it was compared.
  ///
  /// - Returns: the import's id; nil where nothing changed.
  /// - Throws: `roster.removes-too-many`, `roster.changed-meanwhile`.
  func apply(
    _ plan: ImportPlan, _ asked: Asked, file: Digest, by actor: PrincipalID, at now: Instant,
    _ transaction: any Transaction
  ) throws -> RosterImportID? {
    try ImportGuard.check(plan, allowed: asked.allowed)
    for district in plan.districts {
      guard try ImportStore.revision(of: district.district, transaction) == district.revision else {
        throw RosterError(
          .changedMeanwhile,
          "The roster of '\(district.district)' was changed while this file was read. Nothing was changed; send it again."
        )
      }
      try DemographicsStore.requireAllowed(district, transaction)
    }
    let changed = plan.districts.filter { $0.changes > 0 }
    var fromElsewhere: Set<DistrictID> = []
    let id = RosterImportID.random()
    for district in plan.districts {
      let former = try RosterSettings.of(district.district, transaction).source
      let whose = asked.sourceAfter(plan, district, former: former)
      try RosterSettings.checked(district.district, from: whose, at: now, transaction)
      guard district.changes > 0 else { continue }
      if whose != former { fromElsewhere.insert(district.district) }
      try FormerStore.clear(district.district, transaction)
      let counts = Dictionary(uniqueKeysWithValues: RowKind.allCases.map { ($0.rawValue, district[$0]) })
      let record = ImportRecord(
        district: district.district, number: district.revision + 1, id: id, kind: .import,
        source: asked.source, at: now, actor: actor, file: file, formerSource: former, counts: counts, undoneBy: nil)
      try ImportStore.insert(record, transaction)
      try self.record(
        "roster.import", ("roster-import", id.rawValue), district.district, by: actor, at: now,
        ImportBody(file: file, plan: district), transaction)
    }
    try transaction.expectGrowth()
    var writer = RosterWriter(registry, contacts, transaction, now: now)
    try writer.write(plan) { $0.revision + 1 }
    for district in changed {
      if fromElsewhere.contains(district.district) {
        try PersonStore.leaveGuardians(
          RosterChange(transaction: transaction, district: district.district, number: district.revision + 1, now: now))
      }
      try GuardianStore.markUnlinked(in: district.district, at: now, transaction)
    }
    guard changed.isEmpty else { return id }
    try record(
      "roster.import", ("roster-import", id.rawValue), asked.only, by: actor, at: now,
      ImportBody(file: file, plan: nil), transaction)
    return nil
  }

  struct ImportBody: JournalBody {
    /// SHA-256 of the archive.
    let file: Digest
    let people: RowCounts?
    let orgs: RowCounts?
    let classes: RowCounts?
    let guardians: RowCounts?
    let memberships: RowCounts?
    /// Absent where none were asked for, or none changed.
    let demographics: RowCounts?

    /// - Parameter plan: nil where nothing changed.
    init(file: Digest, plan: DistrictPlan?) {
      self.file = file
      people = plan?[.person]
      orgs = plan?[.org]
      classes = plan?[.schoolClass]
      guardians = plan?[.guardian]
      memberships = plan?[.membership]
      demographics = plan.flatMap { $0[.demographics].changes > 0 ? $0[.demographics] : nil }
    }
  }

  // MARK: - Undo

  /// Puts a district's roster back to what it was before its last import.
  ///
  /// - Throws: `roster.nothing-to-undo`.
  func undo(
    _ district: DistrictID, as id: RosterImportID, by actor: PrincipalID, at now: Instant,
    _ transaction: any Transaction
  ) throws -> ImportRecord {
    guard let last = try ImportStore.page(of: district, limit: 1, transaction).first, last.kind == .import else {
      throw RosterError(
        .nothingToUndo,
        "The roster of '\(district)' has no import that could be undone: only the last one can, and once.")
    }
    let change = RosterChange(transaction: transaction, district: district, number: last.number + 1, now: now)
    try transaction.expectGrowth()
    var writer = RosterWriter(registry, contacts, transaction, now: now)
    let source = try RosterSettings.of(district, transaction).source
    let isOthers = last.formerSource.map { $0 != source } ?? false
    for kind in RowKind.allCases {
      try FormerStore.removeAdded(kind, last.number, change, isOthers: isOthers) { people in
        try registry.named(among: people, of: district, in: transaction)
      }
      try writer.restore(kind, from: last.number, change)
      if kind == .person { try PersonStore.takeBack(from: last.number, change) }
    }
    try MembershipStore.removeNobodys(in: district, transaction)
    try GuardianStore.markUnlinked(in: district, at: now, transaction)
    try FormerStore.clear(district, transaction)
    let record = ImportRecord(
      district: district, number: change.number, id: id, kind: .undo, source: last.source, at: now, actor: actor,
      file: nil, formerSource: nil, counts: last.counts, undoneBy: nil)
    try RosterSettings.restore(last.formerSource, district, transaction)
    try ImportStore.insert(record, transaction)
    try ImportStore.markUndone(last.number, by: change.number, in: district, transaction)
    try self.record(
      "roster.undo", ("roster-import", last.id.rawValue), district, by: actor, at: now,
      UndoBody(number: last.number), transaction)
    return record
  }

  /// Undoes the state's last import in every district that it changed.
  ///
  /// - Throws: `roster.nothing-to-undo`; `roster.not-latest` where a district was changed since.
  func undoState(
    as id: RosterImportID, by actor: PrincipalID, at now: Instant, _ transaction: any Transaction
  ) throws -> [ImportRecord] {
    let last = try ImportStore.lastOfState(transaction)
    guard !last.isEmpty, last.contains(where: { $0.undoneBy == nil }) else {
      throw RosterError(.nothingToUndo, "No import of the state could be undone: only the last one can, and once.")
    }
    let changed = try last.filter { try ImportStore.revision(of: $0.district, transaction) != $0.number }
    guard changed.isEmpty else {
      let names = changed.prefix(20).map(\.district.rawValue).joined(separator: ", ")
      throw RosterError(
        .notLatest,
        "The rosters of \(names) were changed since the state's last import. Undo it district by district, or these first."
      )
    }
    return try last.map { try undo($0.district, as: id, by: actor, at: now, transaction) }
  }

  struct UndoBody: JournalBody {
    /// Of the import that was undone, within its district.
    let number: Int64
  }
}
