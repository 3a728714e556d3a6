internal import Storage

/// Values of one execution in the binary form, in one block of memory.
struct BoundValues {
  private(set) var types: [UInt32] = []
  private var bytes: [UInt8] = []
  /// Where each value stands in `bytes`; nil for NULL.
  private var places: [Range<Int>?] = []

  var count: Int { types.count }

  /// - Throws: `storage.constraint` for a value that cannot be stored.
  init(_ values: [SQLValue]) throws(StorageError) {
    types.reserveCapacity(values.count)
    for value in values {
      types.append(value.type?.rawValue ?? 0)
      let start = bytes.count
      try value.append(to: &bytes)
      places.append(value == .null ? nil : start..<bytes.count)
    }
  }

  init(_ arrays: [BoundArray]) {
    for array in arrays {
      types.append(array.type.array)
      let start = bytes.count
      bytes.append(contentsOf: array.bytes)
      places.append(start..<bytes.count)
    }
  }

  /// Calls `body` with the addresses, lengths and formats that libpq wants.
  func with<T>(
    _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) throws -> T
  ) rethrows -> T {
    let lengths = places.map { Int32($0?.count ?? 0) }
    let formats = [Int32](repeating: 1, count: places.count)
    // A byte more, so that an empty value has an address too: none means NULL.
    return try (bytes + [0]).withUnsafeBytes { block in
      let start = block.baseAddress.map { $0.assumingMemoryBound(to: CChar.self) }
      let pointers = places.map { place in place.flatMap { place in start.map { $0 + place.lowerBound } } }
      return try body(pointers, lengths, formats)
    }
  }
}

/// One column of many rows, in the binary form of an array.
///
/// Source: src/backend/utils/adt/arrayfuncs.c, array_send
struct BoundArray {
  let type: PostgresType
  private(set) var bytes: [UInt8]

  /// - Throws: `storage.failed` where two values are of different types; `storage.constraint`.
  init(_ column: Int, of rows: [[SQLValue]], as type: PostgresType) throws(StorageError) {
    self.type = type
    bytes = []
    bytes.reserveCapacity(20 + rows.count * 24)
    bytes.appendBigEndian(Int32(1))
    bytes.appendBigEndian(Int32(0))
    bytes.appendBigEndian(type.rawValue)
    bytes.appendBigEndian(Int32(clamping: rows.count))
    bytes.appendBigEndian(Int32(1))
    for row in rows {
      let value = row[column]
      guard let kind = value.type else {
        // That there are NULLs is told ahead.
        bytes[7] = 1
        bytes.appendBigEndian(Int32(-1))
        continue
      }
      guard kind == type else {
        throw StorageError(.failed, "Two rows give values of different types for one parameter.")
      }
      bytes.appendBigEndian(Int32(clamping: value.length))
      try value.append(to: &bytes)
    }
  }
}
