import Testing

@testable import Wire

@Suite("Software lists")
struct SoftwareListTests {
  @Test("Both ways of making a list give the same, and it is accepted from outside")
  func builder() throws {
    var random = FixedRandom(state: 3)
    var packages: [SoftwareList.Package] = []
    for _ in 0..<400 {
      let name = "p" + String(Int.random(in: 0...99, using: &random))
      let version = ["1", "1.0", "1.0-1", "2:0~rc1+b2", "é"].randomElement(using: &random) ?? "1"
      packages.append(.init(name: name, version: version, architecture: "amd64", source: "dpkg"))
    }
    var builder = SoftwareList.Builder()
    for package in packages {
      builder.add(
        name: Array(package.name.utf8), version: Array(package.version.utf8),
        architecture: Array(package.architecture.utf8), source: "dpkg")
    }
    let built = builder.finished()
    #expect(builder.refused == 0)
    #expect(built == SoftwareList(packages))
    #expect(try SoftwareList(encoding: built.encoding) == built)
    #expect(built.packages == built.packages.sorted())
  }

  @Test("Fields with control characters, without text or past a line are refused and counted")
  func refused() {
    var builder = SoftwareList.Builder()
    let bad: [([UInt8], [UInt8])] = [
      ([], [49]), ([97], []), ([9], [49]), ([97, 10], [49]), ([97], [0]), ([0xff], [49]), ([97], [0x7f]),
      ([UInt8](repeating: 97, count: 600), [49]),
    ]
    for (name, version) in bad { builder.add(name: name, version: version, architecture: [], source: "dpkg") }
    #expect(builder.refused == bad.count)
    #expect(builder.finished().encoding == "")
    #expect(builder.refused == bad.count, "the count outlives the list")
  }

  @Test("A list is a string of lines in JSON")
  func coding() throws {
    let list = SoftwareList([.init(name: "a", version: "1", architecture: "all", source: "dpkg")])
    #expect(try WireCodec.encode([list]) == Array("[\"a\\t1\\tall\\tdpkg\\n\"]".utf8))
  }
}
