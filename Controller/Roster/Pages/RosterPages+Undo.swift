import Serving
import Storage
import Vocabulary
import Web

extension RosterPages {
  private struct Undo: Sendable {
    let base: String
    let at: Moment?
    let number: Int64
    let counts: [KindLine]
  }

  func askUndo(
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
  func undo(_ call: Call, _ context: OperatorContext) async throws -> Reply {
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
