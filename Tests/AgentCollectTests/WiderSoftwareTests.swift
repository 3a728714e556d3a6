import Foundation
import Testing
import Wire

@testable import AgentCollect

@Suite("Software of rpm, Flatpak and snap")
struct WiderSoftwareTests {
  private func lines(_ facts: Facts) -> [String] { facts.software?.packages.map(\.line) ?? [] }

  @Test("Packages that rpm itself installed are told, with what Flatpak and snap keep, each with its source")
  func everySource() throws {
    let facts = FactCollector(root: fixture("rpm-laptop"), devices: RecordedDevices()).collect()
    #expect(
      lines(facts) == [
        "chalk-board\t1.4.2-3.fc40\tnoarch\trpm",
        "chalk-quiz\t3.2.0\tamd64\tsnap",
        "core22\t20240823\tamd64\tsnap",
        "kernel-core\t6.8.5-301.fc40\tx86_64\trpm",
        "kernel-core\t6.8.7-300.fc40\tx86_64\trpm",
        "long-list\t5-1\tnoarch\trpm",
        "org.example.Chalk\tbeta\tx86_64\tflatpak",
        "org.kde.Platform\t6.6\tx86_64\tflatpak",
        "org.kde.Platform\t6.7\tx86_64\tflatpak",
        "org.kde.kgeography\t24.08.1\tx86_64\tflatpak",
        "slate-editor\t2:24.2.1~rc1-1.fc40\tx86_64\trpm",
      ])
    #expect(facts.system?.unreadable.contains { $0.field.hasPrefix("software") } == false)
    try expectAcceptable(facts)
  }

  @Test("Reading rpm's database leaves nothing beside it")
  func leavesNoTrace() throws {
    let tree = try ScratchTree()
    try tree.copy(fixture("rpm-laptop")) { $1 }
    let folder = tree.root + "/var/lib/rpm"
    _ = FactCollector(root: tree.root, devices: RecordedDevices()).collect()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["rpmdb.sqlite"])
  }

  @Test("A database that is no database makes the software unknown, not empty, and says so")
  func damaged() throws {
    let whole = [UInt8](try Data(contentsOf: URL(filePath: fixture("rpm-laptop/var/lib/rpm/rpmdb.sqlite"))))
    for bytes in [[], Array("not a database".utf8), Array(whole.prefix(5000)), [UInt8](repeating: 0xff, count: 8192)] {
      let tree = try ScratchTree()
      try tree.write("var/lib/rpm/rpmdb.sqlite", bytes)
      let facts = FactCollector(root: tree.root, devices: RecordedDevices()).collect()
      #expect(facts.software == nil)
      let path = tree.root + "/var/lib/rpm/rpmdb.sqlite"
      #expect(
        facts.system?.unreadable.first { $0.field == "software" }?.reason
          == "not a package database that can be read now: \(path)")
    }
  }

  @Test("A database changed anywhere never traps, and what is told of it can be sent")
  func hostile() throws {
    let whole = [UInt8](try Data(contentsOf: URL(filePath: fixture("rpm-laptop/var/lib/rpm/rpmdb.sqlite"))))
    var random = FixedRandom(state: 11)
    let tree = try ScratchTree()
    for _ in 0..<60 {
      var bytes = whole
      for _ in 0..<40 { bytes[Int.random(in: 16..<bytes.count, using: &random)] = .random(in: 0...255, using: &random) }
      try tree.write("var/lib/rpm/rpmdb.sqlite", bytes)
      try expectAcceptable(FactCollector(root: tree.root, devices: RecordedDevices()).collect())
    }
  }

  @Test("Of a header little is read, and more where that does not do")
  func littleFirst() throws {
    let path = fixture("rpm-laptop/var/lib/rpm/rpmdb.sqlite")
    let library = try SQLiteLibrary.opened()
    let database = try library.open(path, parameters: "mode=ro&immutable=1")
    defer { library.close(database) }
    let rows = try library.numbers(of: "SELECT hnum FROM Packages", in: database, path)
    var reads: [Int] = []
    func read(_ isEnough: (Int) -> Bool) throws {
      reads = []
      try library.eachBlob("Packages", "blob", rows: rows, first: 64, atMost: 512, in: database, path) { bytes, isAll in
        reads.append(bytes.count)
        #expect(isAll == (bytes.count == 512))
        return isEnough(bytes.count)
      }
    }
    try read { _ in true }
    #expect(!rows.isEmpty && reads == rows.map { _ in 64 })
    try read { $0 > 64 }
    #expect(reads == rows.flatMap { _ in [64, 512] })
    try read { _ in false }
    #expect(reads == rows.flatMap { _ in [64, 512] })
  }

  @Test("A snap of which no revision is linked, as while it is refreshed, is told in its newest one")
  func refreshed() throws {
    let tree = try ScratchTree()
    try tree.copy(fixture("rpm-laptop")) { $1 }
    let before = lines(FactCollector(root: tree.root, devices: RecordedDevices()).collect())
    try FileManager.default.removeItem(atPath: tree.root + "/snap/chalk-quiz/current")
    #expect(lines(FactCollector(root: tree.root, devices: RecordedDevices()).collect()) == before)
    #expect(before.contains("chalk-quiz\t3.2.0\tamd64\tsnap"))
  }

  @Test(
    "Where a folder of Flatpak or snap cannot be read the software is unknown, not without it",
    arguments: ["var/lib/flatpak/app", "snap", "snap/chalk-quiz/18/meta/snap.yaml"])
  func unreadable(path: String) throws {
    let tree = try ScratchTree()
    try tree.copy(fixture("rpm-laptop")) { $1 }
    let whole = tree.root + "/" + path
    try FileManager.default.removeItem(atPath: whole)
    // Whoever follows it goes in a circle.
    try FileManager.default.createSymbolicLink(atPath: whole, withDestinationPath: whole)
    let facts = FactCollector(root: tree.root, devices: RecordedDevices()).collect()
    #expect(facts.software == nil && facts.system?.unreadable.contains { $0.field == "software" } == true)
  }

  @Test("A header cut or changed anywhere never traps")
  func headers() {
    var header: [UInt8] = [0, 0, 0, 3, 0, 0, 0, 16]
    for (tag, type, offset) in [(1000, 6, 0), (1001, 6, 4), (1003, 4, 8)] as [(Int, UInt8, UInt8)] {
      header += [0, 0, UInt8(tag >> 8), UInt8(tag & 0xff), 0, 0, 0, type, 0, 0, 0, offset, 0, 0, 0, 1]
    }
    header += Array("abc\0".utf8) + Array("1.2\0".utf8) + [0, 0, 0, 7]
    let read = header.viewed { RPMHeader($0) }
    #expect(read?.name == Array("abc".utf8))
    #expect(read?.version == Array("7:1.2".utf8))
    for count in header.indices { #expect(Array(header.prefix(count)).viewed { RPMHeader($0) } == nil) }
    for index in header.indices {
      for value: UInt8 in [0, 1, 0x7f, 0xff] {
        var changed = header
        changed[index] = value
        _ = changed.viewed { RPMHeader($0) }
      }
    }
  }

  @Test("A format before SQLite's is named, not read")
  func formerFormat() throws {
    let tree = try ScratchTree()
    try tree.write("var/lib/rpm/Packages", "a hash of Berkeley's")
    let facts = FactCollector(root: tree.root, devices: RecordedDevices()).collect()
    #expect(facts.software == nil)
    #expect(
      facts.system?.unreadable.last
        == Unreadable(
          field: "software",
          reason: "rpm's database is in a format before SQLite's, which is not read: /var/lib/rpm/Packages"))
  }

  @Test(
    "Of an application's own file the first release counts, however it is written",
    arguments: [
      (#"<releases><release date="2024" version="1.2"/></releases>"#, "1.2"),
      (#"<release type='x' version = '3'>"#, "3"), ("<release\n  version=\"4\"\n>", "4"),
      (#"<released version="9"/><release/>"#, nil), (#"<release version="">"#, nil),
      (#"<release subversion="1">"#, nil), (#"<release version="a&amp;b">"#, nil), ("<release version=\"1", nil),
      ("", nil), ("<", nil),
    ] as [(String, String?)])
  func releases(text: String, version: String?) {
    #expect(Array(text.utf8).viewed { Metainfo.release($0) } == version.map { Array($0.utf8) })
  }

  @Test(
    "A snap's fields are those at the top of its description",
    arguments: [
      ("name: a\nversion: '1.0'\narchitectures:\n- all\n", "a 1.0 all"),
      ("name: \"b\"\nversion: 2 # x\narchitectures: [ amd64 , i386 ]\n", "b 2 amd64"),
      ("apps:\n  x:\n    version: 9\nname: c\nversion: 3\n", "c 3 nil"),
      ("version: '\nname:\narchitectures: [\n", "nil nil nil"), ("", "nil nil nil"),
    ])
  func snaps(text: String, expected: String) {
    let snap = Array(text.utf8).viewed { SnapMetadata($0) }
    let words = [snap.name, snap.version, snap.architecture].map {
      $0.map { String(decoding: $0, as: UTF8.self) } ?? "nil"
    }
    #expect(words.joined(separator: " ") == expected)
  }
}
