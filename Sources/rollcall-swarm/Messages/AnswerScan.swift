import Vocabulary
import Wire

/// Reads the few fields of a ``CheckInReply`` that a simulated device acts on, without decoding the whole.
struct AnswerScan: Equatable {
  var sequence: Int64
  var want: [FactSection]
  var standing: CheckInReply.Standing

  /// nil where the body is not a reply.
  init?(_ body: UnsafeRawBufferPointer) {
    guard let number = Self.value(of: "\"sequence\":", in: body), let sequence = Self.integer(number),
      let listed = Self.value(of: "\"want\":", in: body),
      let word = Self.value(of: "\"standing\":", in: body).flatMap(Self.word),
      let standing = CheckInReply.Standing(rawValue: word)
    else { return nil }
    self.sequence = sequence
    self.standing = standing
    want = []
    if listed.starts(with: [UInt8(ascii: "["), UInt8(ascii: "]")]) { return }
    guard let end = listed.firstIndex(of: UInt8(ascii: "]")) else { return nil }
    let names = listed[..<end].split(separator: UInt8(ascii: "\""))
    want = names.compactMap { FactSection(rawValue: String(decoding: $0, as: UTF8.self)) }
  }

  /// What follows `key`, at its first place in `body`.
  private static func value(of key: StaticString, in body: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer>? {
    key.withUTF8Buffer { key in
      var start = 0
      while start + key.count <= body.count {
        if body[start] == key[0], body[start..<start + key.count].elementsEqual(key) {
          return body[(start + key.count)...]
        }
        start += 1
      }
      return nil
    }
  }

  private static func integer(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int64? {
    let digits = bytes.prefix(20).prefix { (48...57).contains($0) }
    return Int64(String(decoding: digits, as: UTF8.self))
  }

  private static func word(_ bytes: Slice<UnsafeRawBufferPointer>) -> String? {
    guard bytes.first == UInt8(ascii: "\"") else { return nil }
    return String(decoding: bytes.dropFirst().prefix(24).prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
  }
}
