package import Access
import HTTPTypes
package import Serving
import Storage
import Vocabulary
package import Web

/// A district's roster: how it stands, a file that is looked at before it is taken up, and what was taken up before.
///
/// ```
/// file ──▶ kept sealed for an hour ──▶ preview: what would change, or every fault ──▶ take it up, or leave it
///                                                                                      └─▶ undo, of the last one
/// ```
package struct RosterPages: Sendable {
  package static let templates: [String: String] = [
    "roster": PackageResources.roster_mustache, "roster-preview": PackageResources.roster_preview_mustache,
    "roster-counts": PackageResources.roster_counts_mustache, "roster-undo": PackageResources.roster_undo_mustache,
  ].mapValues { String(decoding: $0, as: UTF8.self) }

  package static let places = [
    Place("Roster", place, "Students and staff, as the schools’ own system tells them", .scoped(roles))
  ]

  static let place = "/roster"
  /// Of a form with its file: a district's archive. A larger one goes by `rollcall roster import`.
  static let uploadLimit = 16 << 20
  private static let roles = AccessRule.deviceManagers
  private static let rule = AccessRule.district(roles)
  private static let base = "/districts/{district}/roster"
  private static let history = 20

  let shell: Shell
  let desk: RosterDesk
  let people: PeopleDesk

  package init(shell: Shell, desk: RosterDesk, people: PeopleDesk) {
    (self.shell, self.desk, self.people) = (shell, desk, people)
  }

  package var peopleRoutes: [PeopleRoute] {
    [
      .page(
        .get, Self.place, .scoped(Self.roles), "showRosterDistricts", "Districts, to see their rosters",
        query: ["after"], handle: choose),
      .page(
        .get, Self.base, Self.rule, "showRosterPage", "A district's roster and its imports",
        query: ["done", "before"]
      ) { try await show(try $0.identifier("district"), $0, $1) },
      .upload(
        Self.base + "/uploads", Self.rule, "uploadRoster", "Sends a file, to see what it would change",
        limit: Self.uploadLimit,
        larger: "A larger roster goes by 'rollcall roster import', which takes \(ImportRoutes.bodyLimit >> 20) MiB.",
        handle: upload),
      .page(
        .get, Self.base + "/uploads/{upload}", Self.rule, "previewRoster", "What a file would change",
        query: ["allow"]
      ) { try await preview($0, $1) },
      .page(
        .post, Self.base + "/uploads/{upload}/confirm", Self.rule, "confirmRoster", "Takes a file up",
        handle: confirm),
      .page(
        .post, Self.base + "/uploads/{upload}/discard", Self.rule, "discardRoster", "Leaves a file",
        handle: discard),
      .page(.get, Self.base + "/undo", Self.rule, "askUndoRoster", "What undoing the last import would do") {
        try await askUndo($0, $1)
      },
      .page(.post, Self.base + "/undo", Self.rule, "undoRosterPage", "Undoes the last import", handle: undo),
    ]
  }

  // MARK: - The district

  private func choose(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    if let only = context.scope.onlyDistrict { return try await show(only, call, context) }
    let (scope, after, limit) = (context.scope, try call.query("after"), 200)
    let found = try await desk.database.read(in: scope) { [registry = desk.registry] in
      try registry.tenants(of: scope, after: after, limit: limit + 1, in: $0)
    }
    let shown = found.prefix(limit)
    let choices = Choices(
      shown.map { .init($0.name, "/districts/\($0.id)/roster", $0.id.rawValue) }, nothing: "There is no district yet.",
      next: found.count > limit ? shown.last.map { "\(Self.place)?after=\($0.id)" } : nil)
    return try shell.choose(choices, Shell.Heading("Roster: which district?", place: Self.place), context)
  }

  private struct Model: Sendable {
    struct Line: Sendable {
      let number: Int64
      let what: String
      let at: Moment
      let who: String
      let file: String?
      let counts: [KindLine]
      let canUndo: Bool
    }

    let base: String
    let students: Int
    let staff: Int
    let left: Int
    /// nil where nobody waits.
    let waiting: Int?
    let classes: Int
    let memberships: Int
    let guardians: Int
    let checked: String
    let leftDays: Int
    let takesDemographics: Bool
    let mappings: [String]
    let hasMappings: Bool
    let megabytes: Int
    let imports: [Line]
    let next: String?
  }

  private static let notices = [
    "taken": "The file was taken up.", "same": "The roster was as the file says; nothing was changed.",
    "left": "The file was left; nothing was changed.",
    "undone": "The last import was undone.",
  ]

  func show(
    _ district: DistrictID, _ call: Call, _ context: OperatorContext, fault: (any StatusError)? = nil
  ) async throws -> Reply {
    let before = fault == nil ? try call.query("before").flatMap { Int64($0) } : nil
    let (view, records, latest, mappings) = try await desk.database.read(in: context.scope) { [desk] transaction in
      try desk.requireDistrict(district, transaction)
      return (
        try RosterView(district, desk.registry, now: call.now, transaction),
        try ImportStore.page(of: district, before: before ?? .max, limit: Self.history + 1, transaction),
        try ImportStore.page(of: district, limit: 1, transaction).first,
        try MappingStore.all(of: district, transaction).map(\.0)
      )
    }
    var lines: [Model.Line] = []
    for record in records.prefix(Self.history) {
      let known = try? await people.known(record.actor, of: district)
      lines.append(
        .init(
          number: record.number, what: Self.words(record), at: Moment(record.at),
          who: known?.principal.name ?? record.actor.rawValue,
          file: record.file.map { "\($0.description.prefix(16))…" },
          counts: KindLine.changed(KindCounts { record.counts[$0.rawValue] ?? RowCounts() }),
          canUndo: record.number == latest?.number && record.kind == .import))
    }
    let model = Model(
      base: "/districts/\(district)/roster", students: view.students, staff: view.staff, left: view.left,
      waiting: view.waiting > 0 ? view.waiting : nil,
      classes: view.classes, memberships: view.memberships, guardians: view.guardians,
      checked: view.checkedAt.map { "\($0.prefix(16).replacing("T", with: " ")) UTC" } ?? "never",
      leftDays: view.leftDays, takesDemographics: view.demographics == .onRequest, mappings: mappings,
      hasMappings: !mappings.isEmpty, megabytes: Self.uploadLimit >> 20,
      imports: lines,
      next: records.count > Self.history
        ? lines.last.map { "/districts/\(district)/roster?before=\($0.number)" } : nil)
    let notice = fault == nil && call.method == .get ? try call.query("done").flatMap { Self.notices[$0] } : nil
    let heading = Shell.Heading(
      "Roster of \(district)", place: Self.place, notice: notice, fault: fault?.message, status: fault?.status ?? .ok)
    return try shell.page("roster", model, heading, context)
  }

  private static func words(_ record: ImportRecord) -> String {
    let whose = record.source == .state ? "the state’s file" : "the district’s file"
    if record.kind == .undo { return "undid an import of \(whose)" }
    return record.undoneBy == nil ? "import of \(whose)" : "import of \(whose), undone"
  }
}
