import Serving
import Storage
import Vocabulary
import Web

/// Reports on pages: each with its filters, its files, and a view that prints well.
struct ReportPages: Sendable {
  static let place = "/reports"
  static let limit = 100
  /// Rows of the view for printing: more belong in a file. Nothing leads anywhere there, as on paper.
  static let printed = 1000

  let desk: ReportsDesk

  var routes: [PeopleRoute] {
    [
      .page(.get, Self.place, .signedIn, "showReports", "Which reports there are") { _, context in
        let open = ReportCatalogue.all.filter { $0.isOpen(to: context.caller) }
        let model = List(reports: open.map { .init(id: $0.id, title: $0.title, words: $0.words) })
        return try desk.shell.page("reports", model, Shell.Heading("Reports", place: Self.place), context)
      }
    ]
      + ReportCatalogue.all.map { report in
        let id = report.id.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return .page(
          .get, "\(Self.place)/\(report.id)", report.rule, "showReport\(id)", report.title,
          query: ["district", "after", "view"] + report.filters.map(\.rawValue)
        ) { try await show(report, $0, $1) }
      }
  }

  private struct List: Sendable {
    struct Item: Sendable {
      let id: String
      let title: String
      let words: String
    }
    let reports: [Item]
  }

  private func show(_ report: Report, _ call: Call, _ context: OperatorContext) async throws -> Reply {
    let place = try await PageScope(call, context, desk)
    let call = call.filled
    let view = try call.query("view")
    guard view == nil || view == "print" else { throw ServingError(.query, "'view' is 'print', or nothing.") }
    let columns = report.columns.filter(\.isUsual)
    let hasDevice = report.columns.contains { $0.key == "device" }
    let keyed = columns + (hasDevice ? report.columns.filter { $0.key == "device" } : [])
    let run = try await desk.run(report, call, context, columns: report.source.isMade ? report.columns : keyed)
    let after = try call.query("after")
    let limit = view == nil ? Self.limit : Self.printed
    // Paper has no next page: what is printed is looked for to the end.
    let page = try await desk.database.read(in: run.scope) {
      view == nil
        ? try run.page(after: after, limit: limit, $0) : try run.filled(after: after, limit: limit, $0)
    }
    if report.namesStudents {
      do {
        try await desk.recordView(of: run, as: "page", call, context, students: Self.students(page, run.columns))
      } catch let error as ReportsError where error.kind == .purpose { return try askPurpose(context) }
    }
    let model = ReportModel(
      run, page, columns, place, call, schools: try await desk.schools(of: place, context),
      who: context.caller?.name ?? "", isPrint: view != nil)
    return try desk.shell.page(
      "report", model, Shell.Heading("\(report.title): \(place.words)", place: Self.place), context)
  }

  /// Of a page's rows: one student may stand in several.
  private static func students(_ page: ReportRun.Page, _ columns: [Report.Column]) -> [DistrictID: Int] {
    let naming = columns.indices.filter { ["number", "familyName", "givenName"].contains(columns[$0].key) }
    var seen: [DistrictID: Set<[SQLValue]>] = [:]
    for row in page.rows {
      if let district = row.district { seen[district, default: []].insert(naming.map { row.values[$0] }) }
    }
    return seen.mapValues(\.count)
  }

  private struct Purpose: Sendable {
    struct Reason: Sendable {
      let value: String
      let words: String
      let isChosen: Bool
    }
    let purposes: [Reason]
  }

  private func askPurpose(_ context: OperatorContext) throws -> Reply {
    let model = Purpose(
      purposes: ViewPurpose.choices.map { .init(value: $0.rawValue, words: $0.words, isChosen: false) })
    return try desk.shell.page(
      "report-purpose", model,
      Shell.Heading("Why do you look?", place: Self.place, isNarrow: true, status: .forbidden), context)
  }
}

extension Report.Source {
  var isMade: Bool {
    switch self {
    case .tables, .merged: false
    case .made, .software: true
    }
  }
}

/// What the template shows of a report.
struct ReportModel: Sendable {
  struct Field: Sendable {
    let name: String
    let label: String
    let value: String
    let type: String
    let hasChoices: Bool
    let choices: [Choice]
  }

  let words: String
  let id: String
  let title: String
  let place: String
  let at: String
  let who: String
  let chips: [DeviceListModel.Chip]
  let hasChips: Bool
  let heads: [DeviceListModel.Head]
  let rows: [DeviceListModel.Row]
  let hasRows: Bool
  let isCut: String?
  let next: String?
  let csv: String
  let xlsx: String
  let print: String
  let isPrint: Bool
  let fields: [Field]
  let hasFields: Bool
  let hasChoices: Bool
  let options: [Choice]
  let chart: ShareChart?
  let namesStudents: Bool

