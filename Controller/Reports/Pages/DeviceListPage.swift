import Registry
import Serving
import Storage
import Vocabulary
import Web

/// Lists of devices with filters and columns; a list of one district leads to changes of many.
struct DeviceListPage: Sendable {
  static let place = "/devices"
  static let limit = 50
  /// Packages' names are looked for together with other filters in so many devices of a page.
  private static let having = 200

  let desk: ReportsDesk

  var routes: [PeopleRoute] {
    [
      .page(
        .get, Self.place, .scopedSchools(AccessRule.anyReader), "showDevices", "A list of devices",
        query: ["district", "after", "column"] + SoftwareQuestion.parameters + DeviceReports.filters.map(\.rawValue),
        handle: show)
    ]
  }

  @Sendable private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let place = try await PageScope(call, context, desk)
    let columns = Self.columns(call)
    let call = call.filled.leaning
    let run = try await desk.run(DeviceReports.inventory, call, context, columns: columns + [Self.id])
    let after = try call.query("after")
    let page = try await desk.database.read(in: run.scope) { transaction in
      try run.page(after: after, limit: run.having == nil ? Self.limit : Self.having, transaction)
    }
    let schools = try await desk.schools(of: place, context)
    let canChange = place.only.map { id in
      context.caller?.scope(of: BulkMove.roles)?.contains(id) == true
    }
    let model = DeviceListModel(
      page, columns, run.question, place, call, schools: schools, software: run.having,
      canChange: canChange == true && (!page.rows.isEmpty || page.next != nil))
    return try desk.shell.page(
      "devices", model, Shell.Heading("Devices of \(place.words)", place: Self.place), context)
  }

  private static let id = DeviceReports.ids[1]

  /// Those that were chosen, else the usual ones.
  private static func columns(_ call: Call) -> [Report.Column] {
    let chosen = Set(call.query.filter { $0.name == "column" }.map(\.value))
    let found = DeviceReports.all.filter { chosen.contains($0.key) }
    return found.isEmpty ? DeviceReports.all.filter(\.isUsual) : found
  }
}

extension SoftwareQuestion {
  static let details = ["version", "below", "architecture", "source"]
  static let parameters = ["software"] + details
  static let described: [Operation.Parameter] = [
    .init("software", "Only devices that have a package of this name"),
    .init("version", "With 'software': in this version"),
    .init("below", "With 'software': older than this version"),
    .init("architecture", "With 'software': made for this one, such as amd64"),
    .init("source", "With 'software': from this one, such as rpm"),
  ]

  /// nil where a call asks for none.
  ///
  /// - Throws: `request.query`.
  init?(_ call: Call) throws(ServingError) {
    guard let name = try call.query("software"), !name.isEmpty else {
      for detail in Self.details {
        guard try call.query(detail)?.isEmpty ?? true else {
          throw ServingError(.query, "'\(detail)' means something with 'software' alone. Say which package is meant.")
        }
      }
      return nil
    }
    self.init(name: name, version: try call.query("version"), below: try call.query("below"))
    (architecture, source) = (try call.query("architecture"), try call.query("source"))
  }

  /// As in an address.
  var given: [(name: String, value: String)] {
    [("software", name), ("version", version), ("below", below), ("architecture", architecture), ("source", source)]
      .compactMap { name, value in value.map { (name, $0) } }
  }
}

extension ReportRun {
  /// Devices that have a package, and meet the other filters too: a page may be short, or empty, and have a next one.
  func page(
    having question: SoftwareQuestion, after: String?, limit: Int, _ transaction: any Transaction
  ) throws -> Page {
    var place: (district: DistrictID, device: String)?
    if let after {
      let parts = after.split(separator: "/").map(String.init)
      guard parts.count == 2, let district = DistrictID(rawValue: parts[0]) else {
        throw ServingError(.query, "'after' is the 'next' of a page of this list.")
      }
      place = (district, parts[1])
    }
    let found = try software.devices(
      having: question, in: scope, schools: schools, after: place, limit: limit, transaction)
    var page = Page()
    for (district, holders) in Dictionary(grouping: found.items, by: \.district).sorted(by: { $0.key < $1.key }) {
      var query = DeviceTables.query(in: district, self.question)
      query.conditions.append("d.device_id IN \(list: holders.map(\.device))")
      for row in try transaction.rows(query.rows(columns, after: nil, limit: nil)) {
        page.rows.append(.init(district: district, values: row.values))
      }
    }
    page.next = found.next.map { "\($0.district)/\($0.device)" }
    return page
  }
}

/// What the template shows.
struct DeviceListModel: Sendable {
  struct Head: Sendable {
    let heading: String
    let isNumber: Bool
  }

  struct Cell: Sendable {
    let label: String
    let text: String
    let isNumber: Bool
    /// For what people call the device by. No outer value bears this name: a template would take that where there is none.
    let link: String?
  }

  struct Row: Sendable {
    let id: String
    let name: String
    let cells: [Cell]
  }

  struct Chip: Sendable {
    let name: String
    let value: String
    let without: String
  }

  struct Column: Sendable {
    let key: String
    let title: String
    let isChosen: Bool
  }

