internal import Wire

/// A disk's health page, read.
///
/// Source: NVM Express base specification 2.0, figure 207, SMART / Health Information (log page 02h), little-endian
struct NVMeHealth: Equatable {
  /// Bits: 0 spare below its threshold, 1 temperature, 2 reliability degraded, 3 read-only, 4 backup power of its
  /// memory failed, 5 persistent memory unreliable.
  var criticalWarning: UInt8
  /// nil where the disk tells none.
  var temperatureMillicelsius: Int64?
  var sparePercent: Int
  var percentUsed: Int
  var powerOnHours: Int64
  var mediaErrors: Int64

  /// nil unless there are 512 bytes, and not all the same, as a dead bus would give them.
  init?(page: Bytes) {
    guard page.count == 512, let first = page.first, page.contains(where: { $0 != first }) else { return nil }
    criticalWarning = page[0]
    let kelvin = Int64(page.little16(at: 1))
    temperatureMillicelsius = kelvin == 0 ? nil : (kelvin - 273) * 1000
    sparePercent = Int(page[3])
    percentUsed = Int(page[5])
    powerOnHours = NVMeHealth.little128(page, at: 128)
    mediaErrors = NVMeHealth.little128(page, at: 160)
  }

  /// A hot disk is not a failing one: its temperature is judged by itself.
  var healthy: Bool { criticalWarning & 0b111101 == 0 }

  /// Saturating: a counter past 63 bits is not a counter.
  private static func little128(_ page: Bytes, at offset: Int) -> Int64 {
    let low = (0..<8).reduce(UInt64(0)) { $0 | UInt64(page[offset + $1]) << UInt64(8 * $1) }
    let high = page.part(offset + 8..<offset + 16).contains { $0 != 0 }
    return high ? .max : Int64(clamping: low)
  }
}
