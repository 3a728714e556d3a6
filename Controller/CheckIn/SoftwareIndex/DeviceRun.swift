internal import Vocabulary

/// A device's id in 12 bytes, in the same order as the text: six bits for each of its 16 characters.
struct DeviceMark: Hashable, Comparable, Sendable {
  private let value: UInt128

  init(_ device: DeviceID) {
    value = device.rawValue.utf8.suffix(16).reduce(UInt128(0)) { $0 << 6 | UInt128(Self.code($1)) }
  }

  /// The bytes of a mark in their order: the greater 8, and the other 4.
  fileprivate init(_ high: UInt64, _ low: UInt32) { value = UInt128(high) << 32 | UInt128(low) }
  fileprivate var high: UInt64 { UInt64(truncatingIfNeeded: value >> 32) }
  fileprivate var low: UInt32 { UInt32(truncatingIfNeeded: value) }

  var device: DeviceID {
    let characters = stride(from: 90, through: 0, by: -6).map { shift -> UInt8 in
      let code = UInt8(truncatingIfNeeded: value >> UInt128(shift)) & 63
      return code < 10 ? code + UInt8(ascii: "0") : code - 10 + UInt8(ascii: "a")
    }
    return DeviceID(unchecked: "\(DeviceID.prefix)_\(String(decoding: characters, as: UTF8.self))")
  }

  private static func code(_ byte: UInt8) -> UInt8 {
    (0x30...0x39).contains(byte) ? byte - 0x30 : (byte &- UInt8(ascii: "a") &+ 10) & 63
  }

  static func < (left: DeviceMark, right: DeviceMark) -> Bool { left.value < right.value }
}

/// Devices in the order of their ids, packed: a run of at most ``longest``.
struct DeviceRun: Hashable, Sendable {
  static let longest = 340
  private static let width = 12

  private(set) var marks: [DeviceMark]

  init(_ marks: [DeviceMark] = []) { self.marks = marks }

  /// nil where the bytes are no such run.
  init?(encoded bytes: [UInt8]) {
    guard bytes.count % Self.width == 0 else { return nil }
    marks = bytes.withUnsafeBytes { raw in
      stride(from: 0, to: raw.count, by: Self.width).map { place in
        DeviceMark(
          UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)),
          UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: place + 8, as: UInt32.self)))
      }
    }
  }

  var encoded: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: marks.count * Self.width) { bytes, count in
      let raw = UnsafeMutableRawBufferPointer(bytes)
      for mark in marks {
        raw.storeBytes(of: mark.high.bigEndian, toByteOffset: count, as: UInt64.self)
        raw.storeBytes(of: mark.low.bigEndian, toByteOffset: count + 8, as: UInt32.self)
        count += Self.width
      }
    }
  }

  mutating func change(leaving: Set<DeviceMark>, entering: Set<DeviceMark>) {
    var coming = entering.sorted()[...]
    var merged: [DeviceMark] = []
    merged.reserveCapacity(marks.count + coming.count)
    for mark in marks {
      while let first = coming.first, first < mark { merged.append(coming.removeFirst()) }
      if coming.first == mark || !leaving.contains(mark) { merged.append(mark) }
      if coming.first == mark { coming.removeFirst() }
    }
    marks = merged + coming
  }

  /// This run cut into even ones that are short enough to grow; itself, where it is short enough.
  var parts: [DeviceRun] {
    guard marks.count > Self.longest else { return [self] }
    let size = Self.longest * 2 / 3
    return stride(from: 0, to: marks.count, by: size).map { DeviceRun(Array(marks[$0..<min($0 + size, marks.count)])) }
  }
}
