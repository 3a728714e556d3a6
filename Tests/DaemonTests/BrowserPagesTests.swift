import Foundation
import Testing

@testable import rollcalld

/// What the browser check goes by.
@Suite struct BrowserPagesTests {
  @Test("scripts/browser/pages.txt names every page that there is, for the check that looks at each")
  func everyPage() async throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("scripts/browser/pages.txt"), encoding: .utf8)
    let named = text.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
    let pages = try await SampleController().controller.people.routes.filter {
      $0.isPage && $0.method == .get && !$0.isLive
    }
    .map(\.path).filter { !$0.hasPrefix("/assets/") }
    #expect(named == pages.sorted(), "\(Set(pages).symmetricDifference(named))")
  }
}
