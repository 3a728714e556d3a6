/// What rpm's database keeps of one package: of its header the name, version and architecture.
///
/// Source: rpm's docs/manual/hregions.md and format_header.md, a header without its magic; numbers are big-endian.
/// ```
/// u32 entries | u32 bytes of data | entries × (tag, type, offset, count) | data
/// ```
struct RPMHeader: Equatable {
  var name: [UInt8] = []
  /// `epoch:version-release`, without the epoch where it is 0 or none.
  var version: [UInt8] = []
  var architecture: [UInt8] = []

  private enum Tag {
    static let name: UInt32 = 1000
    static let version: UInt32 = 1001
    static let release: UInt32 = 1002
    static let epoch: UInt32 = 1003
    static let architecture: UInt32 = 1022
  }

  /// nil where these are not the first bytes of a header, or what is asked for stands behind them.
  init?(_ bytes: Bytes) {
    guard bytes.count >= 8 else { return nil }
    let entries = Int(bytes.big32(at: 0))
    // rpm's own bound on tags; 16 bytes each.
    guard entries <= 0xffff, bytes.count >= 8 + entries * 16 else { return nil }
    let data = bytes.part(8 + entries * 16..<bytes.count)
    var release: [UInt8]?
    var epoch: UInt32 = 0
    for index in 0..<entries {
      let entry = bytes.part(8 + index * 16..<8 + index * 16 + 16)
      let offset = Int(entry.big32(at: 8))
      switch (entry.big32(at: 0), entry.big32(at: 4)) {
      case (Tag.name, 6):
        guard let text = RPMHeader.text(data, offset) else { return nil }
        name = text
      case (Tag.version, 6):
        guard let text = RPMHeader.text(data, offset) else { return nil }
        version = text
      case (Tag.release, 6):
        guard let text = RPMHeader.text(data, offset) else { return nil }
        release = text
      case (Tag.architecture, 6):
        guard let text = RPMHeader.text(data, offset) else { return nil }
        architecture = text
      case (Tag.epoch, 4):
        guard offset + 4 <= data.count else { return nil }
        epoch = data.big32(at: offset)
      default: break
      }
    }
    guard !name.isEmpty, !version.isEmpty else { return nil }
    if let release { version += [UInt8(ascii: "-")] + release }
    if epoch > 0 { version = Array("\(epoch):".utf8) + version }
  }

  /// A text up to its NUL; nil where that is not among the bytes.
  private static func text(_ data: Bytes, _ offset: Int) -> [UInt8]? {
    guard offset < data.count, let end = data.first(0, from: offset) else { return nil }
    return Array(data.part(offset..<end))
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// A 32-bit big-endian number; 0 past the end.
  fileprivate func big32(at offset: Int) -> UInt32 {
    UInt32(big16(at: offset)) << 16 | UInt32(big16(at: offset + 2))
  }
}
