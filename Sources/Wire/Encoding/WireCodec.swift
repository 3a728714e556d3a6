internal import FoundationEssentials

/// JSON to and from the messages, with the limits and the version checked on the way in.
package enum WireCodec {
  /// - Throws: `wire.malformed`, `wire.unsupported-version`, `wire.too-large`, `wire.software-malformed`.
  package static func checkIn(from body: [UInt8]) throws(WireError) -> CheckInRequest {
    guard body.count <= Limits.messageBytes else {
      throw WireError(.tooLarge, "The check-in is over \(Limits.messageBytes) bytes.")
    }
    guard !body.hasNULInJSON else {
      throw WireError(.malformed, "A text of the check-in holds the character U+0000, which cannot be stored.")
    }
    let request = try decodeCheckIn(body)
    guard request.sequence >= 1, request.sequence < Int64.max, request.agent.utf8.count <= Limits.textBytes else {
      throw WireError(.malformed, "A check-in's sequence is at least 1, and its agent a short text.")
    }
    try FactLimits.check(request.facts)
    return request
  }

  /// The message; where it says that nothing changed, or carries a plain software list, read in a fraction of the time.
  static func decodeCheckIn(_ body: [UInt8]) throws(WireError) -> CheckInRequest {
    if let plain = PlainCheckIn.read(body) { return plain }
    // Whatever is wrong with the rest is told by decoding the whole, as places and reasons are then the message's own.
    if let software = SoftwareText(in: body),
      var request = try? decode(CheckInRequest.self, from: software.rest, as: "a check-in")
    {
      request.facts.software = try SoftwareList(encoding: software.text)
      return request
    }
    return try decode(CheckInRequest.self, from: body, as: "a check-in")
  }

  /// - Throws: `wire.malformed`, with the place.
  package static func decode<T: Decodable>(
    _ type: T.Type, from body: [UInt8], as what: String
  ) throws(WireError) -> T {
    do {
      return try JSONDecoder().decode(type, from: Data(body))
    } catch let error as WireError {
      throw error
    } catch let error as DecodingError {
      throw WireError(.malformed, "This is not \(what): \(place(of: error)).")
    } catch {
      throw WireError(.malformed, "This is not \(what): \(error).")
    }
  }

  /// - Throws: `wire.malformed` where a value cannot be written, such as a number that is not one.
  package static func encode(_ value: some Encodable) throws(WireError) -> [UInt8] {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(value))
    } catch {
      throw WireError(.malformed, "This message cannot be written: \(error).")
    }
  }

  /// Foundation ends some of its words with a full stop, and others not.
  private static func withoutStop(_ words: String) -> Substring { words.hasSuffix(".") ? words.dropLast() : words[...] }

  private static func place(of error: DecodingError) -> String {
    func path(_ context: DecodingError.Context) -> String {
      let keys = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
      return keys.isEmpty ? "the message" : keys.joined(separator: ".")
    }
    return switch error {
    case .keyNotFound(let key, let context): "\(path(context)) has no '\(key.stringValue)'"
    case .typeMismatch(let type, let context): "\(path(context)) is not \(type)"
    case .valueNotFound(_, let context): "\(path(context)) is null"
    case .dataCorrupted(let context): "\(path(context)): \(withoutStop(context.debugDescription))"
    @unknown default: "it cannot be read"
    }
  }
}
