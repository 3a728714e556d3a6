import Serving
import Storage
import Vocabulary
import Web

/// The first look on a Friday: what is not well, why, where, and since when. Every number leads to its list.
struct OverviewPage: Sendable {
  static let place = "/overview"
  static let models = "/overview/models"
  let desk: ReportsDesk

  var routes: [PeopleRoute] {
    [
      .page(
        .get, Self.place, .scopedSchools(AccessRule.anyReader), "showOverview", "How the devices are",
        query: ["district"], handle: show),
      .page(
        .get, Self.models, .scopedSchools(AccessRule.anyReader), "showModels", "How the devices of each model are",
        query: ["district", "after"], handle: showModels),
    ]
  }

  @Sendable private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let place = try await PageScope(call, context, desk)
    let numbers = try await desk.database.read(in: place.scope) {
      try OverviewNumbers(of: place, schools: context.schools, now: call.now, $0)
    }
    let model = OverviewModel(numbers, place, now: call.now)
    return try desk.shell.page(
      "overview", model, Shell.Heading("Overview of \(place.words)", place: Self.place), context)
  }
}

/// Every model, page by page: the overview has the first ones.
extension OverviewPage {
  /// A machine may tell a long model, which stands on the page several times.
  private static let limit = 20

  private struct Models: Sendable {
    let hasChoices: Bool
    let options: [Choice]
    let models: [OverviewModel.Line]
    let hasModels: Bool
    let overview: String
    let next: String?
  }

  @Sendable fileprivate func showModels(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let place = try await PageScope(call, context, desk)
    let first = try ReportRun.number(try call.filled.query("after"))
    let numbers = try await desk.database.read(in: place.scope) {
      try OverviewNumbers(of: place, schools: context.schools, now: call.now, $0)
    }
    let all = OverviewModel.models(numbers, place)
    let next = Address(Self.models, [("after", "\(first + Self.limit)")]).with("district", place.given)
    let model = Models(
      hasChoices: place.choices.count > 1, options: place.options,
      models: Array(all.dropFirst(first).prefix(Self.limit)), hasModels: all.count > first,
      overview: Address(Self.place).with("district", place.given).description,
      next: all.count > first + Self.limit ? next.description : nil)
    return try desk.shell.page(
      "models", model, Shell.Heading("Models of \(place.words)", place: Self.place), context)
  }
}

/// What the template shows.
struct OverviewModel: Sendable {
  struct Verdict: Sendable {
    let kind: String
    let label: String
    let number: Counted
    let share: String
  }

  /// Devices of one value by wellness.
  struct Line: Sendable {
    let name: String
    let href: String
    let inUse: Counted
    let well: Counted
    let attention: Counted
    let failing: Counted
    let unknown: Counted
  }

  struct Reason: Sendable {
    let name: String
    let failing: Counted
    let attention: Counted
  }

  struct Unseen: Sendable {
    let name: String
    let number: Counted
    let share: String
  }

  struct System: Sendable {
    let name: String
    let ends: String
    let words: String
    let isOver: Bool
    let isSoon: Bool
    let number: Counted
  }

  struct Replace: Sendable {
    let name: String
    let failing: Counted
    let attention: Counted
  }

  let hasChoices: Bool
  let options: [Choice]
  let countedAt: String?
  let verdicts: [Verdict]
  let outOfUse: Counted
  let notHere: Counted
  let inUse: Counted
  let partsTitle: String
  let partsHead: String
  let parts: [Line]
  let trend: TrendChart?
  let reasons: [Reason]
  let hasReasons: Bool
  /// In place of reasons.
  let noReasons: String
  let unseen: [Unseen]
  let models: [Line]
  let moreModels: String?
  let allModels: String
  let ages: [Line]
  let systems: [System]
  let replace: [Replace]
  let report: String
  let changes: String
}

