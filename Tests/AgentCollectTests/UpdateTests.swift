import Foundation
import Testing
import Vocabulary

@testable import AgentCollect

@Suite("Updates that wait")
struct UpdateTests {
  private let lists = "var/lib/apt/lists/deb.example.org_debian_dists_"

  private func package(_ name: String, _ version: String, _ architecture: String = "amd64", status: String? = nil)
    -> String
  {
    "Package: \(name)\n" + (status.map { "Status: \($0)\n" } ?? "")
      + "Architecture: \(architecture)\nVersion: \(version)\nDescription: x\n more: Version: 9\n\n"
  }

  private func installed(_ packages: [(String, String, String)], held: [String] = []) -> String {
    ([("dpkg", "1.21", "amd64")] + packages).map {
      package($0.0, $0.1, $0.2, status: held.contains($0.0) ? "hold ok installed" : "install ok installed")
    }.joined()
  }

  private func measured(_ tree: ScratchTree) -> Measurements.Updates {
    Measurer(root: tree.root).measure(at: Instant(seconds: 1_800_000_000)).updates
  }

  @Test("A newer version counts once; older, equal, held, removed and foreign ones do not")
  func counts() throws {
    let tree = try ScratchTree()
    try tree.write(
      "var/lib/dpkg/status",
      installed(
        [
          ("newer", "1.0-1", "amd64"), ("equal", "1:2", "amd64"), ("older", "5", "amd64"), ("held", "1", "amd64"),
          ("other", "1", "i386"), ("library", "1", "amd64"), ("library", "1", "i386"),
        ], held: ["held"]) + package("removed", "1", status: "deinstall ok config-files"))
    try tree.write(
      lists + "bookworm_main_binary-amd64_Packages",
      package("newer", "1.0-1+deb12u1") + package("newer", "1.0-2") + package("equal", "1:2") + package("older", "4")
        + package("held", "2") + package("removed", "2") + package("other", "2") + package("library", "2"))
    try tree.write(lists + "bookworm_main_binary-i386_Packages", package("library", "1", "i386"))
    #expect(measured(tree).count == 2, "newer and library:amd64")
    try tree.write(lists + "bookworm_main_binary-i386_Packages", package("library", "2", "i386"))
    #expect(measured(tree).count == 3)
  }

  @Test("A package that goes from one architecture to all, or back, is the same package")
  func allArchitectures() throws {
    let tree = try ScratchTree()
    try tree.write("var/lib/dpkg/status", installed([("docs", "1", "all"), ("tool", "1", "amd64")]))
    try tree.write(
      lists + "bookworm_main_binary-amd64_Packages", package("docs", "2", "amd64") + package("tool", "2", "all"))
    #expect(measured(tree).count == 2)
  }

  @Test(
    "Backports update what came from them and nothing else; what is never automatic updates nothing",
    arguments: [
      ("NotAutomatic: yes\nButAutomaticUpgrades: yes\n", 1), ("NotAutomatic: yes\n", 0), ("Suite: stable\n", 2),
    ])
  func weights(release: String, count: Int) throws {
    let tree = try ScratchTree()
    try tree.write("var/lib/dpkg/status", installed([("plain", "1", "amd64"), ("backported", "2~bpo1", "amd64")]))
    try tree.write(lists + "bookworm_InRelease", "Suite: bookworm\n")
    try tree.write(lists + "bookworm_main_binary-amd64_Packages", package("plain", "1") + package("backported", "1"))
    try tree.write(lists + "bookworm-backports_InRelease", "Origin: Debian\n" + release)
    try tree.write(
      lists + "bookworm-backports_main_binary-amd64_Packages",
      package("plain", "2~bpo1") + package("backported", "2~bpo2"))
    #expect(measured(tree).count == count)
  }

