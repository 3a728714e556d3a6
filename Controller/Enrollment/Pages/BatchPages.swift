internal import HTTPTypes
internal import Serving
internal import Storage
internal import Vocabulary
internal import Web

/// Batches: how far each has come, and the machines that it expects. A batch's numbers follow enrolments while they are shown.
struct BatchPages: Sendable {
  static let place = "/batches"
  static let rule = AccessRule.scoped(AccessRule.batchReaders)
  private static let ofDistrict = AccessRule.district(AccessRule.batchReaders)
  private static let base = "/districts/{district}/batches"
  private static let limit = 50

  let shell: Shell
  let desk: EnrollmentDesk

  var routes: [PeopleRoute] {
    [
      .page(.get, Self.place, Self.rule, "showBatchDistricts", "Districts, to see their batches", query: ["after"]) {
        call, context in
        if let only = context.scope.onlyDistrict { return try await list(of: only, call, context) }
        return try await desk.choose(call, context, shell, "Batches", Self.place) { "/districts/\($0)/batches" }
      },
      .page(.get, Self.base, Self.ofDistrict, "showBatches", "A district's batches", query: ["after"]) {
        try await list(of: try $0.identifier("district"), $0, $1)
      },
      .page(
        .get, Self.base + "/{batch}", Self.ofDistrict, "showBatchPage", "A batch and its machines",
        query: ["state", "after", "done"], handle: show),
      .live(Self.base + "/{batch}/live", Self.ofDistrict, "followBatch", "How far a batch has come", handle: follow),
    ]
  }

  // MARK: - The list

  private struct List: Sendable {
    struct Line: Sendable {
      let id: BatchID
      let name: String
      let since: Moment
      let counts: Counts
    }

    let base: String
    /// Where a new one is made; nil where the caller may not.
    let new: String?
    let batches: [Line]
    let next: String?
  }

  /// As the templates and the live page name them.
  struct Counts: Sendable, Encodable {
    let listed: Int
    let expected: Int
    let enrolled: Int
    let unexpected: Int
    let quarantined: Int
    let pending: Int
    /// Another one says that lists have changed.
    let version: String

    init(_ counts: BatchCounts) {
      (listed, expected, enrolled) = (counts.listed, counts.expected, counts.enrolled)
      (unexpected, quarantined, pending) = (counts.unexpected, counts.quarantined, counts.pending)
      version = "\(listed)-\(expected)-\(enrolled)-\(unexpected)-\(quarantined)-\(pending)"
    }
  }

  private func list(of district: DistrictID, _ call: Call, _ context: OperatorContext) async throws -> Reply {
    let after = try call.query("after")
    let found = try await desk.database.read(in: context.scope) { [desk] transaction in
      guard try desk.registry.district(district, in: transaction) != nil else {
        throw ServingError.missing("district", district)
      }
      return try BatchStore.batches(in: district, after: after, limit: Self.limit + 1, transaction).map { batch in
        List.Line(
          id: batch.id, name: batch.name, since: Moment(batch.createdAt),
          counts: Counts(try BatchStore.counts(of: batch.id, in: district, transaction)))
      }
    }
    let base = "/districts/\(district)/batches"
    let shown = Array(found.prefix(Self.limit))
    let next = found.count > Self.limit ? shown.last.map { "\(base)?after=\($0.id)" } : nil
    let new = context.mayDecide(in: district) ? "/districts/\(district)/new-batch" : nil
    let model = List(base: base, new: new, batches: shown, next: next)
    return try shell.page("batches", model, Shell.Heading("Batches of \(district)", place: Self.place), context)
  }

  // MARK: - One batch

  private struct Model: Sendable {
    struct Line: Sendable {
      let name: String
      let assetTag: String?
      let model: String?
      let device: String?
      let state: String
      let since: String
    }

    struct State: Sendable {
      let name: String
      let isChosen: Bool
    }

