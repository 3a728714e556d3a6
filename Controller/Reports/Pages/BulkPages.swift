import HTTPTypes
import Registry
import Serving
import Storage
import Vocabulary
import Web

/// One change of many devices: first what it would come to, named, then the change itself.
///
/// ```
/// list ──choose──▶ POST …/devices/change (preview, changes nothing) ──▶ POST …/devices/change/apply ──▶ what it came to
/// ```
struct BulkPages: Sendable {
  private static let rule = AccessRule.district(BulkMove.roles)
  private static let base = "/districts/{district}/devices/change"

  let desk: ReportsDesk

  var routes: [PeopleRoute] {
    [
      .page(.post, Self.base, Self.rule, "previewDeviceChanges", "What a change of many devices would come to") {
        try await preview($0, $1)
      },
      .page(.post, Self.base + "/apply", Self.rule, "changeDevices", "Changes many devices") {
        try await apply($0, $1)
      },
    ]
  }

  private func preview(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, form) = (try call.identifier("district", as: DistrictID.self), try FormBody(call))
    do {
      let move = try form.bulkMove()
      let devices = try await devices(form, district, call, context)
      let outcome = try await desk.registry.preview(move, of: devices, in: district, call, context)
      let model = BulkModel(outcome, move, district, back: form["query"], isDone: false)
      return try desk.shell.page(
        "bulk", model, Shell.Heading(model.question, place: DeviceListPage.place), context)
    } catch let error as RegistryError where error.kind != .districtUnknown {
      return try refused(error, district, form, context)
    }
  }

  private func apply(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, form) = (try call.identifier("district", as: DistrictID.self), try FormBody(call))
    do {
      let move = try form.bulkMove()
      let devices = try Self.seen((form["devices"] ?? "").split(separator: " ").map(String.init))
      let outcome = try await desk.registry.perform(move, of: devices, in: district, call, context)
      let model = BulkModel(outcome, move, district, back: form["query"], isDone: true)
      return try desk.shell.page(
        "bulk", model, Shell.Heading(model.result, place: DeviceListPage.place, notice: model.result), context)
    } catch let error as RegistryError where error.kind != .districtUnknown {
      return try refused(error, district, form, context)
    }
  }

  private func refused(
    _ error: RegistryError, _ district: DistrictID, _ form: FormBody, _ context: OperatorContext
  ) throws -> Reply {
    let words = error.faults.isEmpty ? error.message : error.faults.map(\.message).joined(separator: " ")
    let model = BulkModel.refused(district, back: form["query"])
    return try desk.shell.page(
      "bulk", model,
      Shell.Heading("Nothing was changed", place: DeviceListPage.place, fault: words, status: error.status), context)
  }

  /// Those that were marked, or all that the list's filters find.
  private func devices(
    _ form: FormBody, _ district: DistrictID, _ call: Call, _ context: OperatorContext
  ) async throws -> [DeviceID] {
    guard form["which"] == "all" else { return try Self.ids(form.all("device")) }
    var pairs = (form["query"] ?? "").split(separator: "&").map { pair in
      let sides = pair.split(separator: "=", maxSplits: 1).map { PercentEncoding.decode($0) ?? "" }
      return (name: sides.first ?? "", value: sides.count > 1 ? sides[1] : "")
    }
    pairs.removeAll { $0.name == "district" }
    let asked = Call(.get, call.path, query: pairs + [("district", district.rawValue)], now: call.now)
    let run = try await desk.run(
      DeviceReports.inventory, asked, context, columns: DeviceReports.ids.filter { $0.key == "device" })
    let found = try await desk.database.read(in: run.scope) { try Self.all(run, $0) }
    return found.compactMap { CellText.text($0.values[0], .text).flatMap(DeviceID.init(rawValue:)) }
  }

  /// Pages of a list that are looked at for all of it: each goes some thousand devices further, or has some that are meant.
  private static let looks = 200

  /// - Throws: `registry.invalid` where the list has more than may be changed at once.
  private static func all(_ run: ReportRun, _ transaction: any Transaction) throws -> [ReportRun.Page.Row] {
    let page = try run.filled(after: nil, limit: BulkMove.limit + 1, looks: looks, transaction)
    if page.rows.count <= BulkMove.limit, page.next == nil { return page.rows }
    throw RegistryError(
      .invalid,
      "The list has more than \(Words.number(BulkMove.limit)) devices, which is as many as are changed at once. Narrow it, or take 'rollcall' with a file."
    )
  }

  /// Each device with the event at which the preview found it, as `id:sequence`.
  private static func seen(_ texts: [String]) throws(RegistryError) -> [(id: DeviceID, expected: Int64)] {
    let pairs = texts.map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }
    let ids = try ids(pairs.map { $0.first ?? "" })
    let sequences = pairs.compactMap { $0.count == 2 ? Int64($0[1]) : nil }
    guard sequences.count == ids.count else {
      throw RegistryError(
        .invalid, "The form does not say where each device stood. Go back to the list, and preview anew.")
    }
    return zip(ids, sequences).map { ($0, $1) }
  }

  private static func ids(_ texts: [String]) throws(RegistryError) -> [DeviceID] {
    var seen: Set<DeviceID> = []
    let found = texts.compactMap(DeviceID.init(rawValue:)).filter { seen.insert($0).inserted }
    guard !found.isEmpty, found.count == Set(texts).count, found.count <= BulkMove.limit else {
      throw RegistryError(
        .invalid,
        texts.isEmpty
          ? "No device is marked. Go back, and mark those that are meant."
          : "These are no ids of devices, or more than \(Words.number(BulkMove.limit)). Go back to the list.")
    }
    return found
  }
}

