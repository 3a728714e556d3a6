import Vocabulary

/// Reads the check-in that says "nothing changed", as our agents write it, without a general decoder.
///
/// Nearly all messages are this one: a flat object with the names in their order, no space and no escape. Anything else
/// is nil, and the general decoder sees the message as it came; what is read here, it would read the same.
///
/// ```
/// {"agent":"0.1.0","hashes":{"identity":"…", …},"sentAt":1795297267000,"sequence":43,"version":1}
/// ```
enum PlainCheckIn {
  /// Longer ones carry facts.
  private static let longest = 1024

  static func read(_ body: [UInt8]) -> CheckInRequest? {
    guard body.count <= longest else { return nil }
    return body.withUnsafeBufferPointer { bytes in
      var text = Reading(bytes)
      return text.message()
    }
  }

  private struct Reading {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func message() -> CheckInRequest? {
      guard take("{\"agent\":\""), let agent = text(), take(",\"hashes\":{"), let hashes = hashes(),
        take(",\"sentAt\":"), let sentAt = number(), take(",\"sequence\":"), let sequence = number(),
        take(",\"version\":"), let version = number(), take("}"), position == bytes.count,
        version == Int64(WireVersion.current)
      else { return nil }
      return CheckInRequest(
        sequence: sequence, sentAt: Instant(milliseconds: sentAt), agent: agent, hashes: hashes, facts: Facts())
    }

    /// The object's members and its closing brace; nil where one is twice or of a section that is not known here.
    private mutating func hashes() -> [FactSection: Digest]? {
      var hashes: [FactSection: Digest] = [:]
      if take("}") { return hashes }
      repeat {
        guard take("\""), let section = section(), take(":\""), let digest = digest(), take("\"") else { return nil }
        guard hashes.updateValue(digest, forKey: section) == nil else { return nil }
      } while take(",")
      return take("}") ? hashes : nil
    }

    private mutating func section() -> FactSection? {
      guard let name = text() else { return nil }
      return FactSection(rawValue: name)
    }

    private mutating func digest() -> Digest? {
      guard position + 64 <= bytes.count else { return nil }
      defer { position += 64 }
      return Digest(hexDigits: UnsafeBufferPointer(rebasing: bytes[position..<position + 64]))
    }

    /// ASCII up to the closing quotation mark, which is taken too.
    private mutating func text() -> String? {
      let start = position
      while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
        guard (0x20..<0x7f).contains(bytes[position]), bytes[position] != UInt8(ascii: "\\") else { return nil }
        position += 1
      }
      guard position < bytes.count else { return nil }
      defer { position += 1 }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// A whole number of up to 18 digits, as JSON writes it.
    private mutating func number() -> Int64? {
      let start = position
      var value: Int64 = 0
      while position < bytes.count, position - start < 18, case let digit = bytes[position] &- UInt8(ascii: "0"),
        digit < 10
      {
        value = value * 10 + Int64(digit)
        position += 1
      }
      let count = position - start
      guard count > 0, count == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
      return value
    }

    private mutating func take(_ expected: StaticString) -> Bool {
      expected.withUTF8Buffer { expected in
        guard position + expected.count <= bytes.count,
          expected.elementsEqual(bytes[position..<position + expected.count])
        else { return false }
        position += expected.count
        return true
      }
    }
  }
}
