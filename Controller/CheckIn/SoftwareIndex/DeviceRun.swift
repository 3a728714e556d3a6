internal import Vocabulary

/// A device's id in 12 bytes, in the same order as the text: six bits for each of its 16 characters.
struct DeviceMark: Hashable, Comparable, Sendable {
  private let value: UInt128

  init(_ device: DeviceID) {
    value = device.rawValue.utf8.suffix(16).reduce(UInt128(0)) { $0 << 6 | UInt128(Self.code($1)) }
  }

  fileprivate init(bytes: ArraySlice<UInt8>) { value = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } }

  fileprivate var bytes: [UInt8] {
    stride(from: 88, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt128($0)) }
  }

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
    marks = stride(from: 0, to: bytes.count, by: Self.width).map { DeviceMark(bytes: bytes[$0..<($0 + Self.width)]) }
  }

  var encoded: [UInt8] { marks.flatMap(\.bytes) }

  mutating func change(leaving: Set<DeviceMark>, entering: Set<DeviceMark>) {
    marks = Set(marks).subtracting(leaving).union(entering).sorted()
  }

  /// This run cut into even ones that are short enough to grow; itself, where it is short enough.
  var parts: [DeviceRun] {
    guard marks.count > Self.longest else { return [self] }
    let size = Self.longest * 2 / 3
    return stride(from: 0, to: marks.count, by: size).map { DeviceRun(Array(marks[$0..<min($0 + size, marks.count)])) }
  }
}
