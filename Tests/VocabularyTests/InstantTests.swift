import Testing

@testable import Vocabulary

@Suite("Instants")
struct InstantTests {
  @Test(
    "RFC 3339 texts and instants agree",
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.001Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00Z"), (1_795_293_667_000, "2026-11-21T20:41:07Z"),
      (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (-62_167_219_200_000, "0000-01-01T00:00:00Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func known(milliseconds: Int64, text: String) {
    #expect(Instant(milliseconds: milliseconds).rfc3339 == text)
    #expect(Instant(rfc3339: text) == Instant(milliseconds: milliseconds))
  }

  @Test("Every day from 1600 to 2400 goes to text and back")
  func everyDay() {
    for day in Int64(-135_140)...157_054 {
      let date = CivilDate(daysSinceEpoch: day)
      #expect(date.daysSinceEpoch == day)
      #expect(CivilDate(year: date.year, month: date.month, day: date.day) == date)
    }
  }

  @Test("Instants across all years of four digits go to text and back")
  func wideRange() {
    var milliseconds: Int64 = -62_167_219_200_000
    while milliseconds < 253_402_300_800_000 {
      let instant = Instant(milliseconds: milliseconds)
      #expect(Instant(rfc3339: instant.rfc3339) == instant)
      milliseconds += 86_399_123 * 3331
    }
  }

  @Test("Offsets count, and zero's sign does not")
  func offsets() {
    #expect(Instant(rfc3339: "2026-11-21T22:41:07+02:00") == Instant(rfc3339: "2026-11-21T20:41:07Z"))
    #expect(Instant(rfc3339: "2026-11-21T15:11:07-05:30") == Instant(rfc3339: "2026-11-21T20:41:07Z"))
    #expect(Instant(rfc3339: "2026-11-21t20:41:07.5z") == Instant(rfc3339: "2026-11-21 20:41:07.500Z"))
    #expect(Instant(rfc3339: "2026-11-21T20:41:07-00:00") == Instant(rfc3339: "2026-11-21T20:41:07Z"))
    #expect(Instant(rfc3339: "2026-11-21") == Instant(rfc3339: "2026-11-21T00:00:00Z"))
    #expect(Instant(rfc3339: "2016-12-31T23:59:60Z") == Instant(rfc3339: "2017-01-01T00:00:00Z"), "a leap second")
  }

  @Test(
    "Other texts are no instants",
    arguments: [
      "", "2026", "2026-11", "2026-13-01", "2026-00-10", "2026-02-29", "2100-02-29", "2026-04-31", "2026-11-21T",
      "2026-11-21T24:00:00Z", "2026-11-21T20:60:00Z", "2026-11-21T20:41:61Z", "2026-11-21T20:41:07",
      "2026-11-21T20:41:07.Z", "2026-11-21T20:41:07.1234567890Z", "2026-11-21T20:41:07+2:00",
      "2026-11-21T20:41:07+24:00", "2026-11-21T20:41:07+02:60", "2026-11-21T20:41:07ZZ", "-026-11-21", "+2026-11-21",
      "２０２６-11-21", "2026-11-21\u{0}", "99999-01-01", "2026/11/21", "2026-11-21T20:41:07 Z", "\u{fffd}",
    ])
  func refused(text: String) { #expect(Instant(rfc3339: text) == nil) }

  @Test("A text cut or changed anywhere never traps")
  func hostile() {
    let whole = Array("2026-11-21T20:41:07.123+02:00".utf8)
    for count in whole.indices {
      _ = Instant(rfc3339: String(decoding: whole.prefix(count), as: UTF8.self))
      for value: UInt8 in [0, 0x2d, 0x39, 0x3a, 0x5a, 0x7f, 0xff] {
        var changed = whole
        changed[count] = value
        _ = Instant(rfc3339: String(decoding: changed, as: UTF8.self))
      }
    }
  }

  @Test("Arithmetic saturates instead of trapping or turning round")
  func saturation() {
    let (least, most) = (Instant(milliseconds: .min), Instant(milliseconds: .max))
    #expect(Instant(seconds: .max) == most)
    #expect(Instant(seconds: .min) == least)
    #expect(Instant(seconds: 9_223_372_036_854_775) == Instant(milliseconds: 9_223_372_036_854_775_000))
    #expect(most.advanced(by: .milliseconds(1)) == most)
    #expect(least.advanced(by: .milliseconds(-1)) == least)
    #expect(most.advanced(by: .seconds(Int64.max)) == most)
    #expect(least.advanced(by: .seconds(Int64.min)) == least)
    let edge = Duration.milliseconds(Int64.max) + .milliseconds(500)
    #expect(Instant(milliseconds: 0).advanced(by: edge) == most)
    #expect(most.since(least) == .milliseconds(Int64.max))
    #expect(least.since(most) == .milliseconds(Int64.min))
    #expect(Instant(milliseconds: 5).since(Instant(milliseconds: 8)) == .milliseconds(-3))
    _ = (least.rfc3339, most.rfc3339, Instant(milliseconds: -62_167_219_200_001).rfc3339)
  }

  @Test("Years outside RFC 3339 are written readably")
  func otherYears() {
    #expect(Instant(milliseconds: -62_167_219_200_001).rfc3339 == "-0001-12-31T23:59:59.999Z")
    #expect(Instant(milliseconds: 253_402_300_800_000).rfc3339 == "10000-01-01T00:00:00Z")
  }
}
