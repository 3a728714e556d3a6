internal import Serving
internal import Storage
internal import Vocabulary
internal import Web

/// A batch's enrolment tokens: made, shown once, revoked.
struct TokenPages: Sendable {
  private static let base = "/districts/{district}/batches/{batch}/tokens"
  private static let limit = 50
  /// A week: as long as a pallet lies in a warehouse.
  private static let usualHours = 168

  let shell: Shell
  let desk: EnrollmentDesk

  var routes: [PeopleRoute] {
    [
      .page(
        .get, Self.base, BatchRoutes.readers, "showEnrollmentTokens", "A batch's enrolment tokens",
        query: ["after", "done"]
      ) { try await show($0, $1) },
      .page(
        .post, Self.base, BatchRoutes.managers, "makeEnrollmentTokenPage", "Makes an enrolment token, shown once",
        handle: make),
      .page(
        .post, Self.base + "/{token}/revoke", BatchRoutes.managers, "revokeEnrollmentTokenPage",
        "Revokes an enrolment token", handle: revoke),
    ]
  }

  private struct Model: Sendable {
    struct Line: Sendable {
      let id: EnrollmentTokenID
      let serves: String
      let since: Moment
      let ends: Moment
      let uses: Int
      let used: Int
      let allowsUnidentified: Bool
      let state: String
      let isUsable: Bool

      init(_ token: EnrollmentToken, canManage: Bool, now: Instant) {
        id = token.id
        let serials = token.serials.map { $0.map(\.text).sorted() }
        serves = serials.map { Self.words($0) } ?? "the whole batch"
        (since, ends) = (Moment(token.createdAt), Moment(token.expiresAt))
        (uses, used, allowsUnidentified) = (token.uses, token.used, token.allowUnidentified)
        state = TokenItem(token, now: now).state
        isUsable = canManage && state == "usable"
      }

      private static func words(_ serials: [String]) -> String {
        let shown = serials.prefix(5).joined(separator: ", ")
        return serials.count > 5 ? "\(shown) and \(serials.count - 5) more" : shown
      }
    }

    let base: String
    let batch: String
    let name: String
    let once: Once?
    let canManage: Bool
    let lines: [Line]
    let next: String?
    let hours: String
    let uses: String
    let serials: String
    let allowsUnidentified: Bool
    let longest: Int
    let most: Int
    let faults: [FaultRow]
    let hasFaults: Bool
  }

  private func show(
    _ call: Call, _ context: OperatorContext, once: Once? = nil, form: FormBody? = nil,
    fault: (any StatusError)? = nil
  ) async throws -> Reply {
    let (district, id): (DistrictID, BatchID) = (try call.identifier("district"), try call.identifier("batch"))
    let isRead = call.method == .get
    let after = isRead ? try call.query("after") : nil
    let (batch, tokens) = try await desk.database.read(in: context.scope) { transaction in
      (
        try BatchStore.existing(id, in: district, transaction),
        try TokenStore.tokens(of: id, in: district, after: after, limit: Self.limit + 1, transaction)
      )
    }
    let (base, canManage) = ("/districts/\(district)/batches/\(id)", context.mayDecide(in: district))
    let shown = tokens.prefix(Self.limit)
    let faults = fault?.faults.map(FaultRow.init) ?? []
    let model = Model(
      base: base, batch: id.rawValue, name: batch.name, once: once, canManage: canManage,
      lines: shown.map { .init($0, canManage: canManage, now: call.now) },
      next: tokens.count > Self.limit ? shown.last.map { "\(base)/tokens?after=\($0.id)" } : nil,
      hours: form?["hours"] ?? "\(Self.usualHours)", uses: form?["uses"] ?? "", serials: form?["serials"] ?? "",
      allowsUnidentified: form?["unidentified"] != nil, longest: NewToken.longestHours, most: NewToken.mostUses,
      faults: faults, hasFaults: !faults.isEmpty)
    let done = isRead ? try call.query("done") : nil
    let notice = done == "revoked" ? "The token is revoked." : nil
    var heading = Shell.Heading("Enrolment tokens of \(batch.name)", notice: notice, refusal: fault)
    heading.place = BatchPages.place
    return try shell.page("enrollment-tokens", model, heading, context)
  }

  @Sendable private func make(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let batch: BatchID = try call.identifier("batch")
    let form = try FormBody(call)
    do {
      let serials = form["serials"]?.split(whereSeparator: { $0.isWhitespace || $0 == "," }).map(String.init) ?? []
      let wanted = NewToken(
        serials: serials.isEmpty ? nil : serials, expiresInHours: form["hours"].flatMap { Int($0) } ?? 0,
        uses: try form.uses(), allowUnidentified: form["unidentified"] != nil)
      let (token, printed) = try await desk.changeByForm(call, context) { [desk] in
        try desk.makeToken(wanted, of: batch, $0)
      }
      let once = Once(
        "This is the new enrolment token. Give it to the devices: rollcall-agent enroll --token-file reads it.",
        secret: printed,
        until: Moment(token.expiresAt).text)
      return try await show(call, context, once: once)
    } catch let error as any StatusError where error.status != .notFound {
      return try await show(call, context, form: form, fault: error)
    }
  }

  @Sendable private func revoke(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, batch): (DistrictID, BatchID) = (try call.identifier("district"), try call.identifier("batch"))
    let token: EnrollmentTokenID = try call.identifier("token")
    try await desk.changeByForm(call, context) { [desk] change in
      _ = try change.batch(batch)
      try desk.revokeToken(token, change)
    }
    return Shell.redirect(to: "/districts/\(district)/batches/\(batch)/tokens?done=revoked")
  }
}

extension FormBody {
  /// - Throws: `enroll.token-request`.
  fileprivate func uses() throws(EnrollmentError) -> Int? {
    guard let text = self["uses"], !text.isEmpty else { return nil }
    guard let uses = Int(text) else {
      throw EnrollmentError(
        .tokenRequest, "The certificates that it may bring are a whole number from 1 to \(NewToken.mostUses).")
    }
    return uses
  }
}
