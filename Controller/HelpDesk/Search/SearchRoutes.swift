import Audit
package import Serving
import Vocabulary

/// The search as programs and the operator's command ask for it.
package struct SearchRoutes: Sendable {
  let search: DeskSearch

  package init(search: DeskSearch) { self.search = search }

  package var peopleRoutes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/search", DeskSearch.rule,
        Operation(
          "search",
          "People with their devices, and devices: by name in any order and with a typing error, number, a guardian's or their own e-mail address, a guardian's telephone number, serial or a part of it, asset tag, host name; at most \(DeskSearch.limit). Who is shown is journalled",
          query: [
            .init("q", "What is looked for, at most \(SearchedText.longest) characters"),
            .init("district", "Only in this district"), StudentViews.parameter,
          ], answers: (200, SearchView.schema))
      ) { call, context in
        guard let text = try call.query("q"), text.contains(where: { !$0.isWhitespace }) else {
          throw ServingError(.query, "Say what is looked for in 'q'.")
        }
        return try .json(SearchView(try await search.found(text, call, context), to: context.caller))
      }
    ]
  }
}
