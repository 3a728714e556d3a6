import HTTPTypes
import Registry
import Serving
import Vocabulary
import Web

/// Many devices at once: given out to a class or as a file says, or taken back. First a preview with each fault and its
/// line, then all of it or nothing.
struct ManyPages: Sendable {
  let desk: DevicePages

  static let place = "/hand-out"
  private static let path = "/districts/{district}/hand-out"
  /// Who may give out and take back.
  static let roles = MoveRights.roles(forAll: [.assign, .giveBack])
  private static let rule = AccessRule.district(roles)
  /// Some 20,000 lines; longer files go by `rollcall assign --file`.
  static let fileBytes = 1 << 20
  /// The file, or serials that were scanned, with what a form adds.
  private static let bodyBytes = 2 << 20

  var routes: [PeopleRoute] {
    [
      .deskPage(
        .get, Self.place, .scoped(Self.roles), "showOwnHandOut",
        "Of which district devices are given out"
      ) { call, context in
        let districts = try await districts(context)
        if let only = districts.first, districts.count == 1 {
          return try await page(only, ManyForm(), call, context)
        }
        return try desk.shell.page(
          "desk-districts", Districts(districts: districts.map(\.rawValue)),
          Shell.Heading("Which district?", place: Self.place), context)
      },
      .deskPage(
        .get, Self.path, Self.rule, "showHandOut", "Give many devices out, or take them back", query: ["done"]
      ) { call, context in
        let done = try call.query("done").flatMap { Int($0) }
        let notice = done.map { "\($0) \($0 == 1 ? "device has" : "devices have") moved." }
        return try await page(try call.identifier("district"), ManyForm(), call, context, notice: notice)
      },
      .deskPage(
        .post, Self.path, Self.rule, "makeHandOut", "Previews or makes moves of many devices",
        bodyLimit: Self.bodyBytes, handle: make),
    ]
  }

  private struct Districts: Sendable { let districts: [String] }

  private func districts(_ context: OperatorContext) async throws -> [DistrictID] {
    try await desk.database.read(in: context.scope) { [registry = desk.registry] transaction in
      try registry.districts(of: context.scope, in: transaction)
    }
  }

  @Sendable private func make(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    try await requireDistrict(district, context)
    var form = ManyForm(try FormBody(call))
    let custody = CustodyDesk(registry: desk.registry)
    if let kept = form.kept { form.take(try await custody.kept(kept, in: district, call, context)) }
    if let fault = form.fault { return try await page(district, form, call, context, fault: fault) }
    do {
      let asked = try form.asked()
      if let mark = form.confirmed {
        let moved = try await custody.make(asked, in: district, previewed: mark, call, context)
        if form.kept != nil { try await custody.forget(in: district, context) }
        return Shell.redirect(to: "/districts/\(district)/hand-out?done=\(moved)")
      }
      let preview = try await custody.preview(asked, in: district, call, context)
      if let file = form.file, preview.faultCount == 0 {
        let digest = try await custody.keep(Array(file.utf8), in: district, call, context)
        form.keep(digest)
      }
      return try await page(district, form, call, context, preview: preview)
    } catch let error as CSVError {
      return try await page(district, form, call, context, error: error)
    } catch let error as RegistryError where error.status != .notFound {
      return try await page(district, form, call, context, error: error)
    }
  }

  /// - Throws: `request.not-found`.
  private func requireDistrict(_ district: DistrictID, _ context: OperatorContext) async throws {
    let known = try await desk.database.read(in: context.scope) { [registry = desk.registry] transaction in
      try registry.district(district, in: transaction) != nil
    }
    guard known else { throw ServingError.missing("district", district) }
  }

  // MARK: - The page

  private func page(
    _ district: DistrictID, _ form: ManyForm, _ call: Call, _ context: OperatorContext, preview: ManyPreview? = nil,
    error: (any StatusError)? = nil, fault: String? = nil, notice: String? = nil
  ) async throws -> Reply {
    try await requireDistrict(district, context)
    let rows = preview?.rows ?? []
    var persons: Set<PersonID> = []
    for case .person(let id)? in rows.prefix(ManyModel.rowsShown).map(\.holder) { persons.insert(id) }
    let seen = try await desk.seen(persons, of: district, school: nil, device: nil, as: .many, call, context)
    let model = ManyModel(
      district, form, preview, error, seen, here: Self.path.replacing("{district}", with: district.rawValue))
    let status = error?.status ?? (fault == nil ? .ok : .unprocessableContent)
    return try desk.shell.page(
      "desk-many", model,
      Shell.Heading(
        "Give out, take back", place: Self.place, notice: notice,
        fault: fault ?? (error as? RegistryError)?.plain ?? error?.message, status: status),
      context)
  }
}
