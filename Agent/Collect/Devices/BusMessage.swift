/// A D-Bus message, as much of one as asking systemd a question takes; numbers are little-endian.
///
/// Source: D-Bus Specification, "Marshaling" and "Message Format"
/// ```
/// 'l' type flags 1 | u32 body bytes | u32 serial | a(yv) header fields | pad to 8 | body
/// ```
struct BusMessage: Equatable {
  enum Kind: UInt8 {
    case call = 1
    case reply = 2
    case error = 3
    case signal = 4
  }

  var kind: Kind
  var serial: UInt32
  var replyTo: UInt32?
  var errorName: String?
  var signature = ""
  var body: [UInt8] = []
}

extension BusMessage {
  /// A call without arguments, with one list of texts (`as`), or with texts one by one (`s`, `ss` …).
  static func call(
    _ member: String, of interface: String, at path: String, to destination: String, serial: UInt32,
    arguments: [String]? = nil, texts: [String] = []
  ) -> [UInt8] {
    var body = BusWriter()
    if let arguments { body.list(arguments) }
    for text in texts { body.text(text) }
    var fields = BusWriter()
    fields.field(1, "o", path)
    fields.field(2, "s", interface)
    fields.field(3, "s", member)
    fields.field(6, "s", destination)
    let signature = (arguments == nil ? "" : "as") + String(repeating: "s", count: texts.count)
    if !signature.isEmpty { fields.signature(signature) }
    var message = BusWriter()
    message.bytes = [UInt8(ascii: "l"), Kind.call.rawValue, 0, 1]
    message.number(UInt32(truncatingIfNeeded: body.bytes.count))
    message.number(serial)
    message.number(UInt32(truncatingIfNeeded: fields.bytes.count))
    message.bytes += fields.bytes
    message.pad(to: 8)
    return message.bytes + body.bytes
  }

  /// How many bytes the message takes that begins with these; nil before the first 16 tell.
  static func length(_ bytes: [UInt8]) throws(DeviceFault) -> Int? {
    guard bytes.count >= 16 else { return nil }
    guard bytes[0] == UInt8(ascii: "l"), bytes[3] == 1 else { throw DeviceFault("not a D-Bus message") }
    var reader = BusReader(bytes: bytes, index: 4)
    let body = try Int(reader.number())
    _ = try reader.number()
    let fields = try Int(reader.number())
    let length = (16 + fields + 7) / 8 * 8 + body
    guard length <= 4 << 20 else { throw DeviceFault("a D-Bus message of over 4 MiB") }
    return length
  }

  /// Reads a whole message.
  init(_ bytes: [UInt8]) throws(DeviceFault) {
    guard let length = try BusMessage.length(bytes), bytes.count == length, let kind = Kind(rawValue: bytes[1]) else {
      throw DeviceFault("a D-Bus message that is cut short")
    }
    var reader = BusReader(bytes: bytes, index: 8)
    self.init(kind: kind, serial: try reader.number())
    let end = 16 + Int(try reader.number())
    while reader.index < end {
      try reader.align(to: 8)
      let code = try reader.byte()
      switch (code, try reader.signature()) {
      case (5, "u"): replyTo = try reader.number()
      case (4, "s"): errorName = try reader.text()
      case (8, "g"): signature = try reader.signature()
      case (_, "s"), (_, "o"): _ = try reader.text()
      case (_, "g"): _ = try reader.signature()
      case (_, "u"): _ = try reader.number()
      default: throw DeviceFault("an unknown D-Bus header field")
      }
    }
    body = Array(bytes[((end + 7) / 8 * 8)...])
  }

  /// The first text of each structure of `a(ssssssouso)`, which systemd answers with: the names of units.
  func unitNames() throws(DeviceFault) -> [String] {
    guard signature == "a(ssssssouso)" else { throw DeviceFault("systemd answers '\(signature)'") }
    var reader = BusReader(bytes: body, index: 0)
    let length = Int(try reader.number())
    try reader.align(to: 8)
    let end = reader.index + length
    var names: [String] = []
    while reader.index < end, names.count < 4096 {
      try reader.align(to: 8)
      names.append(try reader.text())
      for _ in 0..<6 { _ = try reader.text() }
      _ = try reader.number()
      for _ in 0..<2 { _ = try reader.text() }
    }
    return names
  }
}

extension BusMessage {
  /// The number of 64 bits in an answer that is one variant (`v` of `t`).
  func variantNumber() throws(DeviceFault) -> UInt64 {
    guard signature == "v" else { throw DeviceFault("systemd answers '\(signature)'") }
    var reader = BusReader(bytes: body, index: 0)
    let kind = try reader.signature()
    guard kind == "t" else { throw DeviceFault("systemd answers '\(kind)'") }
    try reader.align(to: 8)
    let low = try reader.number()
    return UInt64(try reader.number()) << 32 | UInt64(low)
  }
}

private struct BusWriter {
  var bytes: [UInt8] = []

  mutating func pad(to size: Int) { while bytes.count % size != 0 { bytes.append(0) } }

  mutating func number(_ value: UInt32) {
    pad(to: 4)
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func text(_ value: String) {
    number(UInt32(truncatingIfNeeded: value.utf8.count))
    bytes += value.utf8
    bytes.append(0)
  }

  mutating func list(_ values: [String]) {
    var inner = BusWriter()
    for value in values { inner.text(value) }
    number(UInt32(truncatingIfNeeded: inner.bytes.count))
    bytes += inner.bytes
  }

  mutating func field(_ code: UInt8, _ type: String, _ value: String) {
    pad(to: 8)
    bytes += [code, 1] + Array(type.utf8) + [0]
    text(value)
  }

  mutating func signature(_ value: String) {
    pad(to: 8)
    bytes += [8, 1, UInt8(ascii: "g"), 0, UInt8(truncatingIfNeeded: value.utf8.count)] + Array(value.utf8) + [0]
  }
}

private struct BusReader {
  let bytes: [UInt8]
  var index: Int

  mutating func align(to size: Int) throws(DeviceFault) { index = (index + size - 1) / size * size }

  mutating func byte() throws(DeviceFault) -> UInt8 { try take(1)[0] }

  mutating func number() throws(DeviceFault) -> UInt32 {
    try align(to: 4)
    return try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  mutating func text() throws(DeviceFault) -> String {
    let text = try take(Int(number()))
    _ = try take(1)
    return String(decoding: text, as: UTF8.self)
  }

  mutating func signature() throws(DeviceFault) -> String {
    let text = try take(Int(byte()))
    _ = try take(1)
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func take(_ count: Int) throws(DeviceFault) -> [UInt8] {
    guard index <= bytes.count, bytes.count - index >= count else {
      throw DeviceFault("a D-Bus message that is cut short")
    }
    defer { index += count }
    return Array(bytes[index..<index + count])
  }
}
