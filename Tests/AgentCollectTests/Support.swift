import Foundation
import Testing
import Wire

@testable import AgentCollect

/// The trees beside this file. They are read in place, for links between their files are part of them.
func fixture(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)").path
}

/// Devices that say what a test wrote down.
struct RecordedDevices: DeviceQuestions {
  var pages: [String: [UInt8]] = [:]
  var addresses: [String: [UInt8]] = [:]
  var spaces: [String: Space] = [:]
  var units: [String]? = []
  var smart: [String: ATAAnswers] = [:]
  var boot: BootTimes?

  func healthPage(ofDisk name: String) throws(DeviceFault) -> [UInt8] { try told(pages[name], "/dev/\(name)") }
  func smartAnswers(ofDisk name: String) throws(DeviceFault) -> ATAAnswers { try told(smart[name], "/dev/\(name)") }
  func permanentAddress(ofAdapter name: String) throws(DeviceFault) -> [UInt8] { try told(addresses[name], name) }
  func space(at mount: String, on device: DeviceNumber) throws(DeviceFault) -> Space { try told(spaces[mount], mount) }
  func failedUnits() throws(DeviceFault) -> [String]? { units }
  func bootTimes() throws(DeviceFault) -> BootTimes? { boot }
  func architecture() throws(DeviceFault) -> String { "x86_64" }

  private func told<T>(_ value: T?, _ name: String) throws(DeviceFault) -> T {
    guard let value else { throw DeviceFault("permission denied: \(name)") }
    return value
  }
}

/// A tree that a test writes, gone afterwards.
final class ScratchTree {
  let root: String

  init() throws {
    root = NSTemporaryDirectory() + "collect-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func write(_ path: String, _ bytes: [UInt8]) throws {
    let url = URL(filePath: root).appending(path: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func write(_ path: String, _ text: String) throws { try write(path, Array(text.utf8)) }

  /// Every file of `source` with what `change` makes of its bytes; links stay links.
  func copy(_ source: String, _ change: (String, [UInt8]) -> [UInt8]) throws {
    let files = try #require(FileManager.default.enumerator(atPath: source))
    while let path = files.nextObject() as? String {
      let from = source + "/" + path
      let type = try FileManager.default.attributesOfItem(atPath: from)[.type] as? FileAttributeType
      let to = root + "/" + path
      switch type {
      case .typeDirectory: try FileManager.default.createDirectory(atPath: to, withIntermediateDirectories: true)
      case .typeSymbolicLink:
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: from)
        try FileManager.default.createSymbolicLink(atPath: to, withDestinationPath: target)
      default: try write(path, change(path, Array(try Data(contentsOf: URL(filePath: from)))))
      }
    }
  }
}

extension [UInt8] {
  /// What `body` makes of a view of these bytes.
  func viewed<T>(_ body: (Bytes) -> T) -> T { withUnsafeBufferPointer { body($0) } }
}

extension String {
  func viewed<T>(_ body: (Bytes) -> T) -> T { Array(utf8).viewed(body) }
}

/// Random numbers that are the same in every run.
struct FixedRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}

/// Checks that facts fit what the controller takes, by sending them through the codec.
func expectAcceptable(_ facts: Facts, _ place: SourceLocation = #_sourceLocation) throws {
  var request = CheckInRequest(
    sequence: 1, sentAt: .init(milliseconds: 0), agent: "test", hashes: [:], facts: facts)
  request = try WireCodec.checkIn(from: WireCodec.encode(request))
  #expect(request.facts == facts, sourceLocation: place)
}

/// A health page with the given values, all else plausible.
func healthPage(
  warning: UInt8 = 0, kelvin: UInt16 = 311, spare: UInt8 = 100, used: UInt8 = 3, hours: UInt64 = 1234,
  errors: UInt64 = 0
) -> [UInt8] {
  var page = [UInt8](repeating: 0, count: 512)
  page[0] = warning
  page[1] = UInt8(kelvin & 0xff)
  page[2] = UInt8(kelvin >> 8)
  (page[3], page[4], page[5]) = (spare, 10, used)
  for byte in 0..<8 {
    page[128 + byte] = UInt8(truncatingIfNeeded: hours >> (8 * UInt64(byte)))
    page[160 + byte] = UInt8(truncatingIfNeeded: errors >> (8 * UInt64(byte)))
  }
  return page
}

extension ScratchTree {
  func link(_ path: String, to target: String) throws {
    let at = root + "/" + path
    try FileManager.default.createDirectory(
      at: URL(filePath: at).deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: at, withDestinationPath: target)
  }
}
