import HTTPTypes

/// Whether a browser or program takes an answer as gzip.
///
/// Source: RFC 9110, section 12.5.3 (Accept-Encoding) and 12.4.2 (quality values)
enum ContentCoding {
  /// Whether gzip is accepted, and liked no less than the plain bytes. Without the header nothing but plain bytes is sent.
  static func acceptsGzip(_ header: String?) -> Bool {
    guard let header else { return false }
    var gzip: Int?
    var identity: Int?
    var any: Int?
    for item in header.split(separator: ",") {
      let parts = item.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
      guard let name = parts.first, let value = weight(parts.dropFirst()) else { continue }
      switch name.lowercased() {
      case "gzip", "x-gzip": gzip = max(gzip ?? 0, value)
      case "identity": identity = value
      case "*": any = value
      default: continue
      }
    }
    // `identity` stands for itself only where it is named: "gzip;q=0.5" alone does not like plain bytes better.
    let liked = gzip ?? any ?? 0
    return liked > 0 && liked >= (identity ?? 0)
  }

  /// In thousandths, 1000 where none is given; nil where it is none.
  private static func weight(_ parameters: some Collection<Substring>) -> Int? {
    guard let parameter = parameters.first else { return 1000 }
    guard parameters.count == 1, parameter.lowercased().hasPrefix("q=") else { return nil }
    let digits = Array(parameter.utf8.dropFirst(2))
    guard let whole = digits.first, whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1"), digits.count <= 5,
      digits.count == 1 || digits[1] == UInt8(ascii: ".")
    else { return nil }
    var thousandths = Int(whole - UInt8(ascii: "0")) * 1000
    var place = 100
    for digit in digits.dropFirst(2) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      thousandths += Int(digit - UInt8(ascii: "0")) * place
      place /= 10
    }
    return thousandths <= 1000 ? thousandths : nil
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    var text = text.drop(while: isSpace)
    while let last = text.last, isSpace(last) { text.removeLast() }
    return text
  }

  /// Whether this media type is text that gets shorter. Workbooks and archives are packed already, and what a page is told
  /// while it is open is sent as it comes.
  static func isCompressible(_ type: String?) -> Bool {
    let name = (type ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
    if name == "text/event-stream" { return false }
    return name.hasPrefix("text/") || name.hasSuffix("+json") || name.hasSuffix("+xml") || name == "application/json"
      || name == "application/jsonl"
  }
}
