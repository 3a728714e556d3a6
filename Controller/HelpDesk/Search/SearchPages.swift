import Audit
import HTTPTypes
package import Serving
import Vocabulary
package import Web

/// The page with the one search box. Without a script it is a form; with it, results come as one types.
package struct SearchPages: Sendable {
  package static let place = "/desk"

  /// First in the navigation: what a help desk does all day.
  package static let places = [
    Place("Help desk", place, "Who has which device, where it is, and whether it is well", DeskSearch.rule)
  ]

  package static let templates: [String: String] = [
    "desk-search": PackageResources.desk_search_mustache, "desk-results": PackageResources.desk_results_mustache,
    "desk-device": PackageResources.desk_device_mustache,
  ].mapValues { String(decoding: $0, as: UTF8.self) }

  private static let script = Asset("desk", "js", type: "text/javascript; charset=utf-8", PackageResources.desk_js)

  let search: DeskSearch
  let shell: Shell

  package init(search: DeskSearch, shell: Shell) { (self.search, self.shell) = (search, shell) }

  package var peopleRoutes: [PeopleRoute] {
    [
      .page(.get, Self.place, DeskSearch.rule, "showDesk", "The help desk's search", query: ["q", "district", "stay"]) {
        call, context in
        try await asking(call) { try await page(call, context) }
      },
      .page(
        .get, Self.place + "/results", DeskSearch.rule, "showDeskResults",
        "What the search found, for the page's script",
        query: ["q", "district"]
      ) { call, context in
        try await asking(call) {
          try shell.part("desk-results", Model(try await results(call, context)), context)
        }
      },
      Self.script.route,
    ]
  }

  /// Leads who has to say why they look to where that is done, and back.
  private func asking(_ call: Call, _ body: () async throws -> Reply) async throws -> Reply {
    do { return try await body() } catch let error as AuditError where error.kind == .purposeRequired {
      return Shell.askPurpose(call)
    }
  }

  // MARK: - The page

  private struct Model: Sendable {
    var text = ""
    var district = ""
    var hasDistrict = false
    var script = ""
    let results: SearchModel?

    init(_ results: SearchModel?) { self.results = results }
  }

  private func page(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let text = try call.query("q") ?? ""
    var found: DeskSearch.Found?
    if text.contains(where: { !$0.isWhitespace }) {
      found = try await search.found(text, call.withoutEmpty, context)
    } else if context.caller?.scopeWithSchools(of: DeskSearch.peopleRoles) != nil {
      // Asked before the first look, so that nobody is led away while typing.
      _ = try StudentViews.reason(call, context)
    }
    // Whoever sent the form, as a scanner does, wants the device; `stay` keeps who comes back from it here.
    if let only = found?.only, try call.query("stay") == nil { return Shell.redirect(to: "/devices/\(only)") }
    var model = Model(found.map { SearchModel($0, now: call.now) })
    model.text = text
    model.district = try call.query("district") ?? ""
    model.hasDistrict = !model.district.isEmpty
    model.script = Self.script.path
    return try shell.page("desk-search", model, Shell.Heading("Help desk", place: Self.place), context)
  }

  private func results(_ call: Call, _ context: OperatorContext) async throws -> SearchModel? {
    guard let text = try call.query("q"), text.contains(where: { !$0.isWhitespace }) else { return nil }
    return SearchModel(try await search.found(text, call.withoutEmpty, context), now: call.now)
  }
}
