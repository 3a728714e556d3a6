import Foundation
import Serving
import Testing
import Vocabulary

@testable import HelpDesk

@Suite("The help desk's pages")
struct PageTests {
  private static let cookie = "helpDesk.a.repair"

  @Test("The page has a box, and results in words that say who, where and how it is")
  func results() async throws {
    let bench = try await DeskBench()
    let empty = await bench.get("/desk", cookie: Self.cookie)
    #expect(empty.status == 200 && empty.text.contains("<label for=\"q\">") && empty.text.contains("id=\"results\""))
    #expect(empty.text.contains("<a href=\"/desk\" aria-current=\"page\">Help desk</a>"))
    let page = await bench.get("/desk", [("q", "exampleton")], cookie: Self.cookie)
    #expect(page.status == 200 && page.text.contains("2 people found"), "\(page.text)")
    for words in [
      "value=\"exampleton\"", "Robin Exampleton", "Student, grade 05, School north, number 10a, district cedar-falls",
      "href=\"/devices/dev_000000000000000a\"", "in service, not known how it is, never seen", "by name",
    ] { #expect(page.text.contains(words), "\(words)") }
    #expect(!page.text.contains("Wren"))
    let none = await bench.get("/desk", [("q", "nobody at all")], cookie: Self.cookie)
    #expect(none.status == 200 && none.text.contains("Nothing found") && none.text.contains("Nothing answers to that"))
  }

  @Test("The script's part is the results alone, under the same headers, and the script is a file that browsers keep")
  func part() async throws {
    let bench = try await DeskBench()
    let part = await bench.get("/desk/results", [("q", "exampleton")], cookie: Self.cookie)
    #expect(part.status == 200 && !part.text.contains("<html") && part.text.contains("data-count=\"2 people found\""))
    #expect(part.headers[.contentSecurityPolicy]?.contains("script-src 'self'") == true)
    #expect(await bench.get("/desk/results", [("q", "")], cookie: Self.cookie).text.contains("<li") == false)
    let page = await bench.get("/desk", cookie: Self.cookie).text
    let script = try #require(page.firstMatch(of: /<script src="(\/assets\/desk\.[0-9a-f]+\.js)" defer>/))
    let file = await bench.get(String(script.output.1))
    #expect(file.status == 200 && file.headers[.cacheControl]?.contains("immutable") == true)
    #expect(page.components(separatedBy: "<script").count == 2, "one script, and none in the page itself")
  }

  @Test("What Enter opens is told to the script; where serials were left out, people and programs are told")
  func told() async throws {
    let bench = try await DeskBench()
    let only = await bench.get("/desk/results", [("q", "PF3XK2M9")], cookie: Self.cookie).text
    #expect(only.contains("data-only=\"/devices/dev_000000000000000a\""), "\(only)")
    #expect(!(await bench.get("/desk/results", [("q", "exampleton")], cookie: Self.cookie)).text.contains("data-only"))
    let whole = await bench.search("9zz9", as: .helpDesk)
    #expect(whole.json["leavesSerials"] as? Bool == false)
    var found = DeskSearch.Found()
    found.leavesSerials = true
    let model = SearchModel(found, now: DeskBench.now)
    #expect(model.leavesSerials && model.count.contains("Not all serials were looked through"))
    #expect(SearchView(found, to: nil).leavesSerials)
  }

  @Test("Sent as a scanner sends it, the only result opens; who comes back from it stays")
  func only() async throws {
    let bench = try await DeskBench()
    let device = "/devices/dev_000000000000000a"
    #expect(await bench.get("/desk", [("q", "PF3XK2M9")], cookie: Self.cookie).location == device)
    #expect(await bench.get("/desk", [("q", "robin")], cookie: Self.cookie).location == device)
    for query in [[("q", "PF3XK2M9"), ("stay", "yes")], [("q", "exampleton")], [("q", "PF3X")], [("q", "nobody")]] {
      let page = await bench.get("/desk", query, cookie: Self.cookie)
      #expect(page.status == 200 && page.location == nil, "\(query)")
    }
    #expect(await bench.get("/desk/results", [("q", "PF3XK2M9")], cookie: Self.cookie).status == 200)
    // Of two who are found, the one with a device is not the one who is meant.
    let two = try await DeskBench(people: [
      DeskBench.listed("a", "Robin Exampleton", DeskBench.cedar, DeskBench.north),
      DeskBench.listed("d", "Robin Fictional", DeskBench.cedar, DeskBench.north),
    ])
    #expect(await two.get("/desk", [("q", "robin")], cookie: Self.cookie).location == nil)
  }

  @Test("A session without a purpose is asked for it first and led back; a warehouse, which sees nobody, is not")
  func purpose() async throws {
    let bench = try await DeskBench()
    let asked = await bench.get("/desk", [("q", "robin exampleton")], cookie: "helpDesk.a")
    #expect(asked.status == 303)
    // Whom somebody looks for stands in no address that leads back.
    #expect(asked.location == "/account/purpose?next=%2Fdesk", "\(asked.location ?? "")")
    let narrowed = await bench.get("/desk", [("q", "robin"), ("district", "cedar-falls")], cookie: "helpDesk.a")
    #expect(narrowed.location == "/account/purpose?next=%2Fdesk%3Fdistrict%3Dcedar-falls")
    #expect(await bench.get("/desk", cookie: "schoolStaff.a").location == "/account/purpose?next=%2Fdesk")
    #expect(await bench.get("/desk/results", [("q", "robin")], cookie: "helpDesk.a").status == 303)
    #expect(try await bench.journal().isEmpty)
    for who in ["warehouse.a", "districtIT.a", "helpDesk.a.other"] {
      #expect(await bench.get("/desk", cookie: who).status == 200, "\(who)")
    }
    #expect(await bench.get("/desk", [("q", "kim@home.example")]).location == "/sign-in?next=%2Fdesk")
    #expect(await bench.get("/desk", cookie: "readOnly.a").status == 403)
  }

  private static let hostile = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus='alert(1)", "{{page.text}} {{{page}}}",
    "\"\u{301} onfocus=alert(1) autofocus x=\"", "<\u{338}script>", "&lt;b&gt;", "\u{202e}gnp.exe", "\u{2066}abc",
    "</title><script>", "\u{200f}abc", String(repeating: "x", count: 10_000),
    "a" + String(repeating: "\u{301}", count: 10_000), String(repeating: "\u{202e}x", count: 5_000),
    "line\nbreak\u{2028}x",
  ]

