import Testing
import Vocabulary

@testable import Compression
@testable import Registry

/// What was packed by a released version has to be read by every later one.
@Suite("The stored format of health")
struct HealthPackingTests {
  @Test("No byte of the dictionary changes, and both what is packed and what never was are read")
  func format() throws {
    #expect(
      Digest.sha256(HealthPacking.first.dictionary).description
        == "040de71c2c933f02f9ede382418f38e636cf6d21daf4fb75c5dbb34421ba3b3d")
    let items = [Health.Item(item: "disk", verdict: .failing, reason: "Disk sda says that it is failing.")]
    let packed = try HealthPacking.pack(items)
    #expect(packed.first == 1 && packed.count < 40)
    #expect(try HealthPacking.unpack(packed) == items)
    let plain = #"[{"item":"disk","reason":"Disk sda says that it is failing.","verdict":"failing"}]"#
    #expect(try HealthPacking.unpack(Array(plain.utf8)) == items)
  }
}
