import Audit
import CheckIn
import Reports
import Serving
import Storage
import Vocabulary

/// The software that devices told, as reports ask for it.
struct CheckInSoftware: SoftwareSource {
  let desk: CheckIns

  func packages(
    in scope: TenantScope, prefix: String, after: String?, limit: Int, _ transaction: any Transaction
  ) throws -> (items: [CountedSoftware], next: String?) {
    let page = try desk.packages(in: scope, prefix: prefix, after: after, limit: limit, transaction)
    let items = page.items.map {
      CountedSoftware(
        name: $0.name, version: $0.version, architecture: $0.architecture, source: $0.source, devices: $0.devices)
    }
    return (items, page.next)
  }

  func devices(
    having question: SoftwareQuestion, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?,
    after: (district: DistrictID, device: String)?, limit: Int, _ transaction: any Transaction
  ) throws -> (items: [SoftwareHolder], next: (district: DistrictID, device: String)?) {
    let page = try desk.devices(
      having: question.name, version: question.version, below: question.below, architecture: question.architecture,
      source: question.source, in: scope, schools: schools, after: after, limit: limit, transaction)
    let items = page.items.map { SoftwareHolder(district: $0.district, device: $0.device, versions: $0.versions) }
    return (items, page.next)
  }

  func uncounted(in scope: TenantScope, _ transaction: any Transaction) throws -> Int {
    try desk.uncounted(in: scope, transaction)
  }
}

/// The journal, as reports tell it who looked at students' names.
struct StudentViewJournal: ViewJournal {
  let database: any Database

  /// Of each district an entry of its own: its administrators read who looked at its students, whoever it was.
  func record(_ views: [StudentView]) async throws {
    let districts = Set(views.map(\.district))
    try await database.write(in: .districts(districts)) { transaction in
      for view in views {
        let entry = JournalEntry(
          at: view.at, actor: .principal(view.actor), action: StudentViews.action(.report),
          object: ("report", view.report), district: view.district,
          body: Body(students: view.students, format: view.format, purpose: view.purpose.rawValue))
        try Journal.record(entry, in: transaction)
      }
    }
  }

  private struct Body: JournalBody {
    let students: Int
    let format: String
    let purpose: String
  }
}
