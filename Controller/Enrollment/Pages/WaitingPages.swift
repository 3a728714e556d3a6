internal import HTTPTypes
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary
internal import Web

/// Devices that wait for a person, and devices that are held apart: who may, decides on each by its key.
struct WaitingPages: Sendable {
  static let place = "/pending"
  static let quarantine = "/quarantine"
  static let rule = AccessRule.scoped(AccessRule.batchReaders)
  static let limit = 50
  /// More are told as `500+`.
  static let counted = 500

  let shell: Shell
  let desk: EnrollmentDesk
  private var pending: PendingRoutes { PendingRoutes(desk: desk) }

  var routes: [PeopleRoute] {
    [
      .page(.get, Self.place, Self.rule, "showPending", "Devices that wait for a person", query: ["after", "done"]) {
        try await waiting($0, $1)
      },
      .live(Self.place + "/live", Self.rule, "followPending", "How many devices wait for a person", handle: follow),
      decision("/districts/{district}/pending/{pending}/approve", "approvePendingPage", "Lets a waiting device in") {
        call, form, context in
        let chosen = try form.device()
        return try await pending.approve(as: chosen, call, context) { _ in Self.done("approved") }
      },
      decision("/districts/{district}/pending/{pending}/reject", "rejectPendingPage", "Refuses a waiting device") {
        call, _, context in
        try await pending.reject(call, context) { _ in Self.done("rejected") }
      },
      .page(
        .get, Self.quarantine, Self.rule, "showQuarantine", "Devices that are held apart", query: ["after", "done"]
      ) { try await quarantined($0, $1) },
      .live(
        Self.quarantine + "/live", Self.rule, "followQuarantine", "How many devices are held apart",
        handle: followQuarantine),
      keyDecision("approve", "approveQuarantined", "Keeps one key of a device and revokes its others") {
        call, form, place, context in
        guard let key = form["key"].flatMap(Digest.init(hex:)) else {
          throw ServingError(.body, "The form names no key.")
        }
        return try await desk.registry.approve(place.device, of: place.district, keeping: key, call, context) { _ in
          Shell.redirect(to: Self.quarantine + "?done=kept")
        }
      },
      keyDecision("revoke", "revokeQuarantined", "Revokes every key of a device") { call, form, place, context in
        try await desk.registry.revoke(
          place.device, of: place.district, because: form["reason"] ?? "", call, context
        ) { _ in Shell.redirect(to: Self.quarantine + "?done=revoked") }
      },
    ]
  }

  private static func done(_ what: String) -> Reply { Shell.redirect(to: "\(place)?done=\(what)") }

  static let notices = [
    "approved": "Approved: the device is let in at its next request.", "rejected": "Refused.",
    "kept": "That key is trusted; the device's others are revoked.", "revoked": "Every key of the device is revoked.",
  ]

  // MARK: - Waiting

  private struct Waiting: Sendable {
    struct Line: Sendable {
      let path: String
      let name: String
      let isKey: Bool
      let district: DistrictID
      let batch: String?
      let reason: String
      let key: KeyWords
      let uuid: String?
      let boardSerial: String?
      let macs: String?
      let since: String
      let canDecide: Bool
      /// Where a person says which device it is.
      let takesDevice: Bool

      init(_ item: PendingItem, canDecide: Bool) {
        path = "/districts/\(item.district)/pending/\(item.id)"
        if case .key = item.id { isKey = true } else { isKey = false }
        name = item.serial ?? item.uuid ?? "no serial"
        (district, batch, uuid, boardSerial) = (item.district, item.batch?.rawValue, item.uuid, item.boardSerial)
        macs = item.macs.isEmpty ? nil : item.macs.joined(separator: ", ")
        reason = Self.words(item.reason)
        key = KeyWords(item.key)
        since = String(item.requestedAt.prefix(16).replacing("T", with: " "))
        self.canDecide = canDecide
        takesDevice = !isKey
      }

      private static func words(_ reason: String) -> String {
        switch reason {
        case "unknown-key": "Its certificate is ours, but the key is not known here, as after a restore."
        default: reason.replacing("-", with: " ")
        }
      }
    }

    let lines: [Line]
    let count: String
    let version: String
    let next: String?
    let now: Moment
  }

