/// What a distribution calls itself. Source: os-release(5)
struct OSRelease: Equatable {
  var id: String?
  var prettyName: String?
  var versionID: String?

  init(_ bytes: Bytes) {
    bytes.eachLine { line in
      if let value = line.rest(after: "ID=") { id = OSRelease.value(value) }
      if let value = line.rest(after: "PRETTY_NAME=") { prettyName = OSRelease.value(value) }
      if let value = line.rest(after: "VERSION_ID=") { versionID = OSRelease.value(value) }
      return true
    }
  }

  /// A shell's word: bare, or between quotes with backslashes before what is meant literally.
  private static func value(_ bytes: Bytes) -> String? {
    var inner = bytes.trimmed
    let quote = inner.first
    let quoted = inner.count >= 2 && (quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")) && inner.last == quote
    if quoted { inner = inner.part(1..<inner.count - 1) }
    var plain: [UInt8] = []
    var escaped = false
    for byte in inner.prefix(512) {
      if byte == UInt8(ascii: "\\"), !escaped, quote != UInt8(ascii: "'") {
        escaped = true
      } else {
        plain.append(byte)
        escaped = false
      }
    }
    return plain.withUnsafeBufferPointer { $0.text }
  }
}