  @Test("Lists that are missing, compressed, or under pins are said to be so, and nothing is counted")
  func refusals() throws {
    let tree = try ScratchTree()
    #expect(measured(tree).reason?.hasPrefix("no package database") == true)
    try tree.write("var/lib/dpkg/status", installed([("a", "1", "amd64")]))
    #expect(measured(tree).reason?.hasPrefix("no package lists") == true)
    try tree.write(lists + "bookworm_main_binary-amd64_Packages", package("a", "2"))
    #expect(measured(tree).count == 1)
    try tree.write("etc/apt/preferences.d/mine", "Package: *\nPin: release a=testing\nPin-Priority: 900\n")
    #expect(measured(tree).reason == "not counted: pins are not followed here: /etc/apt/preferences.d/mine")
    #expect(measured(tree).count == nil)
    try tree.write("etc/apt/preferences.d/mine", "# none\n")
    try tree.write("etc/apt/apt.conf.d/70x", "// APT::Default-Release \"stable\";\n")
    #expect(measured(tree).count == 1)
    try tree.write("etc/apt/apt.conf.d/70x", "APT::Default-Release \"stable\";\n")
    #expect(measured(tree).count == nil)
    try tree.write("etc/apt/apt.conf.d/70x", "")
    try tree.write(lists + "bookworm_contrib_binary-amd64_Packages.lz4", "x")
    #expect(measured(tree).reason?.contains("keeps its lists compressed") == true)
  }

  @Test("Nothing is counted again until an input changes")
  func skips() throws {
    let tree = try ScratchTree()
    try tree.write("var/lib/dpkg/status", installed([("a", "1", "amd64")]))
    try tree.write(lists + "bookworm_main_binary-amd64_Packages", package("a", "2"))
    let first = measured(tree)
    #expect(first.count == 1)
    var told = first
    told.count = 7
    let reader = Tree(root: tree.root)
    #expect(reader.countedUpdates(unlike: told).count == 7, "taken over, not counted")
    try tree.write(lists + "bookworm_main_binary-amd64_Packages", package("a", "2") + package("b", "2"))
    #expect(reader.countedUpdates(unlike: told).count == 1)
    told.inputs = reader.countedUpdates(unlike: nil).inputs
    told.count = nil
    #expect(reader.countedUpdates(unlike: told).count == 1, "what was not counted is tried again")
  }

  @Test("Endless lines, NULs and cut paragraphs do not stop the count")
  func hostile() throws {
    let tree = try ScratchTree()
    try tree.write("var/lib/dpkg/status", installed([("a", "1", "amd64"), ("b", "1", "amd64")]))
    let noise = Array("Package: a\nVersion: ".utf8) + [UInt8](repeating: 0x39, count: 200_000) + Array("\n\n".utf8)
    try tree.write(
      lists + "bookworm_main_binary-amd64_Packages",
      [0, 10, 10, 0xff, 10] + noise + Array("Package:\nVersion: 3\n\n".utf8) + Array(package("a", "2").utf8)
        + Array("Package: b\nArchitecture: amd64\nVersion: 2".utf8))
    #expect(measured(tree).count == 2, "the last paragraph has no line feed at its end")
    var random = FixedRandom(state: 5)
    for _ in 0..<30 {
      let bytes = (0..<3000).map { _ in UInt8.random(in: 0...255, using: &random) }
      try tree.write(lists + "bookworm_main_binary-amd64_Packages", bytes)
      #expect(measured(tree).count == 0)
    }
  }

  @Test("A list is matched with the release file of its own archive")
  func releases() throws {
    let names = [
      "h_dists_bookworm-backports_InRelease", "h_dists_bookworm-backports_main_binary-amd64_Packages",
      "h_dists_bookworm_Release", "h_dists_bookworm_main_binary-amd64_Packages", "h_flat_._Packages", "lock",
      "h_dists_bookworm_main_i18n_Translation-en", "h_dists_bookworm_main_binary-amd64_Packages.diff_Index",
    ]
    let lists = try PackageLists(names).lists
    let folder = PackageLists.folder + "/"
    #expect(
      lists.map(\.release) == [
        folder + "h_dists_bookworm-backports_InRelease", folder + "h_dists_bookworm_Release", nil,
      ])
  }
}
