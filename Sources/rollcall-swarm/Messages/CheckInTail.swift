import Vocabulary
import Wire

/// The end of a device's check-in as bytes ready to be sent: hashes, time and sequence number stand at fixed places
/// and are overwritten there, so that an unchanged message costs two numbers and a copy.
///
/// Numbers are right-aligned in 20 columns of spaces, which JSON allows; the length of a message never changes.
struct CheckInTail: Sendable, Hashable {
  private(set) var bytes: [UInt8]

  private static let blank = String(repeating: " ", count: 19) + "0"
  private static let emptyHash = String(repeating: "0", count: 64)
  private static let layout: (text: [UInt8], hashes: [FactSection: Int], sentAt: Int, sequence: Int) = {
    var text = "\"hashes\":{"
    var hashes: [FactSection: Int] = [:]
    for (number, section) in FactSection.allCases.sorted().enumerated() {
      text += (number == 0 ? "" : ",") + "\"\(section.rawValue)\":\""
      hashes[section] = text.utf8.count
      text += emptyHash + "\""
    }
    text += "},\"sentAt\":"
    let sentAt = text.utf8.count
    text += blank + ",\"sequence\":"
    let sequence = text.utf8.count
    text += blank + ",\"version\":\(WireVersion.current)}"
    return (Array(text.utf8), hashes, sentAt, sequence)
  }()

  init() { bytes = Self.layout.text }

  mutating func set(_ digest: Digest, of section: FactSection) {
    guard let place = Self.layout.hashes[section] else { return }
    bytes.replaceSubrange(place..<place + 64, with: Hex.encode(digest.bytes).utf8)
  }

  mutating func set(sequence: Int64, sentAt: Instant) {
    write(sequence, at: Self.layout.sequence)
    write(sentAt.milliseconds, at: Self.layout.sentAt)
  }

  private mutating func write(_ number: Int64, at place: Int) {
    var rest = max(0, number)
    for column in stride(from: place + 19, through: place, by: -1) {
      let blank = rest == 0 && column < place + 19
      bytes[column] = blank ? UInt8(ascii: " ") : UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
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
