import Archive
import Serving
import Storage
import Vocabulary

/// Reads an export whole, against what stands, within one reading transaction: what is wrong with it, and what it changes.
///
/// ```
/// manifest ─▶ orgs ─▶ classes ─▶ roles, users ─▶ enrollments        each row: cells ─▶ rules ─▶ body ─▶ hash
///                                                                     hash against what stands ─▶ spool
/// ```
///
/// Rows are never held as text: a row that is as it was leaves 17 bytes behind, one that is not waits packed.
final class ImportReading {
  let transaction: any Transaction
  let contacts: ContactKey
  /// The one district that the file may touch; nil for a state's file.
  let only: DistrictID?
  let key = RowKey()
  let faults = FileFaults()
  let limits: RowLimits
  /// Rows of the files so far.
  var rows = 0
  /// nil of a file that is no OneRoster export.
  let manifest: Manifest?
  /// Whether birth dates and sexes are read where the district allows it.
  let asksDemographics: Bool
  /// Of the import: roles hold from one day to another.
  let day: CivilDate
  var plan: ImportPlan
  var orgs = OrgTable()
  var indexes: [RowIndex?]
  /// Whether a kind's rows are of changes, so that what stands may be referred to; a file that is not there is.
  var isDelta = [Bool](repeating: true, count: RowKind.allCases.count)
  /// The district of each class by its id alone.
  var classDistricts = KeyMap()
  /// In place of one, where the id stands in more.
  static let severalDistricts: Int32 = -1
  /// Every class of the file by its id alone: its line.
  var classes = KeyMap()
  /// Every user of the file by its id alone: its line.
  var users = KeyMap()
  var roles = RoleTable()
  /// Roles that do not hold on ``day``.
  var passed = PassedRoles()
  /// Lines of students' numbers.
  var numbers = KeyMap()
  /// References to guardians that are looked at when all users are read.
  var agents: [AgentReference] = []
  var isWaitingFull = false
  /// Guardians of the student who is being read.
  var rowAgents: [UInt64] = []
  /// Whether one of the files is of changes.
  var hasChanges = false
  /// What stands in rosters from which the file does not go on.
  var aside = AsideRows()
  /// Who the people are whose ids are from another source than the file's, by their keys.
  var identities: RowIndex?
  /// Keys of people whose ids are somebody else's by this file.
  var replaced: Set<UInt64> = []
  /// Of the row that is being read.
  var body: [UInt8] = []
  private var isFirst = true

  struct AgentReference {
    let user: UInt64
    let inDistrict: UInt64
    let line: Int
  }

  init(
    _ manifest: Manifest?, _ transaction: any Transaction, only: DistrictID?, on day: CivilDate, contacts: ContactKey,
    demographics: Bool = false, limits: RowLimits? = nil
  ) {
    (self.manifest, self.transaction, self.only, self.contacts) = (manifest, transaction, only, contacts)
    self.day = day
    asksDemographics = demographics
    self.limits = limits ?? (only == nil ? .state : .district)
    plan = ImportPlan(districts: [], version: manifest?.version.rawValue ?? "csv")
    indexes = RowKind.allCases.map { _ in nil }
    body.reserveCapacity(1024)
  }

  /// What the archive changes.
  ///
  /// - Parameter limits: those of a district's or a state's file, where none are given.
  /// - Throws: `roster.archive`, `roster.faults` with every fault.
  static func read(
    _ bytes: [UInt8], only: DistrictID?, on day: CivilDate, demographics: Bool = false, contacts: ContactKey,
    limits: RowLimits? = nil, in transaction: any Transaction
  ) throws -> ImportPlan {
    do {
      return try ArchiveReader.open(bytes) { archive in
        let faults = FileFaults()
        let files = ExportFiles(archive, faults)
        try faults.throwIfAny()
        let manifest = try files.manifest(faults, withDemographics: demographics)
        try faults.throwIfAny()
        guard let manifest else { throw RosterError(.archive, "The archive has no manifest that can be read.") }
        let reading = ImportReading(
          manifest, transaction, only: only, on: day, contacts: contacts, demographics: demographics, limits: limits)
        return try reading.plan(files)
      }
    } catch let error as ArchiveError {
      throw RosterError(.archive, error.message)
    }
  }

  private func plan(_ files: ExportFiles) throws -> ImportPlan {
    // Without files nothing changes: there is nothing to compare.
    guard (Manifest.read + ["demographics"]).contains(where: { files.has($0 + ".csv") }) else { return plan }
    try readOrgs(files)
    // What stands there refers to would each be another fault.
    try faults.throwIfAny()
    try readClasses(files)
    try readUsers(files)
    try readEnrollments(files)
    try readDemographics(files)
    try requireSameSource()
    try faults.throwIfAny()
    noteReplaced()
    plan.notes += passed.notes(on: day) + aside.notes
    return plan
  }

  /// The district's place in the plan.
  func place(of district: DistrictID) throws -> Int {
    if let place = plan.districts.firstIndex(where: { $0.district == district }) { return place }
    let revision = try ImportStore.revision(of: district, transaction)
    plan.districts.append(DistrictPlan(district: district, revision: revision))
    return plan.districts.count - 1
  }

  // MARK: - What stands