  init(
    _ run: ReportRun, _ page: ReportRun.Page, _ columns: [Report.Column], _ scope: PageScope, _ call: Call,
    schools: [PlaceNames.Named], who: String, isPrint: Bool
  ) {
    let report = run.report
    let shown = report.source.isMade ? report.columns : columns
    (words, id, title, place) = (report.words, report.id, report.title, scope.words)
    (at, self.who, self.isPrint) = (Words.moment(call.now), who, isPrint)
    let given = run.question.given
    let own = Address("/reports/\(report.id)", given).with("district", scope.given)
    chips = given.map { name, value in
      .init(
        name: DeviceListModel.labels[name] ?? name, value: FilterWords.value(value, of: name),
        without: Address("/reports/\(report.id)", given.filter { $0.name != name }).with("district", scope.given)
          .description)
    }
    hasChips = !chips.isEmpty
    heads = shown.map { .init(heading: $0.heading, isNumber: $0.kind == .integer) }
    let hasDevice = report.columns.contains { $0.key == "device" }
    rows = page.rows.map { hasDevice ? .init($0.values, shown) : .init(plain: $0.values, shown, scope) }
    hasRows = !rows.isEmpty
    next = isPrint ? nil : page.next.map { own.with("after", $0).description }
    isCut =
      isPrint && page.next != nil
      ? hasRows
        ? "These are the first \(Words.number(rows.count)) rows." : "None was found among those that were looked at."
      : nil
    let file = Address("/api/v1/reports/\(report.id)", given).with("district", scope.given)
    (csv, xlsx) = (file.with("format", "csv").description, file.with("format", "xlsx").description)
    print = own.with("view", "print").description
    fields = report.filters.compactMap { Field($0, report, given, schools) }
    hasChoices = scope.choices.count > 1
    hasFields = !fields.isEmpty || hasChoices
    options = scope.options
    let isOneDistrict = scope.only != nil && report.id == OtherReports.fleetHealth.id
    chart = isOneDistrict ? ShareChart(page.rows.map(\.values)) : nil
    namesStudents = report.namesStudents
  }
}

extension ReportModel.Field {
  /// - Parameter schools: of the one district that is told of; there is nothing to choose from where there are several.
  fileprivate init?(
    _ filter: Filter, _ report: Report, _ given: [(name: String, value: String)], _ schools: [PlaceNames.Named]
  ) {
    let value = given.first { $0.name == filter.rawValue }?.value
    let known: [(value: String, label: String)]? =
      switch filter {
      case .wellness: FilterWords.choices(Question.wellness, of: filter)
      case .reason: FilterWords.choices(Question.reasons, of: filter)
      case .severity: FilterWords.choices(Question.severities, of: filter)
      case .section: FilterWords.choices(Question.sections, of: filter)
      case .use: FilterWords.choices(Question.Use.allCases.map(\.rawValue), of: filter)
      case .stage: FilterWords.choices(report.stages.map(\.rawValue), of: filter)
      case .school where schools.isEmpty: value.map { [($0, $0)] } ?? []
      case .school: schools.map { ($0.id, $0.name) } + [("-", "No school")]
      case .model, .notSeen, .os, .age, .since, .prefix: nil
      }
    if known?.isEmpty == true { return nil }
    self.init(
      name: filter.rawValue, label: DeviceListModel.labels[filter.rawValue] ?? filter.rawValue, value: value ?? "",
      type: filter == .since ? "date" : "text", hasChoices: known != nil,
      choices: (known ?? []).map { Choice($0.value, $0.label, chosen: value) })
  }
}

extension DeviceListModel.Row {
  /// A row that is no device's.
  fileprivate init(plain values: [SQLValue], _ columns: [Report.Column], _ scope: PageScope) {
    let texts = CellText.texts(values, columns)
    cells = zip(columns, texts).map { column, text in
      .init(
        label: column.title,
        text: column.kind == .integer ? text.flatMap(Int.init).map(Words.number) ?? "" : text ?? "",
        isNumber: column.kind == .integer, link: nil)
    }
    (id, name) = ("", texts.first.flatMap { $0 } ?? "")
  }
}

/// Shares of wellness of each school as a picture; the table with the numbers stands below it.
struct ShareChart: Sendable {
  struct Part: Sendable {
    let kind: String
    let x: Int
    let width: Int
  }

  struct Line: Sendable {
    let name: String
    let y: Int
    let text: Int
    let parts: [Part]
  }

  /// Schools that a picture shows.
  private static let most = 40
  private static let (left, wide, step) = (150, 440, 22)

  let lines: [Line]
  let height: Int
  let words: String

  /// - Parameter rows: of the fleet's health, of one district: schools of several bear the same names.
  init?(_ rows: [[SQLValue]]) {
    func count(_ value: SQLValue) -> Int { if case .integer(let number) = value { Int(clamping: number) } else { 0 } }
    let counted = rows.prefix(Self.most).filter { $0.count > 8 && count($0[3]) > 0 }
    guard !counted.isEmpty else { return nil }
    lines = counted.enumerated().map { number, row in
      var x = Self.left
      let all = count(row[3])
      let parts = [("well", row[4]), ("unknown", row[7]), ("attention", row[5]), ("failing", row[6])].compactMap {
        kind, value -> Part? in
        let width = Int((Double(count(value)) / Double(all) * Double(Self.wide)).rounded())
        guard width > 0 else { return nil }
        defer { x += width }
        return Part(kind: kind, x: x, width: width)
      }
      let name = CellText.text(row[2], .text) ?? CellText.text(row[1], .text) ?? "No school"
      return Line(
        name: String(name.prefix(20)), y: number * Self.step + 3, text: number * Self.step + 16, parts: parts)
    }
    height = lines.count * Self.step + 4
    words =
      "For each of \(lines.count) schools the share of its devices in use that are well, unknown, need attention, or fail. The table below has the numbers."
  }
}