extension FormBody {
  /// - Throws: `registry.invalid`.
  fileprivate func bulkMove() throws(RegistryError) -> BulkMove {
    guard let kind = self["move"].flatMap(BulkMove.Kind.init(rawValue:)) else {
      throw RegistryError(.invalid, "Choose what is to be done with the devices.")
    }
    var move = BulkMove(kind, reason: self["reason"])
    switch kind {
    case .retire: break
    case .move:
      guard let school = self["school"].flatMap(SchoolID.init(rawValue:)) else {
        throw RegistryError(.invalid, "Choose the school to which the devices go.")
      }
      move.school = school
    case .repair:
      guard let category = self["category"].flatMap(RepairCategory.init(rawValue:)) else {
        throw RegistryError(.invalid, "Choose what is to be repaired.")
      }
      move.category = category
    }
    return move
  }
}

/// What the template shows of a change that would be, or was.
struct BulkModel: Sendable {
  struct Refused: Sendable {
    let name: String
    let href: String
    let why: String
  }

  let question: String
  let result: String
  let button: String
  let isDone: Bool
  let canApply: Bool
  let devices: [Refused]
  let more: String?
  let refused: [Refused]
  let hasRefused: Bool
  let refusedTitle: String
  let action: String
  let move: String
  let school: String
  let category: String
  let reason: String
  let ids: String
  let query: String
  let back: String

  /// Devices that a preview names; the rest is counted.
  private static let named = 50

  init(_ outcome: BulkOutcome, _ move: BulkMove, _ district: DistrictID, back: String?, isDone: Bool) {
    let count = outcome.devices.count
    let devices = "\(Words.number(count)) \(count == 1 ? "device" : "devices")"
    switch move.kind {
    case .retire: (question, result) = ("Retire \(devices)?", "\(devices) retired")
    case .move:
      let school = move.school?.rawValue ?? ""
      (question, result) = ("Move \(devices) to school \(school)?", "\(devices) moved to school \(school)")
    case .repair:
      let what = move.category?.rawValue ?? ""
      (question, result) = ("Send \(devices) to repair (\(what))?", "\(devices) sent to repair (\(what))")
    }
    button = String(question.dropLast())
    self.isDone = isDone
    canApply = !isDone && count > 0
    self.devices = outcome.devices.prefix(Self.named).map {
      Refused(name: $0.serial ?? $0.assetTag ?? $0.hostname ?? $0.id.rawValue, href: "/devices/\($0.id)", why: "")
    }
    more = count > Self.named ? Words.number(count - Self.named) : nil
    refused = outcome.refused.map {
      Refused(
        name: $0.known.flatMap { $0.serial ?? $0.assetTag ?? $0.hostname } ?? $0.device.rawValue,
        href: "/devices/\($0.device)", why: $0.why)
    }
    hasRefused = !refused.isEmpty
    refusedTitle = "\(Words.number(refused.count)) cannot\(isDone ? ", and stayed as they were" : "")"
    action = "/districts/\(district)/devices/change/apply"
    self.move = move.kind.rawValue
    (school, category) = (move.school?.rawValue ?? "", move.category?.rawValue ?? "")
    reason = move.reason ?? ""
    ids = outcome.devices.map { "\($0.id):\(outcome.sequences[$0.id] ?? 0)" }.joined(separator: " ")
    query = back ?? ""
    self.back = Self.list(district, back)
  }

  private init(back: String) {
    (question, result, button, isDone, canApply) = ("", "", "", false, false)
    (devices, more, refused, hasRefused, refusedTitle) = ([], nil, [], false, "")
    (action, move, school, category, reason, ids, query) = ("", "", "", "", "", "", "")
    self.back = back
  }

  static func refused(_ district: DistrictID, back: String?) -> BulkModel { BulkModel(back: list(district, back)) }

  /// The list that the change began at. What a form sent is taken for pairs of a query, and nothing else.
  private static func list(_ district: DistrictID, _ query: String?) -> String {
    let known = Set(Filter.allCases.map(\.rawValue) + SoftwareQuestion.parameters)
    let pairs = (query ?? "").split(separator: "&").compactMap { pair -> (name: String, value: String)? in
      let sides = pair.split(separator: "=", maxSplits: 1).map { PercentEncoding.decode($0) ?? "" }
      return sides.count == 2 && known.contains(sides[0]) ? (sides[0], sides[1]) : nil
    }
    return Address("/devices", pairs).with("district", district.rawValue).description
  }
}