  private func waiting(
    _ call: Call, _ context: OperatorContext, fault: (any StatusError)? = nil
  ) async throws -> Reply {
    // A decision that was refused shows the list again: its address has other parameters, and no page of its own.
    let context = fault == nil ? context : try Self.whole(context)
    let scope = context.scope
    let after = fault == nil ? try call.query("after").map(WaitingPlace.init) : nil
    let (items, seen) = try await desk.database.read(in: scope) { [pending] transaction in
      (
        try pending.items(scope, .waiting, after: after, limit: Self.limit + 1, transaction),
        try pending.items(scope, .waiting, after: nil, limit: Self.counted + 1, transaction)
      )
    }
    let shown = Array(items.prefix(Self.limit))
    let told = Told(seen.map { "\($0.district)/\($0.id)" }, most: Self.counted)
    let model = Waiting(
      lines: shown.map { .init($0, canDecide: context.mayDecide(in: $0.district)) }, count: told.count,
      version: told.version,
      next: items.count > Self.limit
        ? shown.last.map { "\(Self.place)?after=\(PercentEncoding.encode("\($0.district)/\($0.id)"))" } : nil,
      now: Moment(call.now))
    let notice = fault == nil ? try call.query("done").flatMap { Self.notices[$0] } : nil
    let heading = Shell.Heading(
      "Waiting for a person", place: Self.place, notice: notice, fault: fault?.message, isLive: true,
      status: fault?.status ?? .ok)
    return try shell.page("pending", model, heading, context)
  }

  @Sendable private func follow(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let scope = context.scope
    return .live("pending \(scope.topic)") { [desk, pending] in
      let seen = try await desk.database.read(in: scope) {
        try pending.items(scope, .waiting, after: nil, limit: Self.counted + 1, $0)
      }
      return try JSONText.encode(Told(seen.map { "\($0.district)/\($0.id)" }, most: Self.counted))
    }
  }

  // MARK: - Decisions

  private typealias Decision =
    @Sendable (_ call: Call, _ form: FormBody, _ context: OperatorContext) async throws -> Reply
  private typealias KeyChoice =
    @Sendable (
      _ call: Call, _ form: FormBody, _ place: (district: DistrictID, device: DeviceID), _ context: OperatorContext
    ) async throws -> Reply

  private func decision(
    _ path: String, _ id: String, _ summary: String, _ body: @escaping Decision
  ) -> PeopleRoute {
    .page(.post, path, BatchRoutes.managers, id, summary) { call, context in
      do {
        return try await body(call, try FormBody(call), context)
      } catch let error as any StatusError where error.status != .notFound {
        return try await waiting(call, context, fault: error)
      }
    }
  }

  private func keyDecision(
    _ verb: String, _ id: String, _ summary: String, _ body: @escaping KeyChoice
  ) -> PeopleRoute {
    .page(.post, "/districts/{district}/quarantine/{device}/\(verb)", BatchRoutes.managers, id, summary) {
      call, context in
      let (district, device): (DistrictID, DeviceID) = (try call.identifier("district"), try call.identifier("device"))
      // Another tenant's is not there, whatever the form says.
      try await desk.database.read(in: context.scope) { [registry = desk.registry] in
        guard try registry.device(device, of: district, in: $0) != nil else {
          throw ServingError.missing("device", device, in: district)
        }
      }
      do {
        return try await body(call, try FormBody(call), (district, device), context)
      } catch let error as any StatusError where error.status != .notFound {
        return try await quarantined(call, context, fault: error)
      }
    }
  }

  /// What the caller sees of the lists, whose rule is another than that of the form it sent.
  static func whole(_ context: OperatorContext) throws(ServingError) -> OperatorContext {
    try OperatorContext(context.caller, rule, district: nil, session: context.session)
  }
}

/// How many there are, and whether they are the same ones.
struct Told: Encodable, Sendable {
  let count: String
  let version: String

  init(_ names: [String], most: Int) {
    count = names.count > most ? "\(most)+" : "\(names.count)"
    version = String(Digest.sha256(Array(names.joined(separator: "\n").utf8)).description.prefix(16))
  }
}

/// A key as people compare it with what the device itself says: `rollcall-agent status` prints the first digits.
struct KeyWords: Sendable {
  /// The first 16 digits in fours.
  let short: String
  let whole: String

  init(_ digest: Digest) {
    whole = digest.description
    let digits = Array(whole.prefix(16))
    short = stride(from: 0, to: digits.count, by: 4).map { String(digits[$0..<min($0 + 4, digits.count)]) }
      .joined(separator: " ")
  }
}

extension OperatorContext {
  /// Whether the caller decides on devices of the district; the routes of the forms ask again.
  func mayDecide(in district: DistrictID) -> Bool {
    caller?.scope(of: AccessRule.deviceManagers)?.contains(district) ?? false
  }
}

extension TenantScope {
  /// Names it for those who see the same.
  var topic: String {
    switch self {
    case .state: "*"
    case .districts(let districts): districts.map(\.rawValue).sorted().joined(separator: " ")
    }
  }
}

extension FormBody {
  /// The device that somebody says it is.
  ///
  /// - Throws: `request.body`.
  fileprivate func device() throws(ServingError) -> DeviceID? {
    guard let text = self["device"] else { return nil }
    guard let id = DeviceID(rawValue: text) else {
      throw ServingError(.body, "'\(text.prefix(60))' is no device's id, such as dev_0123456789abcdef.")
    }
    return id
  }
}