    let base: String
    let batches: String
    let district: DistrictID
    let id: BatchID
    let since: Moment
    let counts: Counts
    let states: [State]
    let lines: [Line]
    let next: String?
    let now: Moment
    let canManage: Bool
  }

  private static let notices = [
    "created": "The batch is made.", "added": "The batch expects these machines too.",
    "removed": "The machines are taken out of the batch.", "same": "The batch listed all of these already.",
  ]

  @Sendable private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, id): (DistrictID, BatchID) = (try call.identifier("district"), try call.identifier("batch"))
    let asked = try call.query("state").flatMap { $0.isEmpty ? nil : $0 }
    let state = asked.flatMap(EntryState.init(rawValue:))
    guard (asked == nil) == (state == nil) else {
      throw ServingError(.query, "'state' is one of \(EntryItem.states.joined(separator: ", ")).")
    }
    let after = try call.query("after")
    let (batch, counts, entries) = try await desk.database.read(in: context.scope) { transaction in
      let batch = try BatchStore.existing(id, in: district, transaction)
      let entries = try BatchRoutes.entries(
        of: id, in: district, state, after: after, limit: Self.limit + 1, transaction)
      return (batch, try BatchStore.counts(of: id, in: district, transaction), entries)
    }
    let batches = "/districts/\(district)/batches"
    let shown = Array(entries.prefix(Self.limit))
    let filter = state.map { "state=\($0.rawValue)&" } ?? ""
    let model = Model(
      base: "\(batches)/\(id)", batches: batches, district: district, id: id, since: Moment(batch.createdAt),
      counts: Counts(counts),
      states: EntryState.allCases.map { .init(name: $0.rawValue, isChosen: $0 == state) },
      lines: shown.map { entry in
        .init(
          name: entry.serial ?? entry.device?.rawValue ?? entry.key, assetTag: entry.assetTag, model: entry.model,
          device: entry.device?.rawValue, state: entry.state.rawValue,
          since: String(entry.changedAt.prefix(16).replacing("T", with: " ")))
      },
      next: entries.count > Self.limit
        ? shown.last.map { "\(batches)/\(id)?\(filter)after=\(PercentEncoding.encode($0.key))" } : nil,
      now: Moment(call.now), canManage: context.mayDecide(in: district))
    let notice = try call.query("done").flatMap { Self.notices[$0] }
    return try shell.page(
      "batch", model, Shell.Heading(batch.name, place: Self.place, notice: notice, isLive: true), context)
  }

  @Sendable private func follow(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, id): (DistrictID, BatchID) = (try call.identifier("district"), try call.identifier("batch"))
    let scope = context.scope
    let look = { @Sendable [desk] in
      let counts = try await desk.database.read(in: scope) { transaction in
        _ = try BatchStore.existing(id, in: district, transaction)
        return try BatchStore.counts(of: id, in: district, transaction)
      }
      return try JSONText.encode(Counts(counts))
    }
    // Another tenant's, or none, is told before anything is streamed.
    _ = try await look()
    return .live("batch \(district) \(id)", look: look)
  }
}

extension EnrollmentDesk {
  /// Asks for one of the districts that the caller sees.
  func choose(
    _ call: Call, _ context: OperatorContext, _ shell: Shell, _ title: String, _ place: String,
    _ address: (DistrictID) -> String
  ) async throws -> Reply {
    let (scope, after, limit) = (context.scope, try call.query("after"), 200)
    let found = try await database.read(in: scope) { [registry] in
      try registry.tenants(of: scope, after: after, limit: limit + 1, in: $0)
    }
    let shown = found.prefix(limit)
    let choices = Choices(
      shown.map { .init($0.name, address($0.id), $0.id.rawValue) }, nothing: "There is no district yet.",
      next: found.count > limit ? shown.last.map { "\(place)?after=\($0.id)" } : nil)
    return try shell.choose(choices, Shell.Heading("\(title): which district?", place: place), context)
  }
}
