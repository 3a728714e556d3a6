import Serving
import Storage
import Vocabulary
import Web

/// What is installed, and on how many devices; who has a package is a list of devices.
struct SoftwarePages: Sendable {
  static let place = "/software"
  private static let limit = 100

  let desk: ReportsDesk

  var routes: [PeopleRoute] {
    [
      .page(
        .get, Self.place, .scoped(AccessRule.anyReader), "showSoftware", "What is installed",
        query: ["district", "prefix", "after"], handle: show)
    ]
  }

  private struct Model: Sendable {
    struct Row: Sendable {
      let name: String
      let version: String
      let architecture: String
      let number: Counted
    }

    let hasChoices: Bool
    let options: [Choice]
    let prefix: String
    let rows: [Row]
    let hasRows: Bool
    let next: String?
    let pending: String?
    let csv: String
    let xlsx: String
  }

  @Sendable private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let place = try await PageScope(call, context, desk)
    let call = call.filled
    let run = try await desk.run(OtherReports.software, call, context)
    let after = try call.query("after")
    let (page, pending) = try await desk.database.read(in: run.scope) { [software = desk.software] transaction in
      (
        try software.packages(
          in: run.scope, prefix: run.question.prefix, after: after, limit: Self.limit, transaction),
        try software.uncounted(in: run.scope, transaction)
      )
    }
    let list = Address("/devices").with("district", place.given)
    let file = Address("/api/v1/reports/software", run.question.given).with("district", place.given)
    let model = Model(
      hasChoices: place.choices.count > 1, options: place.options, prefix: run.question.prefix,
      rows: page.items.map {
        .init(
          name: $0.name, version: $0.version, architecture: $0.architecture,
          number: Counted(
            $0.devices,
            list.with("software", $0.name).with("version", $0.version).with("architecture", $0.architecture)
              .with("source", $0.source)))
      }, hasRows: !page.items.isEmpty,
      next: page.next.map {
        Address(Self.place, run.question.given).with("district", place.given).with("after", $0).description
      }, pending: pending > 0 ? Words.number(pending) : nil,
      csv: file.with("format", "csv").description, xlsx: file.with("format", "xlsx").description)
    return try desk.shell.page(
      "software", model, Shell.Heading("Software of \(place.words)", place: Self.place), context)
  }
}
