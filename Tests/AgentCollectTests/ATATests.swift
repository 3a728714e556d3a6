import Testing

@testable import AgentCollect

@Suite("What ATA disks say of themselves")
struct ATATests {
  /// SMART data with these attributes, each its number and raw value, and a right sum.
  static func data(_ attributes: [(UInt8, [UInt8])]) -> [UInt8] {
    var data = [UInt8](repeating: 0, count: 512)
    data[0] = 1
    for (index, attribute) in attributes.enumerated() {
      data[2 + index * 12] = attribute.0
      for (offset, byte) in attribute.1.enumerated() { data[2 + index * 12 + 5 + offset] = byte }
    }
    data[511] = 0 &- data.reduce(0, &+)
    return data
  }

  @Test("Attributes that mean the same with every maker are read, by their raw values")
  func attributes() throws {
    let data = Self.data([
      (5, [8, 0, 0, 0]), (9, [0x10, 0x27, 0, 0, 0x55, 0x01]), (187, [3]), (198, [9]), (190, [60]),
      (194, [41, 0, 18, 0, 55]),
    ])
    let health = try #require(data.viewed { ATAHealth(data: $0) })
    #expect(health.reallocatedSectors == 8)
    #expect(health.powerOnHours == 10_000, "the makers' own bytes above it are left out")
    #expect(health.mediaErrors == 3)
    #expect(health.temperatureMillicelsius == 41_000)
  }

  @Test("QEMU's disk: its airflow temperature stands in, and what it does not tell stays unknown")
  func qemu() throws {
    let data = Self.data([(3, [16]), (4, [0]), (5, [0]), (9, [1]), (12, [0]), (190, [31, 0, 31, 31])])
    let health = try #require(data.viewed { ATAHealth(data: $0) })
    #expect(health.temperatureMillicelsius == 31_000)
    #expect(health.powerOnHours == 1)
    #expect(health.reallocatedSectors == 0)
    #expect(health.mediaErrors == nil)
  }

  @Test("Data with a wrong sum, of another size, or empty is none")
  func notData() {
    var data = Self.data([(5, [1])])
    data[100] &+= 1
    #expect(data.viewed { ATAHealth(data: $0) } == nil)
    #expect([UInt8](repeating: 0, count: 512).viewed { ATAHealth(data: $0) } == nil)
    #expect(Array(Self.data([]).prefix(511)).viewed { ATAHealth(data: $0) } == nil)
  }

  @Test("Absurd hours and temperatures are left out")
  func absurd() throws {
    let data = Self.data([(9, [0xff, 0xff, 0xff, 0xff]), (194, [0x7f])])
    let health = try #require(data.viewed { ATAHealth(data: $0) })
    #expect(health.powerOnHours == nil)
    #expect(health.temperatureMillicelsius == nil)
  }

  @Test("Wear is taken only from a valid statistic of the right page")
  func endurance() {
    var page = [UInt8](repeating: 0, count: 512)
    (page[0], page[2], page[8], page[15]) = (1, 7, 34, 0xC0)
    #expect(page.viewed { ATAHealth.percentUsed(statistics: $0) } == 34)
    page[15] = 0x80
    #expect(page.viewed { ATAHealth.percentUsed(statistics: $0) } == nil)
    (page[15], page[2]) = (0xC0, 1)
    #expect(page.viewed { ATAHealth.percentUsed(statistics: $0) } == nil)
    #expect(Array(page.prefix(40)).viewed { ATAHealth.percentUsed(statistics: $0) } == nil)
  }

  @Test("The verdict stands in the registers, in both forms of sense data")
  func sense() {
    var described = [UInt8](repeating: 0, count: 64)
    described.replaceSubrange(0..<8, with: [0x72, 1, 0, 0x1D, 0, 0, 0, 20])
    described.replaceSubrange(8..<14, with: [0x00, 4, 0, 0, 0, 0])
    described.replaceSubrange(14..<28, with: [9, 12, 0, 0, 0, 0, 0, 0, 0, 0x4F, 0, 0xC2, 0, 0x50])
    #expect(described.viewed { ATARegisters(sense: $0)?.isFailing } == .some(false))
    (described[23], described[25]) = (0xF4, 0x2C)
    #expect(described.viewed { ATARegisters(sense: $0)?.isFailing } == .some(true))
    #expect(described.viewed { ATARegisters(sense: $0)?.isError } == false)
    described[27] = 0x51
    #expect(described.viewed { ATARegisters(sense: $0)?.isError } == true)

    var fixed = [UInt8](repeating: 0, count: 18)
    (fixed[0], fixed[4], fixed[10], fixed[11], fixed[13]) = (0x70, 0x50, 0xF4, 0x2C, 0x1D)
    #expect(fixed.viewed { ATARegisters(sense: $0)?.isFailing } == .some(true))
    fixed[13] = 0
    #expect(fixed.viewed { ATARegisters(sense: $0) } == nil, "no registers without their code")
  }

  @Test("Any sense data and any disk's data are read without trapping")
  func hostile() {
    var random = FixedRandom(state: 11)
    for _ in 0..<2000 {
      var sense = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
      sense[0] = [0x70, 0x72, 0x73, 0xF2].randomElement(using: &random) ?? 0
      _ = sense.viewed { ATARegisters(sense: $0) }
      _ = Array(sense.prefix(Int.random(in: 0...64, using: &random))).viewed { ATARegisters(sense: $0) }
    }
    for _ in 0..<300 {
      var data = (0..<511).map { _ in UInt8.random(in: 0...255, using: &random) }
      data.append(0 &- data.reduce(0, &+))
      #expect(data.viewed { ATAHealth(data: $0) } != nil)
      _ = data.viewed { ATAHealth.percentUsed(statistics: $0) }
    }
  }
}
