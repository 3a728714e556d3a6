internal import Storage

/// The types that values travel as, by the numbers that PostgreSQL's catalogue gives them.
///
/// Source: src/include/catalog/pg_type.dat
enum PostgresType: UInt32 {
  case boolean = 16
  case bytea = 17
  case name = 19
  case int8 = 20
  case int2 = 21
  case int4 = 23
  case text = 25
  case oid = 26
  case float4 = 700
  case float8 = 701
  case unknown = 705
  case varchar = 1043
  case numeric = 1700

  /// Of an array of these.
  var array: UInt32 {
    switch self {
    case .boolean: 1000
    case .bytea: 1001
    case .int8: 1016
    case .float8: 1022
    default: 1009
    }
  }

  /// As `unnest` and `CAST` name it.
  var sql: String {
    switch self {
    case .boolean: "boolean"
    case .bytea: "bytea"
    case .int8: "bigint"
    case .float8: "double precision"
    default: "text"
    }
  }
}

extension SQLValue {
  /// nil for NULL, which is of any type.
  var type: PostgresType? {
    switch self {
    case .null: nil
    case .text: .text
    case .integer: .int8
    case .double: .float8
    case .boolean: .boolean
    case .bytes: .bytea
    }
  }

  /// Bytes of the binary form.
  var length: Int {
    switch self {
    case .null: 0
    case .text(let text): text.utf8.count
    case .integer, .double: 8
    case .boolean: 1
    case .bytes(let data): data.count
    }
  }

  /// Appends the binary form; nothing for NULL.
  ///
  /// - Throws: `storage.constraint` for a text with a NUL, which PostgreSQL cannot keep.
  func append(to bytes: inout [UInt8]) throws(StorageError) {
    switch self {
    case .null: break
    case .text(let text):
      var text = text
      let hasNUL = text.withUTF8 { utf8 in
        bytes.append(contentsOf: utf8)
        return utf8.contains(0)
      }
      if hasNUL {
        throw StorageError(.constraint, "A text holds a NUL character, which cannot be stored.")
      }
    case .integer(let number): bytes.appendBigEndian(number)
    case .double(let number): bytes.appendBigEndian(number.bitPattern)
    case .boolean(let flag): bytes.append(flag ? 1 : 0)
    case .bytes(let data): bytes.append(contentsOf: data)
    }
  }

  /// A column's value in its binary form.
  ///
  /// - Throws: `storage.column` for a type that no statement here should give.
  init(_ bytes: UnsafeBufferPointer<UInt8>, type number: UInt32) throws(StorageError) {
    guard let type = PostgresType(rawValue: number) else {
      throw StorageError(.column, "A result has a column of the type \(number), which is none of the portable ones.")
    }
    switch type {
    case .boolean: self = .boolean(bytes.first == 1)
    case .bytea: self = .bytes(Array(bytes))
    case .int8: self = .integer(Int64(truncatingIfNeeded: bytes.bigEndian()))
    case .int4: self = .integer(Int64(Int32(truncatingIfNeeded: bytes.bigEndian())))
    case .int2: self = .integer(Int64(Int16(truncatingIfNeeded: bytes.bigEndian())))
    case .oid: self = .integer(Int64(UInt32(truncatingIfNeeded: bytes.bigEndian())))
    case .float8: self = .double(Double(bitPattern: bytes.bigEndian()))
    case .float4: self = .double(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bytes.bigEndian()))))
    case .text, .varchar, .name, .unknown: self = .text(String(decoding: bytes, as: UTF8.self))
    case .numeric: self = .integer(try bytes.wholeNumeric())
    }
  }
}

extension [UInt8] {
  mutating func appendBigEndian(_ number: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// At most its first eight bytes, as one number.
  fileprivate func bigEndian() -> UInt64 { prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

  /// A sum of bigints is a numeric: its value where that is whole and fits.
  ///
  /// - Throws: `storage.column`.
  fileprivate func wholeNumeric() throws(StorageError) -> Int64 {
    let fault = StorageError(.column, "A result has a number that is not whole, or too large.")
    func field(_ index: Int) -> Int { index * 2 + 1 < count ? Int(self[index * 2]) << 8 | Int(self[index * 2 + 1]) : 0 }
    let (digits, sign) = (field(0), field(2))
    let weight = Int(Int16(truncatingIfNeeded: field(1)))
    guard sign == 0 || sign == 0x4000, digits <= weight + 1 || digits == 0, weight <= 4 else { throw fault }
    guard digits > 0 else { return 0 }
    var value: Int64 = 0
    for place in 0...weight {
      let (product, over) = value.multipliedReportingOverflow(by: 10_000)
      let digit = Int64(place < digits ? field(4 + place) : 0)
      let (sum, more) = product.subtractingReportingOverflow(digit)
      guard !over, !more else { throw fault }
      value = sum
    }
    guard sign == 0 else { return value }
    guard value != .min else { throw fault }
    return -value
  }
}
