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
    let classes: Int
    let memberships: Int
    let guardians: Int
    let checked: String
    let leftDays: Int
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

  private func show(
    _ district: DistrictID, _ call: Call, _ context: OperatorContext, fault: (any StatusError)? = nil
  ) async throws -> Reply {
    let before = fault == nil ? try call.query("before").flatMap { Int64($0) } : nil
    let (view, records, latest, mappings) = try await desk.database.read(in: context.scope) { [desk] transaction in
      try desk.requireDistrict(district, transaction)
      return (
        try RosterView(district, transaction),
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
      classes: view.classes, memberships: view.memberships, guardians: view.guardians,
      checked: view.checkedAt.map { "\($0.prefix(16).replacing("T", with: " ")) UTC" } ?? "never",
      leftDays: view.leftDays, mappings: mappings, hasMappings: !mappings.isEmpty, megabytes: Self.uploadLimit >> 20,
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

  // MARK: - A file

  private func upload(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let form = try MultipartBody(call)
    guard let file = form.file("file") else {
      return try await show(district, call, context, fault: RosterError(.archive, "Choose a file first."))
    }
    let upload = RosterUpload(
      id: .random(), district: district, actor: try context.actor, at: call.now, mapping: form["mapping"], file: file)
    try await desk.database.write(in: context.scope) { [desk] transaction in
      try desk.requireDistrict(district, transaction)
      try UploadStore.keep(upload, desk.contacts, transaction)
    }
    return Shell.redirect(to: "/districts/\(district)/roster/uploads/\(upload.id)")
  }

  private struct Preview: Sendable {
    struct FaultLine: Sendable {
      let place: String
      let column: String
      let value: String
      let rule: String
      let message: String
    }

    let base: String
    let path: String
    let file: String
    let faults: [FaultLine]
    let hasFaults: Bool
    let isPlan: Bool
    let changes: Int
    let standing: Int
    let removal: String
    let refusal: String?
    let allow: Int
    let revision: Int64
    let counts: [KindLine]
    let notes: [String]
  }

  private func preview(
    _ call: Call, _ context: OperatorContext, fault: (any StatusError)? = nil
  ) async throws -> Reply {
    let (upload, planned) = try await planned(call, context)
    let district = upload.district
    let asked = fault == nil && call.method == .get ? try call.query("allow") : try FormBody(call)["allow"]
    let allow = asked.flatMap { Int($0) }.flatMap { (0...100).contains($0) ? $0 : nil } ?? ImportGuard.standard
    let (base, path) = ("/districts/\(district)/roster", "/districts/\(district)/roster/uploads/\(upload.id)")
    let file = "\(ByteCount(Int64(upload.file.count))), SHA-256 \(upload.digest.description.prefix(16))…"
    switch planned {
    case .failure(let error):
      let faults = error.faults.map { fault in
        Preview.FaultLine(
          place: [fault.file, fault.line.map { "line \($0)" }].compactMap(\.self).joined(separator: ", "),
          column: fault.field ?? "", value: fault.value ?? "", rule: fault.code, message: fault.message)
      }
      let model = Preview(
        base: base, path: path, file: file, faults: faults, hasFaults: !faults.isEmpty, isPlan: false, changes: 0,
        standing: 0, removal: "", refusal: nil, allow: allow, revision: 0, counts: [], notes: [])
      let heading = Shell.Heading(
        "This file cannot be taken up", place: Self.place, fault: error.message, status: error.status)
      return try shell.page("roster-preview", model, heading, context)
    case .success(let plan):
      let view = ImportView(plan, id: nil, isPreview: true, allowed: allow)
      let own = plan.districts.first { $0.district == district }
      let model = Preview(
        base: base, path: path, file: file, faults: [], hasFaults: false, isPlan: true, changes: plan.changes,
        standing: own?.people ?? 0, removal: own.map { ImportGuard.words($0, [.students, .staff]) } ?? "nobody",
        refusal: view.refusal, allow: allow, revision: own?.revision ?? 0,
        counts: view.districts.first.map { KindLine.all($0.counts) } ?? [],
        notes: plan.notes)
      let heading = Shell.Heading(
        "What this file would change", place: Self.place, fault: fault?.message, status: fault?.status ?? .ok)
      return try shell.page("roster-preview", model, heading, context)
    }
  }

  private func planned(
    _ call: Call, _ context: OperatorContext
  ) async throws -> (RosterUpload, Result<ImportPlan, RosterError>) {
    let (district, id): (DistrictID, UploadID) = (try call.identifier("district"), try call.identifier("upload"))
    let upload = try await desk.database.read(in: context.scope) { [desk] transaction in
      try UploadStore.upload(id, of: district, at: call.now, desk.contacts, transaction)
    }
    let planned = try await desk.plan(upload.file, only: district, mapping: upload.mapping, in: context.scope)
    return (upload, planned)
  }

  /// The roster must be as it was when the preview was made, and the share of people who may go is the one that was seen.
  private func confirm(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let form = try FormBody(call)
    let (upload, planned) = try await planned(call, context)
    let (district, actor) = (upload.district, try context.actor)
    do {
      let plan = try planned.get()
      guard let allowed = form["allow"].flatMap({ Int($0) }), (0...100).contains(allowed) else {
        throw RosterError(.invalid, "The share that may go is a whole number of per cent from 0 to 100.")
      }
      let revision = plan.districts.first { $0.district == district }?.revision ?? 0
      guard form["revision"].flatMap({ Int64($0) }) == revision else {
        throw RosterError(
          .changedMeanwhile, "The roster was changed since this was shown. Look again at what would change now.")
      }
      let id = try await desk.database.write(in: context.scope) { [desk] transaction in
        let id = try desk.apply(
          plan, RosterDesk.Asked(only: district, allowed: allowed), file: upload.digest, by: actor, at: call.now,
          transaction)
        try UploadStore.remove(upload.id, of: district, transaction)
        return id
      }
      return Shell.redirect(to: "/districts/\(district)/roster?done=\(id == nil ? "same" : "taken")")
    } catch let error as RosterError {
      return try await preview(call, context, fault: error)
    }
  }

  private func discard(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, id): (DistrictID, UploadID) = (try call.identifier("district"), try call.identifier("upload"))
    try await desk.database.write(in: context.scope) { try UploadStore.remove(id, of: district, $0) }
    return Shell.redirect(to: "/districts/\(district)/roster?done=left")
  }

  // MARK: - Undo

  private struct Undo: Sendable {
    let base: String
    let at: Moment?
    let number: Int64
    let counts: [KindLine]
  }

  private func askUndo(
    _ call: Call, _ context: OperatorContext, fault: (any StatusError)? = nil
  ) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let last = try await desk.database.read(in: context.scope) { [desk] transaction in
      try desk.requireDistrict(district, transaction)
      return try ImportStore.page(of: district, limit: 1, transaction).first
    }
    let record = last.flatMap { $0.kind == .import ? $0 : nil }
    let model = Undo(
      base: "/districts/\(district)/roster", at: record.map { Moment($0.at) }, number: record?.number ?? 0,
      counts: record.map { record in
        KindLine.changed(KindCounts { record.counts[$0.rawValue] ?? RowCounts() })
      } ?? [])
    let heading = Shell.Heading(
      "Undo the last import", place: Self.place, fault: fault?.message, status: fault?.status ?? .ok)
    return try shell.page("roster-undo", model, heading, context)
  }

  /// Of the very import that was shown: one that came since is not undone by this form.
  private func undo(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let number = try FormBody(call)["number"].flatMap { Int64($0) }
    let actor = try context.actor
    do {
      try await desk.database.write(in: context.scope) { [desk] transaction in
        try desk.requireDistrict(district, transaction)
        guard try ImportStore.revision(of: district, transaction) == number else {
          throw RosterError(
            .changedMeanwhile, "The roster was changed since this was shown. Look again at what would be undone now.")
        }
        _ = try desk.undo(district, as: .random(), by: actor, at: call.now, transaction)
      }
      return Shell.redirect(to: "/districts/\(district)/roster?done=undone")
    } catch let error as RosterError {
      return try await askUndo(call, context, fault: error)
    }
  }
}

/// Counts of one kind of rows, in the words of pages.
struct KindLine: Sendable {
  let kind: String
  let added: Int
  let changed: Int
  let left: Int
  let returned: Int
  let unchanged: Int

  private init(_ kind: String, _ counts: RowCounts) {
    self.kind = kind
    (added, changed, left) = (counts.added, counts.changed, counts.left)
    (returned, unchanged) = (counts.returned, counts.unchanged)
  }

  private var changes: Int { added + changed + left + returned }

  static func all(_ counts: KindCounts) -> [KindLine] {
    [
      KindLine("Schools and other organisations", counts.orgs), KindLine("Classes", counts.classes),
      KindLine("Students and staff", counts.people), KindLine("Guardians", counts.guardians),
      KindLine("Who is in which class", counts.memberships),
    ]
  }

  static func changed(_ counts: KindCounts) -> [KindLine] { all(counts).filter { $0.changes > 0 } }
}