  let heads: [Head]
  let rows: [Row]
  let hasRows: Bool
  let next: String?
  let chips: [Chip]
  let hasChips: Bool
  let hasChoices: Bool
  let options: [Choice]
  let hasSchools: Bool
  let schools: [Choice]
  let stages: [Choice]
  let uses: [Choice]
  let verdicts: [Choice]
  let reasons: [Choice]
  let severity: String
  let model: String
  let notSeen: String
  let os: String
  let age: String
  let software: String
  let version: String
  let below: String
  let architecture: String
  let source: String
  let columns: [Column]
  let csv: String
  let xlsx: String
  let canChange: Bool
  let bulk: String
  let query: String
  let categories: [String]
}

extension DeviceListModel {
  init(
    _ page: ReportRun.Page, _ columns: [Report.Column], _ question: Question, _ place: PageScope, _ call: Call,
    schools: [PlaceNames.Named], software: SoftwareQuestion?, canChange: Bool
  ) {
    func given(_ filter: Filter) -> String? { question.given.first { $0.name == filter.rawValue }?.value }
    heads = columns.map { Head(heading: $0.heading, isNumber: $0.kind == .integer) }
    rows = page.rows.map { Row($0.values, columns) }
    hasRows = !rows.isEmpty
    let chosen = call.query.filter { $0.name != "after" }
    next = page.next.map { Address("/devices", chosen + [("after", $0)]).description }
    let named = question.given + (software?.given ?? [])
    chips = named.map { name, value in
      Chip(
        name: Self.labels[name] ?? name, value: FilterWords.value(value, of: name),
        without: Address("/devices", Self.without(name, chosen)).description)
    }
    hasChips = !chips.isEmpty
    hasChoices = place.choices.count > 1
    options = place.options
    hasSchools = !schools.isEmpty
    self.schools =
      schools.map { Choice($0.id, $0.name, chosen: given(.school)) }
      + [Choice("-", "No school", chosen: given(.school))]
    stages = Stage.allCases.map { Choice($0.rawValue, CodeWords.ofStage($0.rawValue), chosen: given(.stage)) }
    uses = FilterWords.choices(Question.Use.allCases.map(\.rawValue), of: .use).map {
      Choice($0.value, $0.label, chosen: given(.use))
    }
    verdicts = Question.wellness.map { Choice($0, $0, chosen: given(.wellness)) }
    reasons = Question.reasons.map { Choice($0, Words.reasons[$0] ?? $0, chosen: given(.reason)) }
    severity = given(.severity) ?? ""
    (model, notSeen) = (given(.model) ?? "", given(.notSeen) ?? "")
    (os, age) = (given(.os) ?? "", given(.age) ?? "")
    self.software = software?.name ?? ""
    (version, below) = (software?.version ?? "", software?.below ?? "")
    (architecture, source) = (software?.architecture ?? "", software?.source ?? "")
    let keys = Set(columns.map(\.key))
    self.columns = DeviceReports.all.map {
      Column(key: $0.key, title: $0.heading, isChosen: keys.contains($0.key))
    }
    let file = Address("/api/v1/reports/inventory", named).with("district", place.given)
    (csv, xlsx) = (file.with("format", "csv").description, file.with("format", "xlsx").description)
    self.canChange = canChange
    bulk = "/districts/\(place.only?.rawValue ?? "")/devices/change"
    query = Address("", named).query
    categories = RepairCategory.allCases.map(\.rawValue)
  }

  /// Filters without one, and without those that mean nothing where it is not.
  fileprivate static func without(
    _ name: String, _ pairs: [(name: String, value: String)]
  ) -> [(name: String, value: String)] {
    pairs.filter { $0.name != name && leaning[name]?.contains($0.name) != true }
  }

  /// What means something with another filter alone.
  fileprivate static let leaning = [
    Filter.reason.rawValue: [Filter.severity.rawValue], "software": SoftwareQuestion.details,
  ]

  static let labels = [
    "school": "School", "model": "Model", "stage": "Stage", "use": "Use", "wellness": "Wellness", "reason": "Not well",
    "severity": "How bad", "notSeen": "Not seen for days", "os": "System", "age": "Years known",
    "software": "Has software", "version": "In this version", "below": "Older than", "architecture": "For",
    "source": "From", "since": "Since", "section": "Of what", "prefix": "Name begins with",
  ]
}

extension Call {
  /// Without filters that mean nothing for want of another one, such as how bad a reason is that is not given.
  fileprivate var leaning: Call {
    let given = Set(query.map(\.name))
    let idle = Set(DeviceListModel.leaning.filter { !given.contains($0.key) }.flatMap(\.value))
    return Call(
      method, path, parameters: parameters, query: query.filter { !idle.contains($0.name) }, headers: headers,
      body: body, now: now, requestID: requestID, origin: origin, authority: authority)
  }
}

extension DeviceListModel.Row {
  /// - Parameter values: of the columns, with the device's id behind them.
  init(_ values: [SQLValue], _ columns: [Report.Column]) {
    let texts = CellText.texts(values, columns)
    id = values.count > columns.count ? CellText.text(values[columns.count], .text) ?? "" : ""
    let address = "/devices/\(id)"
    let naming = columns.firstIndex { ["serial", "assetTag", "hostname"].contains($0.key) }
    let called = zip(columns, texts).first { ["serial", "assetTag", "hostname"].contains($0.0.key) && $0.1 != nil }
    name = called?.1 ?? id
    let deviceName = name
    cells = zip(columns, texts).enumerated().map { index, pair in
      let isName = index == naming
      return DeviceListModel.Cell(
        label: pair.0.title, text: isName ? pair.1 ?? deviceName : pair.1 ?? "", isNumber: pair.0.kind == .integer,
        link: isName || (naming == nil && index == 0) ? address : nil)
    }
  }
}
