import HTTPTypes
import Serving
import Storage
import Vocabulary
import Web

/// A file that is looked at before it is taken up.
extension RosterPages {
  func upload(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let form = try FormBody(call)
    guard let file = form.file("file") else {
      return try await show(district, call, context, fault: RosterError(.archive, "Choose a file first."))
    }
    let upload = RosterUpload(
      id: .random(), district: district, actor: try context.actor, at: call.now, mapping: form["mapping"],
      demographics: form["demographics"] != nil, file: file)
    try await desk.database.write(in: context.scope) { [desk] transaction in
      try desk.requireDistrict(district, transaction)
      try UploadStore.keep(upload, desk.contacts, transaction)
    }
    return Shell.redirect(to: "/districts/\(district)/roster/uploads/\(upload.id)")
  }

  private struct Preview: Sendable {
    let base: String
    let path: String
    let file: String
    let faults: [FaultRow]
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

  func preview(
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
      let faults = error.faults.map(FaultRow.init)
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
        refusal: view.refusal, allow: allow,
        revision: own?.revision ?? 0, counts: view.districts.first.map { KindLine.all($0.counts) } ?? [],
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
    // Of the day when it was sent: taken up past midnight it changes what was shown.
    let planned = try await desk.plan(
      upload.file, only: district, on: CivilDate(upload.at), mapping: upload.mapping,
      demographics: upload.demographics, in: context.scope)
    return (upload, planned)
  }

  /// The roster must be as it was when the preview was made, and the share of people who may go is the one that was seen.
  func confirm(_ call: Call, _ context: OperatorContext) async throws -> Reply {
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

  func discard(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, id): (DistrictID, UploadID) = (try call.identifier("district"), try call.identifier("upload"))
    try await desk.database.write(in: context.scope) { try UploadStore.remove(id, of: district, $0) }
    return Shell.redirect(to: "/districts/\(district)/roster?done=left")
  }
}
