import Testing
import Vocabulary

@testable import rollcall

@Suite("Rendering")
struct RenderingTests {
  @Test(
    "A cell that a spreadsheet would run gets an apostrophe",
    arguments: [
      ("=1+1", "'=1+1"), ("+49", "'+49"), ("-2", "'-2"), ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "'\tx"),
      ("\r=x", "\"'\r=x\""), ("plain", "plain"), ("", ""), ("a=b", "a=b"), ("=a,\"b\"", "\"'=a,\"\"b\"\"\""),
    ])
  func formulas(text: String, expected: String) { #expect(CSVText.cell(text) == expected) }

  @Test("Cells with commas, quotes and line ends are quoted")
  func quoting() {
    #expect(CSVText.line(["a,b", "say \"x\"", "two\nlines"]) == "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\r\n")
  }

  @Test("Escape sequences and direction controls from devices stay text")
  func terminal() {
    #expect(TerminalText.neutralised("a\u{1b}[2Jb\u{7}\u{9b}c") == "a\\x1b[2Jb\\x07\\x9bc")
    #expect(TerminalText.neutralised("x\u{202e}y\u{2028}z") == "x\\u{202e}y\\u{2028}z")
    #expect(TerminalText.neutralised("Zürich 東京") == "Zürich 東京")
    #expect(TerminalText.neutralised("a\r\nb") == "a\\x0d\\x0ab")
  }

  @Test("JSON keeps the value of what it escapes")
  func json() {
    let value: JSONValue = ["name": "a\u{1b}[0m\u{202e}\u{9b}"]
    #expect(!value.document.unicodeScalars.contains { TerminalText.isUnsafe($0) && $0 != "\n" })
    #expect(JSONValue(Array(value.document.utf8)) == value)
  }

  @Test("A table is as wide as it must be")
  func table() {
    var table = TextTable([Column("Serial", "serial"), Column("Count", "count", number: true)])
    table.add(["PF3XK2M9", "7"])
    table.add(["東京", "1200"])
    #expect(
      table.text(width: nil, Palette(enabled: false)) == """
        Serial    Count
        PF3XK2M9      7
        東京       1200

        """)
  }

  @Test("A table fits the terminal by cutting its widest columns")
  func narrow() {
    var table = TextTable([Column("Name", "name"), Column("Id", "id")])
    table.add(["a rather long name of a school", "x1"])
    let text = table.text(width: 20, Palette(enabled: false))
    #expect(text == "Name              Id\na rather long n…  x1\n")
  }

  @Test("Colours come only where they are wanted, and never change the columns")
  func colour() {
    var table = TextTable([Column("Health", "health", verdict: true), Column("Id", "id")])
    table.add(["well", "x"])
    #expect(table.text(width: 80, Palette(enabled: true)).contains("\u{1b}[32mwell\u{1b}[0m    x"))
    let controller = FakeController(.success(.json("{\"items\":[{\"id\":\"x\",\"health\":\"well\"}]}")))
    #expect(!run("device", "list", on: controller).out.contains("\u{1b}"))
    #expect(run("device", "list", on: controller, width: 200).out.contains("\u{1b}[32m"))
    #expect(!run("device", "list", on: controller, width: 200, environment: ["NO_COLOR": "1"]).out.contains("\u{1b}"))
  }

  @Test("A hostile hostname cannot move the cursor, not even in an error")
  func hostile() {
    let item = "{\"items\":[{\"id\":\"x\",\"hostname\":\"\\u001b[2J\\u0007\",\"serial\":\"=cmd()\"}]}"
    let controller = FakeController(.success(.json(item)))
    let table = run("device", "list", on: controller)
    #expect(!table.out.contains("\u{1b}") && table.out.contains("\\x1b[2J\\x07"))
    #expect(run("device", "list", "--output", "csv", on: controller).out.contains("'=cmd()"))
    let refused = FakeController(.success(.problem(404, "x", "No \\u001b[31mdevice.")))
    #expect(!run("me", on: refused).err.contains("\u{1b}"))
  }

  @Test("Times are told relative to now")
  func times() throws {
    let now = try #require(Instant(rfc3339: "2026-11-21T21:00:00Z"))
    #expect(TimeText.story("2026-11-21T20:55:00Z", now: now) == "2026-11-21 20:55 UTC (5 min ago)")
    #expect(TimeText.story("2026-11-21T22:30:00Z", now: now) == "2026-11-21 22:30 UTC (in 90 min)")
    #expect(TimeText.story("2026-11-10T21:00:00Z", now: now) == "2026-11-10 21:00 UTC (11 days ago)")
    #expect(TimeText.story("never", now: now) == "never")
  }
}
