import Compression
import Registry
import Testing
import Vocabulary

@testable import HelpDesk
@testable import Web

@Suite("How heavy a device's page is")
struct DeviceWeightTests {
  /// A page and its files as they travel, with room for the answers' heads, in bytes.
  private static func weight(_ page: String) throws -> Int {
    let files = [Asset.stylesheet, .script, .icon].map(\.bytes)
    return try ([Array(page.utf8)] + files).reduce(0) { try $0 + Gzip.compress($1).count + 800 }
  }

  @Test("The story of a long life is told in parts, and each part is a light page")
  func story() async throws {
    var told = MachineTold()
    told.parts = (0..<20).map {
      MachineTold.Part("Disk", "EXAMPLE SSD \($0 &* 7919), 238 GiB, serial X\($0 &* 104_729)")
    }
    let titles = (0..<26).map {
      InstalledTitle(name: "libexample\($0)", version: "1.\($0)-2", place: "libexample\($0)")
    }
    let bench = try await DeviceBench(machines: Machines(told: told, titles: titles))
    let device = try await bench.device("STORY9")
    for round in 0..<56 {
      let reason =
        "Round \(round): the \(round &* 7919) of room \(round &* 31) says that it fell, was wet, and \(round &* 104_729)."
      try await bench.move(
        device, "repair", #"{"category":"liquid","evidence":"T-\#(round &* 65_537)","reason":"\#(reason)"}"#)
      try await bench.move(device, "repaired", #"{"reason":"\#(reason)"}"#)
    }
    try await bench.contact(
      device,
      (0..<6).map { Health.Item(item: "disk\($0)", verdict: .failing, reason: "\($0 &* 7919) blocks are unreadable") })
    try await bench.change(
      device, (0..<12).map { FactChange(section: "system", field: "kernel", old: "6.1.\($0)", new: "6.2.\($0)") },
      at: DeviceBench.now)

    var rounds: [String] = []
    var address: String? = "/devices/\(device)?story=all"
    var pages = 0
    while let asked = address {
      let page = await bench.get(asked, as: "district-it@cedar")
      #expect(page.status == 200)
      let weight = try Self.weight(page.text)
      #expect(weight <= 60_000, "\(asked): \(weight) bytes")
      rounds += page.text.matches(of: /<q><bdi>Round ([0-9]+):/).map { String($0.output.1) }
      let next = page.first(/<a href="([^"]*story=[0-9]+#story)">What came before/)
      address = next.isEmpty ? nil : next
      pages += 1
    }
    #expect(pages == 2)
    #expect(rounds == (0..<56).reversed().flatMap { ["\($0)", "\($0)"] }, "each step once, the latest first")
  }

  @Test("What is no part of a story is refused", arguments: ["0", "-1", "some", "9999999999999999999", "1e3", ""])
  func parts(text: String) async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("STORY8")
    #expect(await bench.get("/devices/\(device)?story=\(text)", as: "district-it@cedar").status == 400)
    #expect(await bench.get("/devices/\(device)?story=1", as: "district-it@cedar").status == 200)
    #expect(await bench.get("/devices/\(device)?story=\(Int64.max)", as: "district-it@cedar").status == 200)
  }
}
