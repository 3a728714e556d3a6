import Crypto
import Storage
import Vocabulary

/// The number of a table's rows and a digest over all of them in the order of the key, which are the same for the same rows
/// in whichever engine.
///
/// ```
/// table  = "rollcall table 1" name  count column…  row…        each text with its length, as 8 bytes, before it
/// row    = value…                                              in the order of the columns
/// value  = 00 | 01 text | 02 integer | 03 double | 04 boolean | 05 bytes
/// ```
struct TableSum: Equatable {
  private(set) var rows = 0
  private var hash = SHA256()
  private var pending: [UInt8] = []

  init(_ table: TableCopy) {
    pending.append(contentsOf: "rollcall table 1".utf8)
    append(table.name.utf8)
    append(UInt64(table.columns.count))
    for column in table.columns { append(column.name.utf8) }
  }

  mutating func take(_ row: [SQLValue]) {
    rows += 1
    for value in row { append(value) }
    guard pending.count > 1 << 16 else { return }
    hash.update(data: pending)
    pending.removeAll(keepingCapacity: true)
  }

  var digest: Vocabulary.Digest {
    var hash = hash
    hash.update(data: pending)
    return Vocabulary.Digest(bytes: hash.finalize()) ?? .zero
  }

  static func == (left: TableSum, right: TableSum) -> Bool { left.rows == right.rows && left.digest == right.digest }

  private mutating func append(_ value: SQLValue) {
    switch value {
    case .null: pending.append(0)
    case .text(let text):
      pending.append(1)
      append(text.utf8)
    case .integer(let number):
      pending.append(2)
      append(UInt64(bitPattern: number))
    case .double(let number):
      pending.append(3)
      append(number.bitPattern)
    case .boolean(let flag): pending += [4, flag ? 1 : 0]
    case .bytes(let bytes):
      pending.append(5)
      append(bytes)
    }
  }

  private mutating func append(_ bytes: some Collection<UInt8>) {
    append(UInt64(bytes.count))
    pending.append(contentsOf: bytes)
  }

  private mutating func append(_ number: UInt64) {
    withUnsafeBytes(of: number.bigEndian) { pending.append(contentsOf: $0) }
  }
}

extension TableCopy {
  /// The whole table as `transaction` sees it.
  ///
  /// - Throws: `migrate.value`.
  func sum(in transaction: any Transaction) throws -> TableSum {
    var sum = TableSum(self)
    var page = try page(after: nil, in: transaction)
    while let end = page.end {
      for row in page.rows { sum.take(row) }
      page = try self.page(after: end, in: transaction)
    }
    return sum
  }
}

/// What a text may hold that cannot be told from it alone, or kept elsewhere.
enum TextDoubt { case nul, replacement }

extension String {
  /// nil for nearly every text.
  var doubt: TextDoubt? {
    var text = self
    return text.withUTF8 { bytes -> TextDoubt? in
      if bytes.contains(0) { return .nul }
      var rest = bytes[...]
      while let place = rest.firstIndex(of: 0xef) {
        // U+FFFD is EF BF BD.
        if bytes[place...].starts(with: [0xef, 0xbf, 0xbd]) { return .replacement }
        rest = bytes[(place + 1)...]
      }
      return nil
    }
  }
}
