internal import Vocabulary
internal import Wire

/// An answer as `checkin_state` keeps it, in case it was lost on its way: what it differs in from the usual one, else whole.
///
/// The usual one is the byte 1 and, as text with blanks between, the sequence number, the time in milliseconds and the
/// seconds to the next check-in; all others are the JSON that was sent.
struct StoredReply: Sendable, Hashable {
  let bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  init(_ reply: CheckInReply) throws {
    guard reply == Self.usual(reply.sequence, reply.time, reply.nextCheckInSeconds) else {
      bytes = try ReplyEncoding.encode(reply)
      return
    }
    bytes = [1] + "\(reply.sequence) \(reply.time.milliseconds) \(reply.nextCheckInSeconds)".utf8
  }

  /// The very bytes that were sent.
  ///
  /// - Throws: `checkin.damaged`.
  func sent() throws -> [UInt8] {
    guard bytes.first == 1 else { return bytes }
    let parts = String(decoding: bytes.dropFirst(), as: UTF8.self).split(separator: " ")
    guard parts.count == 3, let sequence = Int64(parts[0]), let time = Int64(parts[1]), let next = Int(parts[2]) else {
      throw CheckInError(.damaged, "A stored answer cannot be read back.")
    }
    return try ReplyEncoding.encode(Self.usual(sequence, Instant(milliseconds: time), next))
  }

  /// Version 1 of the wire: another would need another first byte.
  private static func usual(_ sequence: Int64, _ time: Instant, _ next: Int) -> CheckInReply {
    var reply = CheckInReply(sequence: sequence, time: time, nextCheckInSeconds: next, standing: .active)
    reply.version = 1
    return reply
  }
}
