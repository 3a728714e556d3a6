import Audit
import HTTPTypes
import Registry
import Serving
import Storage
import Vocabulary

/// Reports over the API: which there are, and each as a file.
struct ReportRoutes: Sendable {
  let desk: ReportsDesk

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/reports", .signedIn,
        Operation(
          "listReports", "The reports that you may have, with their columns and filters",
          answers: (200, Page<ReportView>.schema(of: ReportView.schema)))
      ) { _, context in
        let open = ReportCatalogue.all.filter { $0.isOpen(to: context.caller) }
        return try .json(Page(open.map(ReportView.init), next: nil))
      }
    ] + ReportCatalogue.all.map(route)
  }

  private func route(_ report: Report) -> PeopleRoute {
    let id = report.id.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    return PeopleRoute(
      .get, "/api/v1/reports/\(report.id)", report.rule,
      Operation(
        "getReport\(id)",
        "\(report.title), streamed: \(report.words) CSV is RFC 4180 and begins a cell that a spreadsheet would run as a formula with an apostrophe; JSON is an object a line",
        query: [
          .init("district", "Only this district's"), .init("format", "csv, xlsx or json; json by default"),
        ] + report.filters.map(\.parameter) + (report.isBySoftware ? SoftwareQuestion.described : [])
          + (report.namesStudents ? [StudentViews.parameter] : []),
        media: ExportFormat.allCases.map { String($0.type.prefix { $0 != ";" }) })
    ) { call, context in try await file(report, call, context) }
  }

  private func file(_ report: Report, _ call: Call, _ context: OperatorContext) async throws -> Reply {
    let text = try call.query("format") ?? "json"
    guard let format = ExportFormat(rawValue: text) else {
      throw ServingError(.query, "'format' is one of csv, xlsx, json.")
    }
    let run = try await desk.run(report, call, context)
    let place = try desk.gate.enter(by: try context.actor)
    if report.namesStudents { try await desk.recordView(of: run, as: format.rawValue, call, context) }
    let name = "\(report.id)-\(run.scope.fileWord)-\(call.now.rfc3339.prefix(10))"
    return ReportExport(run: run, format: format, database: desk.exports, place: place).reply(named: name)
  }
}

extension Report {
  /// Whether its rule lets somebody in somewhere.
  func isOpen(to caller: Caller?) -> Bool { (try? Authorization.authorize(caller, rule, district: nil)) != nil }
}

extension TenantScope {
  /// For the name of a file.
  var fileWord: String {
    if case .districts(let ids) = self { ids.count == 1 ? ids.first?.rawValue ?? "none" : "districts" } else { "state" }
  }
}

/// A report as the API lists it.
struct ReportView: Encodable, Sendable {
  struct Column: Encodable, Sendable {
    let key: String
    let title: String
    let kind: String
    let unit: String?
  }

  let id: String
  let title: String
  let words: String
  let namesStudents: Bool
  let columns: [Column]
  let filters: [String]

  init(_ report: Report) {
    (id, title, words, namesStudents) = (report.id, report.title, report.words, report.namesStudents)
    columns = report.columns.map { Column(key: $0.key, title: $0.title, kind: "\($0.kind)", unit: $0.unit) }
    filters = report.filters.map(\.rawValue)
  }

  static let schema = Schema.object(
    [
      ("id", .string("In addresses and on the command line")), ("title", .string("What people call it")),
      ("words", .string("What it is for")),
      ("namesStudents", .boolean("Whether it names students: each look is journalled with their count")),
      (
        "columns",
        .array(
          .object(
            [
              ("key", .string("In JSON")), ("title", .string("In CSV and XLSX")),
              ("kind", .oneOf(["text", "integer", "boolean", "instant", "day"], "Of what kind its values are")),
              ("unit", .string("Such as '%'; absent where it counts things")),
            ], required: ["key", "title", "kind"]))
      ),
      ("filters", .array(.string("A query parameter"))),
    ], required: ["id", "title", "words", "namesStudents", "columns", "filters"])
}
