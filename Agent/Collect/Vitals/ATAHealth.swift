/// An ATA disk's SMART data, read: what the makers agree on, and nothing else.
///
/// The table's layout and the attributes' meanings were never standardised after SFF-8035i; the ones here mean the same
/// with every maker. Wear is taken from the standard's own statistics alone.
/// Source: SFF-8035i, 7; ACS-3, A.5.8 Solid State Device Statistics (log page 07h)
struct ATAHealth: Equatable {
  var temperatureMillicelsius: Int64?
  var reallocatedSectors: Int64?
  var mediaErrors: Int64?
  var powerOnHours: Int64?

  /// nil unless there are 512 bytes whose sum is zero, as the standard wants, and which are not all zero.
  init?(data: Bytes) {
    guard data.count == 512, data.reduce(UInt8(0), &+) == 0, data.contains(where: { $0 != 0 }) else { return nil }
    var raw: [UInt8: Bytes] = [:]
    for index in 0..<30 {
      let entry = data.part(2 + index * 12..<14 + index * 12)
      if entry[0] != 0 { raw[entry[0]] = entry.part(5..<11) }
    }
    reallocatedSectors = raw[5].map(ATAHealth.little32)
    mediaErrors = (raw[187] ?? raw[198]).map(ATAHealth.little32)
    // Past a century, the maker counts something else.
    powerOnHours = raw[9].map(ATAHealth.little32).flatMap { $0 <= 1_000_000 ? $0 : nil }
    // The bytes above hold the lowest and highest temperature, or nothing.
    let celsius = (raw[194] ?? raw[190]).map { Int64(Int8(bitPattern: $0[0])) }
    temperatureMillicelsius = celsius.flatMap { (-40...125).contains($0) && $0 != 0 ? $0 * 1000 : nil }
  }

  /// Endurance used up, percent; nil where the page is not that one or the statistic is not valid.
  static func percentUsed(statistics page: Bytes) -> Int? {
    // A statistic's last byte: bit 7 supported, bit 6 valid.
    guard page.count == 512, page[2] == 7, page[15] & 0xC0 == 0xC0 else { return nil }
    return Int(page[8])
  }

  private static func little32(_ raw: Bytes) -> Int64 {
    Int64(raw.little16(at: 0)) | Int64(raw.little16(at: 2)) << 16
  }
}
