package import Access
package import Audit
import HTTPTypes
package import Serving
import Vocabulary
package import Web

/// Who looked at whom, for those who answer for a district's data: a page with filters, and the same as a file.
package struct ViewPages: Sendable {
  package static let place = "/views"
  package static let places = [
    Place("Who looked", place, "Who looked at what is linked to students, when and why", ViewRoutes.rule)
  ]

  package static let templates: [String: String] = [
    "views": String(decoding: PackageResources.views_mustache, as: UTF8.self)
  ]

  /// Looks on a page.
  private static let limit = 100
  /// People that a look names on the page.
  fileprivate static let named = 10
  /// Looks in a file; who needs more narrows the days, or asks the API page by page.
  static let mostInFile = 20_000
  /// Pages that a file goes through: twice as many as are full.
  private static let mostPages = 40
  private static let parameters = ViewFilter.parameters.map(\.name)

  let views: ViewRoutes
  let shell: Shell
  let people: PeopleDesk

  package init(views: ViewRoutes, shell: Shell, people: PeopleDesk) {
    (self.views, self.shell, self.people) = (views, shell, people)
  }

  package var peopleRoutes: [PeopleRoute] {
    [
      .page(
        .get, Self.place, ViewRoutes.rule, "showViews", "Who looked at what is linked to students",
        query: Self.parameters + ["after"], handle: page),
      .page(
        .get, Self.place + ".csv", ViewRoutes.rule, "exportViews", "The same as a file", query: Self.parameters,
        handle: file),
    ]
  }

  // MARK: - The page

  fileprivate struct Row: Sendable {
    let at: Moment?
    let who: String
    let actor: String
    let why: String
    let what: String
    let persons: [String]
    /// How many others there were; the file names them.
    let others: String?
    let district: String
  }

  private struct Choice: Sendable {
    let value: String
    let words: String
    let isChosen: Bool
  }

  private struct Model: Sendable {
    let rows: [Row]
    let isEmpty: Bool
    let purposes: [Choice]
    let district: String
    let person: String
    let actor: String
    let from: String
    let to: String
    let file: String
    let next: String?
  }

  @Sendable private func page(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let call = call.withoutEmpty
    let request = PageRequest(after: try call.query("after"), limit: Self.limit)
    let found = try await views.page(call, context.scope.narrowed(by: call), request)
    let names = try await names(of: found.items)
    func told(_ name: String) throws(ServingError) -> String { try call.query(name) ?? "" }
    let purpose = try told("purpose")
    let query = call.query.filter { Self.parameters.contains($0.name) }
    let model = Model(
      rows: found.items.map { Row($0, names[$0.actor]) }, isEmpty: found.items.isEmpty,
      purposes: ViewPurpose.allCases.map {
        Choice(value: $0.rawValue, words: $0.words, isChosen: $0.rawValue == purpose)
      }, district: try told("district"), person: try told("person"), actor: try told("actor"), from: try told("from"),
      to: try told("to"), file: Self.address(Self.place + ".csv", query),
      next: found.next.map { Self.address(Self.place, query + [("after", $0)]) })
    return try shell.page("views", model, Shell.Heading("Who looked", place: Self.place), context)
  }

  /// Of whoever looked, by id.
  private func names(of items: [ViewItem]) async throws -> [String: String] {
    var names: [String: String] = [:]
    for actor in Set(items.map(\.actor)) {
      guard let id = PrincipalID(rawValue: actor) else { continue }
      names[actor] = try? await people.known(id).principal.name
    }
    return names
  }

  private static func address(_ path: String, _ query: [(name: String, value: String)]) -> String {
    guard !query.isEmpty else { return path }
    return path + "?"
      + query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
  }

  // MARK: - The file

  @Sendable private func file(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let call = call.withoutEmpty
    let scope = try context.scope.narrowed(by: call)
    var text = CSVWriter(
      header: ["at", "district", "actor", "kind", "purpose", "shown", "persons", "device", "id"])
    var (after, count, pages): (String?, Int, Int) = (nil, 0, 0)
    repeat {
      let page = try await views.page(call, scope, PageRequest(after: after, limit: PageRequest.maximum))
      for item in page.items {
        text.row([
          item.at, item.district, item.actor, item.kind.rawValue, item.purpose?.rawValue, item.shown.map(String.init),
          item.persons.joined(separator: " "), item.device, item.id.rawValue,
        ])
      }
      count += page.items.count
      pages += 1
      after = page.next
    } while after != nil && count < Self.mostInFile && pages < Self.mostPages
    guard after == nil else {
      throw ServingError(
        .query,
        "There are more than \(Self.mostInFile) looks, or too many to go through for these: narrow the days, or let 'rollcall audit views --all --output csv' ask page by page."
      )
    }
    return Reply(
      .ok,
      headers: [
        .contentType: "text/csv; charset=utf-8", .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"views.csv\"",
      ], body: text.bytes)
  }
}

extension ViewPages.Row {
  fileprivate init(_ item: ViewItem, _ name: String?) {
    at = Instant(rfc3339: item.at).map(Moment.init)
    (actor, district) = (item.actor, item.district)
    who = ShownText.of(name ?? item.actor)
    why = item.purpose?.words ?? "not said"
    let shown = item.shown.map { $0 == 1 ? "1 person" : "\($0) people" } ?? "people (no longer kept)"
    what =
      switch item.kind {
      case .person: item.device.map { "on the page of \($0)" } ?? "one person"
      case .list: "a list of \(shown)"
      case .search: "a search that showed \(shown)"
      case .report: "a report of \(shown)"
      }
    persons = Array(item.persons.prefix(ViewPages.named))
    others = item.persons.count > persons.count ? String(item.persons.count - persons.count) : nil
  }
}

extension Call {
  /// Forms send what nobody filled in as nothing.
  var withoutEmpty: Call {
    Call(
      method, path, parameters: parameters, query: query.filter { !$0.value.isEmpty }, headers: headers, body: body,
      now: now, requestID: requestID, origin: origin, authority: authority)
  }
}
