import Access
import Audit
import HTTPTypes
import Serving
import Vocabulary

/// Who changed what, and when. They stand here and not with the journal, for Web is above Access, and Access above Audit.
struct JournalPages: Sendable {
  static let place = "/journal"
  static let rule = AccessRule.scoped(AccessRule.journalReaders)
  private static let limit = 50
  /// Characters of an entry's details on the page; the file has all of them.
  private static let details = 300
  /// Of a download.
  private static let most = 20_000
  /// Of the journal that a download goes through: twice as many as are full of what it takes.
  private static let mostPages = 40

  let shell: Shell
  let journal: JournalReader
  let people: PeopleDesk

  var routes: [PeopleRoute] {
    [
      .page(
        .get, Self.place, Self.rule, "showJournal", "Who changed what, and when",
        query: JournalQuestion.parameters + ["after"], handle: show),
      .page(
        .get, Self.place + "/export", Self.rule, "exportJournalPage", "The journal as a CSV file",
        query: JournalQuestion.parameters, handle: export),
    ]
  }

  private struct Model: Sendable {
    struct Asked: Sendable {
      let district: String
      let action: String
      let object: String
      let actor: String
      let from: String
      let until: String
    }

    struct Line: Sendable {
      let at: Moment
      let action: String
      let actionQuery: String
      let objectKind: String
      let object: String
      let objectQuery: String
      let actorKind: String
      let actor: String?
      let actorQuery: String
      let name: String?
      let district: String?
      let details: String

      init(_ row: JournalRow, name: String?) {
        (at, action, objectKind, object) = (Moment(row.at), row.action, row.objectKind, row.object)
        (actorKind, actor, self.name) = (row.actorKind, row.actor.isEmpty ? nil : row.actor, name)
        let isLong = row.details.count > JournalPages.details
        (district, details) = (row.district, isLong ? row.details.prefix(JournalPages.details) + "…" : row.details)
        actionQuery = PercentEncoding.encode(row.action)
        objectQuery = PercentEncoding.encode(row.object)
        actorQuery = PercentEncoding.encode(row.actor)
      }
    }

    let asked: Asked
    let rows: [Line]
    let next: String?
    let export: String
    let most: Int
  }

  @Sendable private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let question = try JournalQuestion(call)
    let (rows, next) = try await journal.page(
      question, after: try call.query("after"), limit: Self.limit, for: context)
    let names = try await names(of: rows, in: context.scope)
    let asked = Self.query(question)
    let model = Model(
      asked: .init(
        district: question.district ?? "", action: question.action ?? "", object: question.object ?? "",
        actor: question.actor ?? "", from: question.from ?? "", until: question.until ?? ""),
      rows: rows.map { .init($0, name: names[$0.actor]) },
      next: next.map { "\(Self.place)?" + (asked + ["after=\($0)"]).joined(separator: "&") },
      export: Self.place + "/export" + (asked.isEmpty ? "" : "?" + asked.joined(separator: "&")), most: Self.most)
    return try shell.page("journal", model, Shell.Heading("Journal", place: Self.place), context)
  }

  /// Names of those who work where the caller may look; of others the id is all that is told.
  private func names(of rows: [JournalRow], in scope: TenantScope) async throws -> [String: String] {
    var names: [String: String] = [:]
    for row in rows where row.actorKind == "principal" && names[row.actor] == nil {
      guard let id = PrincipalID(rawValue: row.actor) else { continue }
      if scope == .state {
        names[row.actor] = try? await people.known(id).principal.name
      } else if let district = row.district.flatMap(DistrictID.init(rawValue:)) {
        names[row.actor] = try? await people.known(id, of: district).principal.name
      }
    }
    return names
  }

  /// Without names: ids, as the journal itself.
  @Sendable private func export(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let question = try JournalQuestion(call)
    var file = CSVWriter(header: [
      "at", "action", "object kind", "object", "actor kind", "actor", "district", "details",
    ])
    var after: String?
    var (count, pages) = (0, 0)
    repeat {
      guard pages < Self.mostPages else {
        throw ServingError(
          .query, "There is too much to go through for so few entries: narrow the days with 'from' and 'until'.")
      }
      pages += 1
      let (rows, next) = try await journal.page(
        question, after: after, limit: min(1000, Self.most - count), for: context)
      for row in rows {
        file.row([
          row.at.rfc3339, row.action, row.objectKind, row.object, row.actorKind, row.actor, row.district, row.details,
        ])
      }
      count += rows.count
      after = next
    } while after != nil && count < Self.most
    var headers: HTTPFields = [.contentType: "text/csv; charset=utf-8", .cacheControl: "no-store"]
    headers[.contentDisposition] = "attachment; filename=\"journal.csv\""
    return Reply(.ok, headers: headers, body: file.bytes)
  }

  private static func query(_ question: JournalQuestion) -> [String] {
    let values = [
      question.district, question.action, question.object, question.actor, question.from, question.until,
    ]
    return zip(JournalQuestion.parameters, values).compactMap { name, value in
      value.map { "\(name)=\(PercentEncoding.encode($0))" }
    }
  }
}
