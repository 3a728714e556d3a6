import Foundation
import ProcessSupport
import Testing
import Vocabulary

@testable import AgentCollect

@Suite("The order of package versions")
struct PackageVersionTests {
  /// What `dpkg --compare-versions` of dpkg 1.21.22 (Debian 12) said on 2026-11-22.
  static let table: [(String, String, String)] = [
    ("1.0~rc1", "<", "1.0"), ("1.0~~", "<", "1.0~"), ("1.0", "=", "1.0-0"), ("1.0", "<", "1.0a"),
    ("1.0a", "<", "1.0+dfsg-1"), ("1.0-1", "<", "1.0-1+b1"), ("1.0-1~bpo12+1", "<", "1.0-1"),
    ("1.0-1+deb12u2", "<", "1.0-1+deb12u10"), ("1:0.1", ">", "1.10"), ("9:1.0", "<", "10:0"),
    ("1.00-1", "=", "1.0-1"), ("0:1.0-1", "=", "1.0-1"), ("99999999999999999999999", ">", "99999999999999999999998"),
    ("1A", "<", "1a"), ("1-1", "<", "1-1-1"), ("1~~a", "<", "1~a"), ("1.0-1~bpo12+1", "<", "1.2.3-4~deb12u1"),
    ("1.0-1", "<", "1:0.1"), ("10:0", ">", "99999999999999999999998"), ("1.0~rc1", "<", "1.0+dfsg-1"),
    ("1.0.1", ">", "1.0-1+b1"), ("1.0~rc1-1", ">", "1~a"), ("1.00-1", "<", "1.0a"), ("1.9", ">", "1~"),
    ("1.0-1+deb12u2", "<", "1.0-1.1"), ("1.0-1+b1", "<", "1.0.0"), ("2:1.0", ">", "00"),
    ("1.0", "<", "99999999999999999999999"), ("00", "<", "1.0.0"), ("1.0-0", "<", "0:1.0-1"),
    ("1.0~", "<", "20230311"), ("1.0-1~bpo12+1", "<", "1.0-1+deb12u2"), ("1.0~rc1", "<", "20230311+deb12u1"),
    ("20230311+deb12u1", ">", "20230311"), ("0", "<", "1~a"), ("1.0+dfsg-1", ">", "1-1-1"),
    ("1.0-1+b1", "<", "1.0+git20240101.abcdef-1"), ("1.0~rc1", "<", "1:1.0-1"),
    ("2:1.0", ">", "1.0+git20240101.abcdef-1"), ("1A", ">", "1~~a"), ("1.0-1", "<", "1.0+dfsg-1"),
    ("1.0~", "<", "1.0-1+deb12u2"), ("1.0-1", "<", "10:0"), ("1.0-1+deb12u2", "<", "1.0+git20240101.abcdef-1"),
    ("1.0~rc1-1", ">", "1-1"), ("1.9", "<", "2:1.0"), ("20230311+deb12u1", "<", "1:1.0-1"), ("1.0a", ">", "1~"),
    ("1.0+dfsg-1", "<", "1.0.0"), ("1~", "<", "20230311"), ("1.0~rc1", "<", "1.9"), ("2:1.0", ">", "1-1-1"),
    ("1.0+git20240101.abcdef-1", "<", "1:1.0-1"), ("1.0-1+b1", ">", "1~a"), ("1.0-1", ">", "1.0~"),
    ("1.0-0", "<", "10:0"), ("1.00-1", "<", "1.0+git20240101.abcdef-1"), ("1.0-1.1", ">", "1~"),
    ("1-1", "<", "9:1.0"), ("1-1-1", "<", "1:1.0-1"),
  ]

  private static func sign(_ left: String, _ right: String) -> String {
    let order = left.viewed { left in right.viewed { PackageVersion.compare(left, $0) } }
    return order < 0 ? "<" : order > 0 ? ">" : "="
  }

  @Test("Each pair is ordered as dpkg orders it, from both sides", arguments: table)
  func known(left: String, order: String, right: String) {
    #expect(Self.sign(left, right) == order)
    #expect(Self.sign(right, left) == ["<": ">", ">": "<", "=": "="][order])
    #expect(Self.sign(left, left) == "=")
  }

  @Test(
    "dpkg itself agrees on versions made at random",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dpkg"), "no dpkg here"))
  func live() throws {
    var random = FixedRandom(state: 9)
    let parts = ["0", "1", "09", "10", "a", "~", "+", ".", "rc", "~~", "Z", "-", "1.2", "deb12u"]
    for _ in 0..<80 {
      let pair = (0..<2).map { _ in
        let made = (0..<Int.random(in: 1...5, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
        return "1" + made.joined() + "1"
      }
      let order = Self.sign(pair[0], pair[1])
      let word = ["<": "lt", "=": "eq", ">": "gt"][order] ?? ""
      let dpkg = Process()
      dpkg.executableURL = URL(filePath: "/usr/bin/dpkg")
      dpkg.arguments = ["--compare-versions", pair[0], word, pair[1]]
      dpkg.standardError = FileHandle.nullDevice
      try dpkg.start()
      dpkg.waitUntilExit()
      #expect(dpkg.terminationStatus == 0, "\(pair[0]) \(order) \(pair[1])")
    }
  }

  @Test("Any bytes are ordered without trapping, and one order is the other's opposite")
  func hostile() {
    var random = FixedRandom(state: 3)
    let letters = Array("0019:-~+a. \u{0}".utf8) + [0xff]
    for _ in 0..<2000 {
      let made = (0..<2).map { _ in
        (0..<Int.random(in: 0...12, using: &random)).map { _ in letters.randomElement(using: &random) ?? 0 }
      }
      let there = made[0].viewed { left in made[1].viewed { PackageVersion.compare(left, $0) } }
      let back = made[1].viewed { left in made[0].viewed { PackageVersion.compare(left, $0) } }
      #expect(there.signum() == -back.signum())
    }
  }
}