  /// Takes up what stands of a kind in every district of the plan.
  func load(_ kind: RowKind) throws {
    guard indexes[kind.place] == nil else { return }
    var room = 0
    for district in plan.districts { room += try RowStore.count(kind, in: district.district, transaction) }
    var index = RowIndex(room: room + room / 8)
    try loadAside(kind)
    for (place, district) in plan.districts.enumerated() {
      var (standing, staff) = (0, 0)
      try RowStore.eachHash(kind, in: district.district, transaction) { id, hash, hasLeft, isStaff in
        index.stands(key(place, id), hash: hash, hasLeft: hasLeft, isStaff: isStaff)
        if !hasLeft { standing += 1 }
        if !hasLeft, isStaff { staff += 1 }
        if kind == .schoolClass, classDistricts.insert(key(-1, id), Int32(place)) != nil {
          classDistricts.replace(key(-1, id), Self.severalDistricts)
        }
      }
      plan.districts[place].standing[kind.place] = standing
      if kind == .person {
        plan.districts[place].staff.standing = staff
        try loadIdentities(place)
      }
    }
    indexes[kind.place] = index
  }

  /// Whether the row stands, and has not left.
  func stands(_ kind: RowKind, _ district: Int, _ id: Cell) -> Bool {
    indexes[kind.place]?.stands(key(district, id)) ?? false
  }

  /// Whether there is such a row, also of who left.
  func knows(_ kind: RowKind, _ district: Int, _ id: Cell) -> Bool {
    indexes[kind.place]?.knows(key(district, id)) ?? false
  }

  /// Whether the row stands, and the file has not told of it so far.
  func isUntold(_ kind: RowKind, _ district: Int, _ id: Cell) -> Bool {
    indexes[kind.place]?.isUntold(key(district, id)) ?? false
  }

  // MARK: - What the file tells

  /// A row whose content is in ``body``.
  func tell(_ kind: RowKind, _ district: Int, _ id: Cell, _ row: FileRow) throws {
    let hash = contacts.hash(kind, body, of: id, in: plan.districts[district].district)
    guard var outcome = indexes[kind.place]?.tell(key(district, id), hash: hash) else { return }
    if kind == .person, outcome == .changed || outcome == .returned, isSomebodyElse(district, id) {
      try replace(district, id, stood: outcome == .changed)
      outcome = .added
    }
    // What was told of who had the id goes with them: also the same day is another one's now.
    if kind == .demographics, outcome == .changed || outcome == .unchanged, replaced.contains(key(district, id)) {
      countLeft(kind, district, id)
      outcome = .added
    }
    let counts = kind.place
    switch outcome {
    case .repeated: return repeated(row, id, nil)
    case .unchanged:
      plan.districts[district].counts[counts].unchanged += 1
      return
    case .added: plan.districts[district].counts[counts].added += 1
    case .changed: plan.districts[district].counts[counts].changed += 1
    case .returned: plan.districts[district].counts[counts].returned += 1
    }
    // With faults nothing is written: memory is not spent on it.
    guard faults.count == 0 else { return }
    try plan.upserts[counts].add(district: district, isNew: outcome == .added, id: id, body: body)
  }

  /// A row that the file says is gone.
  func remove(_ kind: RowKind, _ district: Int, _ id: Cell, _ row: FileRow) throws {
    guard let stood = indexes[kind.place]?.remove(key(district, id)) else { return repeated(row, id, nil) }
    guard stood else { return }
    countLeft(kind, district, id)
    guard faults.count == 0 else { return }
    try plan.removals[kind.place].add(district: district, isNew: false, id: id, body: [])
  }

  /// One row fewer.
  func countLeft(_ kind: RowKind, _ district: Int, _ id: Cell) {
    plan.districts[district].counts[kind.place].left += 1
    guard kind == .person, indexes[kind.place]?.isStaff(key(district, id)) ?? false else { return }
    plan.districts[district].staff.left += 1
  }

  func repeated(_ row: FileRow, _ id: Cell, _ line: Int?) {
    faults.add(
      row, "sourcedId", id, rule: "roster.repeated",
      line.map { "Line \($0) has this id already; each stands once." } ?? "The id stands twice in the file.")
  }

  /// After a whole file: what stands and was not told of is gone.
  func close(_ kind: RowKind, _ mode: FileMode) throws {
    isDelta[kind.place] = mode.mode == .delta
    if mode.mode == .delta { hasChanges = true }
    guard mode.mode == .bulk, faults.count == 0, let index = indexes[kind.place], index.untold > 0 else { return }
    for (place, district) in plan.districts.enumerated() {
      try RowStore.eachHash(kind, in: district.district, transaction) { id, _, hasLeft, _ in
        guard !hasLeft, index.isUntold(key(place, id)) else { return }
        countLeft(kind, place, id)
        try plan.removals[kind.place].add(district: place, isNew: false, id: id, body: [])
      }
    }
  }

  // MARK: - Bodies

  func begin() {
    body.removeAll(keepingCapacity: true)
    isFirst = true
  }

  /// The next field of ``body``.
  func put(_ cell: Cell) {
    if !isFirst { body.append(RowBody.divider) }
    isFirst = false
    body.append(contentsOf: cell)
  }

  func put(_ text: String) {
    if !isFirst { body.append(RowBody.divider) }
    isFirst = false
    body.append(contentsOf: text.utf8)
  }

  /// A mode for a file, as the manifest has it; a file that is not there is as one of changes.
  func mode(_ file: String) -> FileMode { FileMode(manifest?.files[file] == .bulk ? .bulk : .delta) }
}
