import Testing
import Wire

@testable import AgentCollect

@Suite("The packages of dpkg")
struct DpkgStatusTests {
  private func packages(_ text: String) -> [SoftwareList.Package] { list(Array(text.utf8)).packages }

  private func paragraph(_ name: String, _ more: String = "") -> String {
    "Package: \(name)\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\(more)\n"
  }

  private func list(_ bytes: [UInt8]) -> SoftwareList {
    var status = DpkgStatus()
    bytes.viewed { bytes in
      bytes.eachLine { line in
        status.take(line)
        return true
      }
    }
    return status.finished()
  }

  @Test("Only installed packages count, held ones among them")
  func states() {
    let found = packages(
      """
      Package: a
      Status: install ok installed
      Architecture: amd64
      Version: 1

      Package: b
      Status: deinstall ok config-files
      Architecture: amd64
      Version: 1

      Package: c
      Status: hold ok installed
      Architecture: all
      Version: 2:1.0-1

      Package: d
      Status: install reinstreq half-installed
      Version: 1

      Package: e
      Status: install ok installed-not
      Version: 1

      Package: f
      Version: 1
      Status: install ok installed
      Architecture: amd64
      """)
    #expect(found.map(\.name) == ["a", "c", "f"], "the last paragraph needs no empty line after it")
    #expect(found.map(\.version) == ["1", "2:1.0-1", "1"])
    #expect(found.allSatisfy { $0.source == "dpkg" })
  }

  @Test("Continuation lines that look like fields are text")
  func continuation() {
    let found = packages(paragraph("a", "Description: x\n Package: evil\n Version: 9\n"))
    #expect(found.map(\.line) == ["a\t1\tall\tdpkg"])
  }

  @Test("Malformed packages are left out and counted")
  func malformed() {
    var status = DpkgStatus()
    let long = String(repeating: "x", count: 600)
    let text =
      paragraph(long) + paragraph("tab\tbed") + "Package: noversion\nStatus: install ok installed\n\n"
      + paragraph("good")
    text.viewed { bytes in
      bytes.eachLine { line in
        status.take(line)
        return true
      }
    }
    let list = status.finished()
    #expect(list.packages.map(\.name) == ["good"])
    #expect(status.refused == 3)
  }

  @Test("Invalid UTF-8 and NUL in a name leave the package out")
  func invalid() {
    let bad: [[UInt8]] = [[0xff, 0xfe], [0x61, 0x00, 0x62], [0xc3], [0xed, 0xa0, 0x80]]
    for name in bad {
      let bytes = Array("Package: ".utf8) + name + Array("\nStatus: install ok installed\nVersion: 1\n\n".utf8)
      #expect(list(bytes).packages.isEmpty)
    }
  }

  @Test("Lists come out sorted and without doubles, and are accepted from outside")
  func sorted() throws {
    let names = ["zlib1g", "a", "a+b", "a-b", "a.b", "ab", "a", "0ad"]
    let text = names.map { "Package: \($0)\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n" }
      .joined()
    let made = list(Array(text.utf8))
    #expect(made.packages.count == 7)
    #expect(try SoftwareList(encoding: made.encoding) == made)
    #expect(SoftwareList(made.packages) == made, "both ways of making a list agree")
  }

  @Test("A database cut anywhere is read as far as it goes")
  func truncated() throws {
    let whole = Array((paragraph("a") + paragraph("b")).utf8)
    for count in 0...whole.count { _ = try SoftwareList(encoding: list(Array(whole.prefix(count))).encoding) }
  }

  @Test("A database larger than the buffer, with a line longer than it, is read through")
  func large() throws {
    let tree = try ScratchTree()
    var text = ""
    for index in 0..<3000 {
      text += "Package: package-\(index)\nStatus: install ok installed\nVersion: 1.\(index)\nArchitecture: amd64\n"
      if index == 1500 { text += "Description: " + String(repeating: "y", count: 200_000) + "\n" }
      text += " filler " + String(repeating: "z", count: index % 97) + "\n\n"
    }
    try tree.write("var/lib/dpkg/status", text)
    let facts = FactCollector(root: tree.root).collect()
    #expect(facts.software?.packages.count == 3000)
    #expect(facts.software?.packages.contains { $0.name == "package-1500" && $0.version == "1.1500" } == true)
  }

  @Test("Past twenty thousand packages the rest is refused, and that is said")
  func tooMany() throws {
    let tree = try ScratchTree()
    var text = ""
    for index in 0..<20_003 {
      text += "Package: p\(index)\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
    }
    try tree.write("var/lib/dpkg/status", text)
    let facts = FactCollector(root: tree.root).collect()
    #expect(facts.software?.encoding.utf8.count(where: { $0 == 10 }) == 20_000)
    #expect(facts.system?.unreadable.contains { $0.field == "software" && $0.reason.hasPrefix("3 packages") } == true)
  }
}
