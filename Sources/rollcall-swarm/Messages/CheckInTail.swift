import Vocabulary
import Wire

/// The end of a device's check-in as bytes ready to be sent, as the agent writes them: hashes stand at fixed places and
/// are overwritten there, so that an unchanged message costs two numbers and a copy.
struct CheckInTail: Sendable, Hashable {
  private var hashes: [UInt8]
  private var numbers: [UInt8] = []

  var bytes: [UInt8] { hashes + numbers }

  private static let emptyHash = String(repeating: "0", count: 64)
  private static let layout: (text: [UInt8], hashes: [FactSection: Int]) = {
    var text = "\"hashes\":{"
    var hashes: [FactSection: Int] = [:]
    for (number, section) in FactSection.allCases.sorted().enumerated() {
      text += (number == 0 ? "" : ",") + "\"\(section.rawValue)\":\""
      hashes[section] = text.utf8.count
      text += emptyHash + "\""
    }
    return (Array((text + "}").utf8), hashes)
  }()

  init() { hashes = Self.layout.text }

  mutating func set(_ digest: Digest, of section: FactSection) {
    guard let place = Self.layout.hashes[section] else { return }
    hashes.replaceSubrange(place..<place + 64, with: Hex.encode(digest.bytes).utf8)
  }

  mutating func set(sequence: Int64, sentAt: Instant) {
    let text = ",\"sentAt\":\(sentAt.milliseconds),\"sequence\":\(sequence),\"version\":\(WireVersion.current)}"
    numbers = Array(text.utf8)
  }
}

/// A section as it travels, and its hash.
struct EncodedSection: Sendable {
  let section: FactSection
  let json: [UInt8]
}

/// Puts a check-in together without encoding it again.
enum CheckInMessage {
  private static let head = Array("{\"agent\":\"0.1.0-swarm\",".utf8)

  /// The whole body: the changed sections, then the tail.
  static func body(_ sections: [EncodedSection], tail: CheckInTail) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(head.count + tail.bytes.count + sections.reduce(16) { $0 + $1.json.count + 16 })
    bytes += head
    if !sections.isEmpty {
      bytes += Array("\"facts\":{".utf8)
      for (number, part) in sections.sorted(by: { $0.section < $1.section }).enumerated() {
        bytes += Array("\(number == 0 ? "" : ",")\"\(part.section.rawValue)\":".utf8)
        bytes += part.json
      }
      bytes += Array("},".utf8)
    }
    bytes += tail.bytes
    return bytes
  }
}
