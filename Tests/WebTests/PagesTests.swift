import Foundation
import HTTPTypes
import Serving
import Testing
import Vocabulary

@testable import Web

@Suite("Pages")
struct PagesTests {
  /// What people type, and devices call themselves.
  static let hostile = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus='alert(1)",
    "{{frame.formToken}} {{{page}}}",
    "\"\u{301} onfocus=alert(1) autofocus x=\"", "<\u{338}script>", "&lt;b&gt; &amp;", "\u{202e}txt.exe",
    "a\u{2066}b\u{2069}c",
    "</title><script>", "</textarea>", "javascript:alert(1)",
  ]

  @Test("What a file says in its faults is cut, and turns no direction around it")
  func faults() {
    let long = String(repeating: "x", count: 10_000)
    let row = FaultRow(
      Fault(file: long, line: 7, field: long, value: "a\u{202e}b\n" + long, code: "csv.text", message: long))
    #expect(row.place == String(repeating: "x", count: 100) + "…, line 7" && row.code == "csv.text")
    #expect(row.field.count == 41 && row.value.hasPrefix("a\u{fffd}b x") && row.value.count == 101)
    #expect(row.message.count == 401)
    #expect(FaultRow(Fault(code: "c", message: "No file.")).place == "")
  }

  @Test("Hostile names are shown and never become markup", arguments: hostile)
  func hostileNames(_ name: String) async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    try await browser.get("/people")
    try await browser.post("/people", ["name": "Ada Field", "login": "ada.field"])
    try await browser.get("/people")
    let plain = browser.page
    try await browser.post("/people", ["name": name, "login": "hostile"])
    #expect(browser.status == 200, "\(browser.fault)")
    try await browser.get("/people")
    for page in [browser.page, try await personPage(browser)] {
      #expect(!page.contains(name) || !name.unicodeScalars.contains { "<>\"'&".unicodeScalars.contains($0) })
      #expect(page.contains(HTMLText().escapeText(name)))
      let quotes = page.utf8.filter { $0 == UInt8(ascii: "\"") }.count
      #expect(quotes.isMultiple(of: 2), "an attribute does not end")
      #expect(!page.contains("<script") && !page.contains("<img"))
    }
    #expect(tags(browser.page).subtracting(tags(plain)) == [])
  }

  private func personPage(_ browser: Browser) async throws -> String {
    let ids = browser.page.matches(of: /href="(\/people\/prn_[a-z0-9]+)"/).map { String($0.output.1) }
    var pages = ""
    for id in Set(ids) {
      try await browser.get(id)
      pages += browser.page
    }
    try await browser.get("/people")
    return pages
  }

  /// The kinds of elements and attributes of a page.
  private func tags(_ page: String) -> Set<String> {
    Set(page.matches(of: /<\/?[a-z0-9]+( [a-z-]+)*/).map { String($0.output.0) })
  }

  @Test("Text is escaped scalar by scalar, where the engine's own goes by characters")
  func escaping() {
    let text = HTMLText()
    let stacked = text.escapeText("e" + String(repeating: "\u{301}", count: 255) + "x\u{301}")
    #expect(stacked.unicodeScalars.count == 1 + HTMLText.mostMarks + 2, "\(stacked.unicodeScalars.count)")
    #expect(text.escapeText("Ệ") == "Ệ")
    #expect(text.escapeText("\"\u{301}") == "&quot;\u{301}")
    #expect(text.escapeText("<\u{fe0f}b>&'") == "&lt;\u{fe0f}b&gt;&amp;&#39;")
    #expect(text.escapeText("a\u{0}b\u{1b}[31m\u{7f}\u{85}\tc\r\n") == "a\u{fffd}b\u{fffd}[31m\u{fffd}\u{fffd}\tc\r\n")
    let long = String(repeating: "<", count: 10_000)
    #expect(text.escapeText(long).utf8.count == 40_000)
  }

  @Test("A template that would leave something unescaped is refused, and so is one that cannot be read")
  func badTemplates() {
    for text in ["{{{page.name}}}", "{{& page.name}}"] {
      #expect(throws: WebError.unescaped(template: "bad")) { _ = try Templates(["bad": text]) }
    }
    #expect(throws: (any Error).self) { _ = try Templates(["bad": "{{#open}}"]) }
    #expect(throws: WebError.noTemplate("none")) { _ = try Templates([:]).render([String: String](), "none") }
  }

  @Test("Every page forbids what is inline and what comes from elsewhere, and holds nothing of it")
  func policy() async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    for address in ["/", "/people", "/account", "/sessions", "/sign-in", "/nowhere", "/failing", site.firstLink] {
      try await browser.get(address)
      let policy = try #require(browser.reply.headers[.contentSecurityPolicy], "\(address)")
      #expect(policy.hasPrefix("default-src 'none';") && !policy.contains("unsafe") && !policy.contains("http"))
      #expect(browser.reply.headers[.cacheControl] == "no-store")
      #expect(browser.reply.headers[.contentType] == "text/html; charset=utf-8")
      for word in ["<script", "<style", " style=", " onclick", "http://", "=\"//"] {
        #expect(!browser.page.contains(word), "\(address): \(word)")
      }
      for word in ["lang=\"en\"", "<main id=\"main\"", "class=\"skip\"", "name=\"viewport\"", "<title>"] {
        #expect(browser.page.contains(word), "\(address): \(word)")
      }
      #expect(browser.page.utf8.count < 40_000)
    }
  }

  @Test("Files are named by their content, kept for good, and small")
  func assets() async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    let named = browser.page.matches(of: /(?:href|src)="(\/assets\/.*?)"/).map { String($0.output.1) }
    #expect(named.count == 2)
    var size = browser.page.utf8.count
    for path in named {
      let reply = await site.service.respond(to: Call(.get, path, now: Site.start))
      #expect(reply.status == .ok && reply.headers[.cacheControl] == "public, max-age=31536000, immutable")
      let hash = Digest.sha256(reply.body).description.prefix(16)
      #expect(path.contains(hash))
      size += reply.body.count
    }
    #expect(size < 60_000, "a page with all its files, not compressed even")
  }

  @Test("Errors are pages for browsers and problem+json for the API")
  func errors() async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    try await browser.get("/nowhere")
    #expect(browser.status == 404 && browser.heading == "There is nothing here")
    try await browser.get("/failing")
    #expect(browser.status == 500 && browser.page.contains("<code>internal</code>"))
    #expect(!browser.page.contains("Cocoa"))
    try await browser.get("/people?afer=x")
    #expect(browser.status == 400 && browser.page.contains("&#39;after&#39;"))
    for path in ["/api/v1/nowhere", "/api/v1/principals/nobody"] {
      try await browser.get(path)
      #expect(browser.reply.headers[.contentType] == "application/problem+json", "\(path)")
    }
    let plain = await site.service.respond(to: Call(.get, "/nowhere", now: Site.start))
    #expect(plain.headers[.contentType] == "application/problem+json")
  }
}
