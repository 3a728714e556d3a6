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
    let page = try await desk.database.read(in: run.scope) { try run.page(after: after, limit: limit, $0) }
    if report.namesStudents {
      do {
        try await desk.recordView(of: run, as: "page", call, context, students: Self.students(page, run.columns))
      } catch let error as ReportsError where error.kind == .purpose { return try askPurpose(context) }
    }
    let model = ReportModel(run, page, columns, place, call, who: context.caller?.name ?? "", isPrint: view != nil)
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
    who: String, isPrint: Bool
  ) {
    let report = run.report
    let shown = report.source.isMade ? report.columns : columns
    (words, id, title, place) = (report.words, report.id, report.title, scope.words)
    (at, self.who, self.isPrint) = (Words.moment(call.now), who, isPrint)
    let given = run.question.given
    let own = Address("/reports/\(report.id)", given).with("district", scope.given)
    chips = given.map { name, value in
      .init(
        name: DeviceListModel.labels[name] ?? name, value: value,
        without: Address("/reports/\(report.id)", given.filter { $0.name != name }).with("district", scope.given)
          .description)
    }
    hasChips = !chips.isEmpty
    heads = shown.map { .init(heading: $0.heading, isNumber: $0.kind == .integer) }
    let hasDevice = report.columns.contains { $0.key == "device" }
    rows = page.rows.map { hasDevice ? .init($0.values, shown) : .init(plain: $0.values, shown, scope) }
    hasRows = !rows.isEmpty
    next = isPrint ? nil : page.next.map { own.with("after", $0).description }
    isCut = isPrint && page.next != nil ? Words.number(rows.count) : nil
    let file = Address("/api/v1/reports/\(report.id)", given).with("district", scope.given)
    (csv, xlsx) = (file.with("format", "csv").description, file.with("format", "xlsx").description)
    print = own.with("view", "print").description
    fields = report.filters.map { Field($0, given) }
    hasChoices = scope.choices.count > 1
    hasFields = !fields.isEmpty || hasChoices
    options = scope.options
    let isOneDistrict = scope.only != nil && report.id == OtherReports.fleetHealth.id
    chart = isOneDistrict ? ShareChart(page.rows.map(\.values)) : nil
    namesStudents = report.namesStudents
  }
}

extension ReportModel.Field {
  fileprivate init(_ filter: Filter, _ given: [(name: String, value: String)]) {
    let value = given.first { $0.name == filter.rawValue }?.value
    let known: [String]? =
      switch filter {
      case .wellness: Question.wellness
      case .reason: Question.reasons
      case .severity: Question.severities
      case .section: Question.sections
      case .use: Question.Use.allCases.map(\.rawValue)
      case .school, .model, .stage, .notSeen, .os, .age, .since, .prefix: nil
      }
    self.init(
      name: filter.rawValue, label: DeviceListModel.labels[filter.rawValue] ?? filter.rawValue, value: value ?? "",
      type: filter == .since ? "date" : "text", hasChoices: known != nil,
      choices: (known ?? []).map { Choice($0, $0, chosen: value) })
  }
}

extension DeviceListModel.Row {
  /// A row that is no device's.
  fileprivate init(plain values: [SQLValue], _ columns: [Report.Column], _ scope: PageScope) {
    let texts = zip(values, columns).map { CellText.text($0, $1.kind) }
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