extension OverviewModel {
  init(_ numbers: OverviewNumbers, _ place: PageScope, now: Instant) {
    let list = Address("/devices").with("district", place.given)
    let used = list.with("use", "in")
    let total = numbers.total
    hasChoices = place.choices.count > 1
    options = place.options
    countedAt = numbers.countedAt.map(Words.moment)
    verdicts = [
      ("well", "Well", total.well), ("attention", "Need attention", total.attention),
      ("failing", "Failing", total.failing), ("unknown", "Unknown", total.unknown),
    ].map { kind, label, count in
      Verdict(
        kind: kind, label: label, number: Counted(count, used.with("wellness", kind)),
        share: Words.share(count, of: total.inUse))
    }
    inUse = Counted(total.inUse, used)
    outOfUse = Counted(total.outOfUse, list.with("use", "out"))
    notHere = Counted(total.notHere, list.with("use", "not-here"))
    partsTitle = place.only == nil ? "By district" : "By school"
    partsHead = place.only == nil ? "District" : "School"
    parts = numbers.parts.map { part, counts in
      guard let only = place.only else {
        let district = part?.id ?? ""
        return Line(
          part?.name ?? district, counts, Address("/devices", [("district", district), ("use", "in")]),
          href: Address("/overview", [("district", district)]))
      }
      let school = Address("/devices", [("district", only.rawValue), ("school", part?.id ?? "-")])
      return Line(part?.name ?? "No school", counts, school.with("use", "in"))
    }
    trend = TrendChart(numbers.days, now: now)
    func ranked(_ items: [String]) -> [Reason] {
      items.map { ($0, numbers.devices(.reason, $0, "failing"), numbers.devices(.reason, $0, "attention")) }
        .filter { $0.1 + $0.2 > 0 }
        .sorted { ($1.1 + $1.2, $1.1) < ($0.1 + $0.2, $0.1) }
        .map { item, failing, attention in
          let address = used.with("reason", item)
          return Reason(
            name: Words.reasons[item] ?? item, failing: Counted(failing, address.with("severity", "failing")),
            attention: Counted(attention, address.with("severity", "attention")))
        }
    }
    reasons = ranked(Question.reasons)
    hasReasons = !reasons.isEmpty
    let isKnown = numbers.countedAt != nil && total.attention + total.failing == 0
    noReasons = isKnown ? "Nothing is known to be wrong with any device." : "The reasons are not counted yet."
    unseen =
      DistrictCount.bounds.map { bound in
        let count = numbers.unseen(for: bound)
        return Unseen(
          name: "\(bound) days or longer", number: Counted(count, used.with("notSeen", "\(bound)")),
          share: Words.share(count, of: total.inUse))
      } + [
        Unseen(
          name: "Never checked in", number: Counted(numbers.devices(.seen, "never"), used.with("notSeen", "never")),
          share: Words.share(numbers.devices(.seen, "never"), of: total.inUse))
      ]
    let all = Self.models(numbers, place)
    models = Array(all.prefix(Self.mostModels))
    moreModels = all.count > models.count ? Words.number(all.count - models.count) : nil
    allModels = Address(OverviewPage.models).with("district", place.given).description
    ages = Self.lines(numbers, .age, .age, used) {
      $0 == "6" ? "6 years or more" : $0 == "0" ? "Under a year" : "\($0) to \((Int($0) ?? 0) + 1) years"
    }
    .sorted { $0.href < $1.href }
    systems = Self.systems(numbers, used, now)
    replace = ["battery", "disk"].map { item in
      let address = used.with("reason", item)
      return Replace(
        name: item == "battery" ? "Batteries" : "Disks",
        failing: Counted(numbers.devices(.reason, item, "failing"), address.with("severity", "failing")),
        attention: Counted(numbers.devices(.reason, item, "attention"), address.with("severity", "attention")))
    }
    report = Address("/reports/attention").with("district", place.given).description
    changes = Address("/reports/changes").with("district", place.given).description
  }

  /// The most frequent first.
  static func models(_ numbers: OverviewNumbers, _ place: PageScope) -> [Line] {
    let used = Address("/devices").with("district", place.given).with("use", "in")
    return lines(numbers, .model, .model, used) { $0 == "-" ? "Not known" : $0 }
  }

  private static func lines(
    _ numbers: OverviewNumbers, _ kind: DistrictCount.Kind, _ filter: Filter, _ used: Address,
    _ name: (String) -> String
  ) -> [Line] {
    (numbers.counts[kind] ?? [:]).map { value, found in
      var counts = WellnessCounts()
      for (wellness, devices) in found { counts.add(devices, wellness) }
      return (value, counts)
    }.sorted { ($1.1.inUse, $0.0) < ($0.1.inUse, $1.0) }
      .map { Line(name($0.0), $0.1, used.with(filter.rawValue, $0.0)) }
  }

  /// Models that are shown; the others are a page further.
  private static let mostModels = 15

  private static func systems(_ numbers: OverviewNumbers, _ used: Address, _ now: Instant) -> [System] {
    (numbers.counts[.os] ?? [:]).map { ($0, $1.values.reduce(0, +), OSSupport.end(of: $0)) }
      .sorted { ($0.2?.ends ?? "9999", $0.0) < ($1.2?.ends ?? "9999", $1.0) }
      .map { system, count, end in
        let words = OSSupport.words(end, now: now)
        return System(
          name: end?.name ?? (system == "-" ? "Not known" : system), ends: end?.ends ?? "", words: words.text,
          isOver: words.isOver, isSoon: words.isSoon, number: Counted(count, used.with("os", system)))
      }
  }
}

extension OverviewModel.Line {
  fileprivate init(_ name: String, _ counts: WellnessCounts, _ list: Address, href: Address? = nil) {
    self.init(
      name: name, href: (href ?? list).description, inUse: Counted(counts.inUse, list),
      well: Counted(counts.well, list.with("wellness", "well")),
      attention: Counted(counts.attention, list.with("wellness", "attention")),
      failing: Counted(counts.failing, list.with("wellness", "failing")),
      unknown: Counted(counts.unknown, list.with("wellness", "unknown")))
  }
}
