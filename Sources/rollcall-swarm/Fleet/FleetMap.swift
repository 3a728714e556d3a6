import Foundation
import Glibc
import Vocabulary
import Wire

/// The fleet file of a great many devices: a head, then a record of one size for each, mapped into memory. What a run
/// changes stands in the file at once, and nothing of it has to be read before a run begins.
///
/// ```
/// 0     rollcall-swarm-map 1 LF, then the head as JSON, filled up with zeros to 16 KiB
/// 16384 record 0: index u32, length of the certificate u32, sequence i64, variant i32, edition i32, base i32,
///       whether hashes are known u32, the hashes of the five sections, the certificate, zeros up to the record's size
/// ```
/// All numbers are of the machine's own byte order. Keys are not in it: they follow from the seed.
///
/// `@unchecked Sendable`: a record is touched by one thread at a time, as every user owns records of its own.
final class FleetMap: @unchecked Sendable {
  /// What all devices share.
  struct Head: Codable, Equatable, Sendable {
    var seed: UInt64
    var first: Int
    var devices: Int
    var districts: Int
    var sets: SoftwareShape
    /// What a device sends after its own certificate, DER.
    var intermediates: [[UInt8]]
  }

  static let title = "rollcall-swarm-map 1\n"
  private static let headSize = 16 << 10
  private static let hashesAt = 32
  private static let leafAt = hashesAt + 32 * FactSection.allCases.count
  /// Bytes that a certificate may have.
  static let leafRoom = 832
  private static let stride = leafAt + leafRoom

  let head: Head
  private let base: UnsafeMutableRawPointer
  private let size: Int

  var count: Int { head.devices }

  /// Whether the file at `path` is one of these.
  static func isOne(_ path: String) -> Bool {
    guard let file = fopen(path, "rbe") else { return false }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: title.utf8.count)
    return fread(&bytes, 1, bytes.count, file) == bytes.count && bytes == Array(title.utf8)
  }

  /// Makes the file, or goes on with one that was made for the same fleet.
  init(path: String, making head: Head) throws {
    self.head = head
    size = Self.headSize + head.devices * Self.stride
    let known = Self.isOne(path) ? try Self.head(of: path) : nil
    if let known, known != head { throw SwarmError("The fleet file \(path) is of another fleet; name another one.") }
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SwarmError("Cannot write \(path): \(String(cString: strerror(errno))).") }
    defer { close(descriptor) }
    guard ftruncate(descriptor, off_t(size)) == 0 else {
      throw SwarmError("Cannot make room in \(path): \(String(cString: strerror(errno))).")
    }
    base = try Self.map(descriptor, size, path)
    if known == nil {
      let text = Array(Self.title.utf8) + Array(try JSONEncoder().encode(head))
      guard text.count < Self.headSize else { throw SwarmError("The chain of certificates is too long.") }
      text.withUnsafeBytes { base.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count) }
    }
  }

  init(path: String) throws {
    head = try Self.head(of: path)
    size = Self.headSize + head.devices * Self.stride
    let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw SwarmError("Cannot open \(path): \(String(cString: strerror(errno))).") }
    defer { close(descriptor) }
    var found = stat()
    guard fstat(descriptor, &found) == 0, Int(found.st_size) == size else {
      throw SwarmError("The fleet file \(path) is not whole; seed again to go on with it.")
    }
    base = try Self.map(descriptor, size, path)
  }

  deinit { munmap(base, size) }

  /// Waits until the file is on the disk.
  func sync() { msync(base, size, MS_SYNC) }

  /// nil where the device at `place` has no certificate yet.
  func device(_ place: Int) -> SimulatedDevice? {
    let record = record(place)
    let length = Int(record.load(fromByteOffset: 4, as: UInt32.self))
    guard length > 0, length <= Self.leafRoom else { return nil }
    var device = SimulatedDevice(
      index: Int(record.load(as: UInt32.self)),
      leaf: Array(UnsafeRawBufferPointer(start: record + Self.leafAt, count: length)))
    device.sequence = record.load(fromByteOffset: 8, as: Int64.self)
    device.variant = Int(record.load(fromByteOffset: 16, as: Int32.self))
    device.edition = Int(record.load(fromByteOffset: 20, as: Int32.self))
    let base = Int(record.load(fromByteOffset: 24, as: Int32.self))
    device.base = base < 0 ? nil : base
    if record.load(fromByteOffset: 28, as: UInt32.self) == 1 {
      device.hashes = Dictionary(
        uniqueKeysWithValues: FactSection.allCases.enumerated().compactMap { number, section in
          let bytes = UnsafeRawBufferPointer(start: record + Self.hashesAt + 32 * number, count: 32)
          return Digest(bytes: Array(bytes)).map { (section, $0) }
        })
    }
    return device
  }

  /// Keeps the device, its certificate too.
  func put(_ device: SimulatedDevice, at place: Int) throws {
    guard device.leaf.count <= Self.leafRoom else {
      throw SwarmError("A certificate has \(device.leaf.count) bytes; the fleet file has room for \(Self.leafRoom).")
    }
    let record = record(place)
    device.leaf.withUnsafeBytes {
      if let start = $0.baseAddress { (record + Self.leafAt).copyMemory(from: start, byteCount: $0.count) }
    }
    record.storeBytes(of: UInt32(device.index), as: UInt32.self)
    keep(device, at: place)
    record.storeBytes(of: UInt32(device.leaf.count), toByteOffset: 4, as: UInt32.self)
  }

  /// Keeps what moves: all but the certificate.
  func keep(_ device: SimulatedDevice, at place: Int) {
    let record = record(place)
    for (number, section) in FactSection.allCases.enumerated() {
      guard let digest = device.hashes?[section] else { continue }
      digest.bytes.withUnsafeBytes {
        if let start = $0.baseAddress {
          (record + Self.hashesAt + 32 * number).copyMemory(from: start, byteCount: 32)
        }
      }
    }
    record.storeBytes(of: Int32(truncatingIfNeeded: device.variant), toByteOffset: 16, as: Int32.self)
    record.storeBytes(of: Int32(truncatingIfNeeded: device.edition), toByteOffset: 20, as: Int32.self)
    record.storeBytes(of: Int32(device.base ?? -1), toByteOffset: 24, as: Int32.self)
    record.storeBytes(of: device.hashes == nil ? 0 : 1, toByteOffset: 28, as: UInt32.self)
    record.storeBytes(of: device.sequence, toByteOffset: 8, as: Int64.self)
  }

  private func record(_ place: Int) -> UnsafeMutableRawPointer {
    precondition((0..<head.devices).contains(place))
    return base + Self.headSize + place * Self.stride
  }

  private static func map(_ descriptor: Int32, _ size: Int, _ path: String) throws -> UnsafeMutableRawPointer {
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
      throw SwarmError("Cannot map \(path): \(String(cString: strerror(errno))).")
    }
    return base
  }

  private static func head(of path: String) throws -> Head {
    guard let file = fopen(path, "rbe") else { throw SwarmError("Cannot read the fleet file \(path).") }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: headSize)
    guard fread(&bytes, 1, headSize, file) == headSize, bytes.starts(with: title.utf8) else {
      throw SwarmError("The fleet file \(path) has no whole head.")
    }
    let text = bytes.dropFirst(title.utf8.count).prefix { $0 != 0 }
    do { return try JSONDecoder().decode(Head.self, from: Data(text)) } catch {
      throw SwarmError("The head of the fleet file \(path) cannot be read: \(error).")
    }
  }
}
