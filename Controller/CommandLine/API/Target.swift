/// A path of the API with its query, safe whatever the parts hold: a serial with a slash stays one part.
struct Target: Equatable {
  private(set) var text: String

  /// `/api/v1` and the parts.
  init(_ parts: String..., query: [(String, String?)] = []) {
    text = "/api/v1" + parts.map { "/" + Self.encoded($0) }.joined()
    for (name, value) in query { add(name, value) }
  }

  mutating func add(_ name: String, _ value: String?) {
    guard let value else { return }
    text += (text.contains("?") ? "&" : "?") + Self.encoded(name) + "=" + Self.encoded(value)
  }

  /// Another part of a path that has no query yet.
  mutating func append(_ part: String) { text += "/" + Self.encoded(part) }

  func adding(_ name: String, _ value: String?) -> Target {
    var longer = self
    longer.add(name, value)
    return longer
  }

  /// Everything but the unreserved characters is percent-encoded; '.' and '..' alone as well. Source: RFC 3986, 2.3
  private static func encoded(_ part: String) -> String {
    if part == "." || part == ".." { return part.utf8.map { _ in "%2E" }.joined() }
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in part.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
