internal import Audit
package import Logging
package import Registry
package import Serving
package import Storage
package import Vocabulary
package import Web

/// Reports, lists and the overview: what people see of many devices at once. It reads its owners' views, and writes what it
/// counts itself.
package struct ReportsDesk: Sendable {
  /// Files that are made at once. Each keeps a reading transaction.
  private static let files = 2
  /// Sessions with PostgreSQL for long files.
  package static let sessions = files

  package static var migrations: [Migration] { ReportsSchema.migrations }

  let database: any Database
  /// For files, which read long.
  let exports: any Database
  let registry: DeviceRegistry
  let software: any SoftwareSource
  let journal: any ViewJournal
  let shell: Shell
  let gate = StreamGate(files)
  let pace: ReportPace
  /// Counts for the overview; run it as a service.
  package let counter: ReportCounter

  /// - Parameter exports: the same database, where possible by connections of its own.
  package init(
    database: any Database, exports: any Database, registry: DeviceRegistry, software: any SoftwareSource,
    journal: any ViewJournal, shell: Shell, logger: Logger, clock: @escaping @Sendable () -> Instant
  ) {
    self.init(
      database: database, exports: exports, registry: registry, software: software, journal: journal, shell: shell,
      pace: ReportPace(), logger: logger, clock: clock)
  }

  init(
    database: any Database, exports: any Database, registry: DeviceRegistry, software: any SoftwareSource,
    journal: any ViewJournal, shell: Shell, pace: ReportPace, logger: Logger, clock: @escaping @Sendable () -> Instant
  ) {
    self.pace = pace
    (self.database, self.exports, self.registry) = (database, exports, registry)
    (self.software, self.journal, self.shell) = (software, journal, shell)
    counter = ReportCounter(database: database, logger: logger, clock: clock)
  }

  package var peopleRoutes: [PeopleRoute] {
    ReportRoutes(desk: self).routes + OverviewPage(desk: self).routes + DeviceListPage(desk: self).routes
      + BulkPages(desk: self).routes + SoftwarePages(desk: self).routes + ReportPages(desk: self).routes
  }

  // MARK: - What is asked for

  /// A report as a call asks for it.
  ///
  /// - Throws: `request.query`, `request.not-found`, `registry.district-unknown`.
  func run(
    _ report: Report, _ call: Call, _ context: OperatorContext, columns: [Report.Column]? = nil
  ) async throws -> ReportRun {
    let question = try Question(call, report.filters, stages: Stage.allCases.map(\.rawValue))
    let scope = try context.scope.narrowed(by: call)
    let districts = try await database.read(in: scope) { [registry] transaction in
      try registry.requireDistrict(of: scope, in: transaction)
      try requireSchool(question, in: scope, transaction)
      return try registry.districts(of: scope, in: transaction)
    }
    let columns = columns ?? report.columns
    return ReportRun(
      report: report, columns: seesPeople(in: scope, context) ? columns : columns.map(\.withoutPeople),
      question: question, scope: scope, districts: districts, schools: context.schools, software: software,
      having: report.isBySoftware ? try SoftwareQuestion(call) : nil, pace: pace)
  }

  /// Whether the caller may know who has the devices, of all that is asked for.
  private func seesPeople(in scope: TenantScope, _ context: OperatorContext) -> Bool {
    guard let caller = context.caller else { return false }
    let readers = AccessRule.studentReaders
    guard case .districts(let districts) = scope else { return caller.scope(of: readers) == .state }
    return districts.allSatisfy { district in
      if caller.holds(readers, in: district) { return true }
      guard let limited = context.schools?[district] else { return false }
      return limited.isSubset(of: caller.schools(of: readers)[district] ?? [])
    }
  }

  /// A school that is in none of the districts is not there, whoever else's it is.
  private func requireSchool(
    _ question: Question, in scope: TenantScope, _ transaction: any Transaction
  ) throws {
    guard case .named(let school)? = question.school else { return }
    let found = try transaction.row(
      "SELECT 1 AS one FROM registry_report_school_v1 WHERE \(scope) AND school_id = \(school) LIMIT 1")
    guard found != nil else { throw ServingError.notFound }
  }

  /// Keeps who looks at students' names, and how many of each district, before they are shown.
  ///
  /// - Parameter students: by district; nil for all that the report names.
  /// - Throws: `report.purpose` where somebody has to say why, and has not.
  func recordView(
    of run: ReportRun, as format: String, _ call: Call, _ context: OperatorContext, students: [DistrictID: Int]? = nil
  ) async throws {
    let reason = try Self.reason(call, context)
    let (question, districts) = (run.question, run.districts)
    let counts =
      if let students { students } else {
        try await database.read(in: run.scope) { try Students.counts(in: districts, question, $0) }
      }
    let actor = try context.actor
    try await journal.record(
      counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { district, count in
        StudentView(
          report: run.report.id, district: district, actor: actor, at: call.now, students: count, format: format,
          purpose: reason.purpose(in: district))
      })
  }

  private static func reason(_ call: Call, _ context: OperatorContext) throws -> StudentViews.Reason {
    do { return try StudentViews.reason(call, context) } catch let error as AuditError
      where error.kind == .purposeRequired
    {
      throw ReportsError(
        .purpose,
        "This names students, so say first why you look. At a browser: under 'Your account' (/account) choose a reason, which holds for this session, and come back. With an API token: say it in 'purpose' of the query, such as purpose=inventory, or --purpose inventory of a command."
      )
    }
  }
}

extension Report.Column {
  /// Those that tell who has a device, in whatever report.
  private static let holders: Set<String> = ["holder", "at", "new"]

  /// With `person` where somebody of the roster has it.
  fileprivate var withoutPeople: Report.Column {
    guard Self.holders.contains(key), kind == .text else { return self }
    var column = self
    column.value = "CASE WHEN SUBSTR(\(value), 1, 11) = 'person:per_' THEN 'person' ELSE \(value) END"
    return column
  }
}