  @Test(
    "Hostile names of people and devices, and hostile words that are looked for, never become markup",
    arguments: hostile)
  func hostileNames(_ name: String) async throws {
    let plain = try await DeskBench(
      people: [DeskBench.listed("a", "Robin Plain", DeskBench.cedar, DeskBench.north)], hostname: "plain")
    let bench = try await DeskBench(
      people: [DeskBench.listed("a", "Robin " + name, DeskBench.cedar, DeskBench.north)], hostname: name)
    func tags(_ page: String) -> Set<String> {
      Set(page.matches(of: /<\/?[a-z0-9]+( [a-z-]+)*/).map { String($0.output.0) })
    }
    for path in ["/desk", "/desk/results"] {
      for text in ["robin", "PF3XK2M9"] {
        let stay = path == "/desk" ? [("stay", "yes")] : []
        let usual = await plain.get(path, [("q", text)] + stay, cookie: Self.cookie)
        let page = await bench.get(path, [("q", text)] + stay, cookie: Self.cookie)
        #expect(page.status == 200)
        #expect(tags(page.text).subtracting(tags(usual.text)) == [], "\(page.text)")
        #expect(
          page.text.unicodeScalars.allSatisfy {
            !(0x202a...0x202e).contains($0.value) && !(0x2066...0x2069).contains($0.value)
          })
        #expect(page.text.utf8.count < usual.text.utf8.count + 8_000, "it is not shown whole")
        #expect(page.text.utf8.filter { $0 == UInt8(ascii: "\"") }.count.isMultiple(of: 2), "an attribute does not end")
      }
    }
    let typed = await bench.get("/desk", [("q", String(name.prefix(60)))], cookie: Self.cookie)
    #expect(typed.status == 200 || typed.status == 303 || typed.status == 400)
    #expect(typed.text.components(separatedBy: "<script").count <= 2)
  }

  // MARK: - Who looked

  private func looked() async throws -> DeskBench {
    let bench = try await DeskBench()
    let later = DeskBench.now.advanced(by: .seconds(86_400))
    _ = await bench.search("robin", as: .helpDesk, purpose: "family-calls")
    _ = await bench.search("exampleton", as: .stateAdmin, purpose: "audit")
    _ = await bench.search("sky", as: .helpDesk, purpose: "repair", now: later)
    return bench
  }

  @Test("Who looked is read by those who answer for a district, each its own, filtered by whom, who, why and when")
  func views() async throws {
    let bench = try await looked()
    func items(_ query: [(String, String)], as who: DeskBench.Who = .districtAdmin) async -> [[String: Any]] {
      await bench.get("/api/v1/views", query, as: who).json["items"] as? [[String: Any]] ?? []
    }
    func purposes(_ query: [(String, String)], as who: DeskBench.Who = .districtAdmin) async -> [String] {
      await items(query, as: who).map { "\($0["purpose"] ?? "")" }
    }
    #expect(await purposes([]) == ["repair", "audit", "family-calls"])
    #expect(await purposes([], as: .auditor).count == 4)
    #expect(await purposes([("district", "oak-park")], as: .stateAdmin) == ["audit"])
    #expect(await purposes([("person", DeskBench.person("a").rawValue)]) == ["audit", "family-calls"])
    #expect(await purposes([("purpose", "repair")]) == ["repair"])
    #expect(await purposes([("actor", "prn_0000000000000009")]) == [])
    #expect(await purposes([("actor", DeskBench.principal.rawValue)]).count == 3)
    #expect(await purposes([("to", "2026-09-21")]) == ["audit", "family-calls"])
    #expect(await purposes([("from", "2026-09-22")]) == ["repair"])
    #expect(
      await items([])[1]["persons"] as? [String] == [DeskBench.person("a"), DeskBench.person("b")].map(\.rawValue))
    let first = await bench.get("/api/v1/views", [("limit", "2")], as: .districtAdmin)
    let next = try #require(first.json["next"] as? String)
    #expect(await purposes([("limit", "2"), ("after", next)]) == ["family-calls"])
    for (name, value) in [("from", "yesterday"), ("purpose", "x"), ("person", "Robin"), ("actor", "x"), ("after", "x")]
    {
      #expect(await bench.get("/api/v1/views", [(name, value)], as: .districtAdmin).status == 400, "\(name)")
    }
    for who in [DeskBench.Who.helpDesk, .schoolStaff, .districtIT, .warehouse, .readOnly, .nobody] {
      #expect(await bench.get("/api/v1/views", as: who).status == 403, "\(who)")
      #expect(await bench.get("/views", as: who).status == 403, "\(who)")
      #expect(await bench.get("/views.csv", as: who).status == 403, "\(who)")
    }
    #expect(await bench.get("/api/v1/views", [("district", "oak-park")], as: .districtAdmin).status == 404)
  }

  @Test("The page shows the same with the filters kept, and the file has a line for each")
  func viewPages() async throws {
    let bench = try await looked()
    let page = await bench.get("/views", [("purpose", "repair"), ("from", "")], cookie: "districtAdmin.a")
    #expect(page.status == 200 && page.text.contains("A device is being repaired</td>"), "\(page.text)")
    #expect(page.text.contains("<option value=\"repair\" selected>") && !page.text.contains("An audit</td>"))
    #expect(page.text.contains("href=\"/views.csv?purpose=repair\"") && !page.text.contains("Exampleton"))
    let file = await bench.get("/views.csv", [("person", DeskBench.person("a").rawValue)], cookie: "districtAdmin.a")
    let lines = file.text.split(separator: "\r\n")
    #expect(
      file.status == 200 && lines.count == 3 && lines[0] == "at,district,actor,kind,purpose,shown,persons,device,id")
    #expect(file.headers[.contentType] == "text/csv; charset=utf-8")
    #expect(lines[2].contains(",cedar-falls,prn_0000000000000001,search,family-calls,1,per_000000000000000a,,"))
    let empty = await bench.get("/views", [("purpose", "inventory")], cookie: "districtAdmin.a")
    #expect(empty.text.contains("Nothing on this page"))
  }
}
