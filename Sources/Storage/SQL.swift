package import Vocabulary

/// A statement whose interpolated values are bound, never spliced: `"SELECT … WHERE serial = \(serial)"`.
///
/// Renders `$1 … $n` for PostgreSQL and `?1 … ?n` for SQLite. Only another ``SQL`` can add text.
package struct SQL: Sendable, ExpressibleByStringInterpolation {
  enum Part: Sendable {
    case text(String)
    case value(SQLValue)
    case engine(sqlite: String, postgres: String)
  }

  var parts: [Part]

  package init(stringLiteral value: String) { parts = [.text(value)] }
  package init(stringInterpolation: Interpolation) { parts = stringInterpolation.parts }

  /// Text that differs between the engines; rare, and counted by a test.
  package static func perEngine(sqlite: StaticString, postgres: StaticString) -> SQL {
    var sql: SQL = ""
    sql.parts = [.engine(sqlite: sqlite.description, postgres: postgres.description)]
    return sql
  }

  /// Whether it says nothing.
  package var isEmpty: Bool {
    parts.allSatisfy { if case .text(let text) = $0 { text.isEmpty } else { false } }
  }

  package static func + (left: SQL, right: SQL) -> SQL {
    var sum = left
    sum.parts += right.parts
    return sum
  }

  /// The pieces one after another, with `separator` between them.
  package static func joined(_ pieces: [SQL], separator: SQL) -> SQL {
    var sum = pieces.first ?? ""
    sum.parts.reserveCapacity(pieces.reduce(0) { $0 + $1.parts.count + separator.parts.count })
    for piece in pieces.dropFirst() {
      sum.parts += separator.parts
      sum.parts += piece.parts
    }
    return sum
  }

  /// The statement's text for `engine`, and its values in the order of its parameters' numbers.
  package func rendered(for engine: Engine) -> (text: String, values: [SQLValue]) {
    var text = ""
    var values: [SQLValue] = []
    text.reserveCapacity(512)
    values.reserveCapacity(parts.count / 2 + 1)
    let sign = engine == .sqlite ? "?" : "$"
    for part in parts {
      switch part {
      case .text(let piece): text += piece
      case .engine(let sqlite, let postgres): text += engine == .sqlite ? sqlite : postgres
      case .value(let value):
        values.append(value)
        text += sign
        text += String(values.count)
      }
    }
    return (text, values)
  }

  /// The text of a statement that names its values itself, as `$1 … $n` in any order, each as often as it likes.
  ///
  /// - Throws: `storage.failed` where a value is interpolated too: two would claim `$1`.
  package func renderedForRows(for engine: Engine) throws -> String {
    let (text, values) = rendered(for: engine)
    guard values.isEmpty else {
      throw StorageError(.failed, "A statement for many rows names its values as $1 … $n and interpolates none.")
    }
    guard engine == .sqlite else { return text }
    var bytes = Array(text.utf8)
    var quoted = false
    for index in bytes.indices {
      if bytes[index] == UInt8(ascii: "'") { quoted.toggle() }
      let next = index + 1 < bytes.count ? bytes[index + 1] : 0
      if !quoted, bytes[index] == UInt8(ascii: "$"), (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(next) {
        bytes[index] = UInt8(ascii: "?")
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  package struct Interpolation: StringInterpolationProtocol {
    var parts: [Part] = []

    package init(literalCapacity: Int, interpolationCount: Int) { parts.reserveCapacity(interpolationCount * 2 + 1) }

    package mutating func appendLiteral(_ literal: String) { parts.append(.text(literal)) }

    /// Binds `value`.
    package mutating func appendInterpolation(_ value: some SQLConvertible) { parts.append(.value(value.sqlValue)) }

    /// Binds `value`, or NULL.
    package mutating func appendInterpolation<Value: SQLConvertible>(_ value: Value?) {
      parts.append(.value(value?.sqlValue ?? .null))
    }

    /// Binds each element: `IN \(list: serials)`; an empty list matches nothing, under `NOT IN` too.
    ///
    /// The last element is repeated up to the next power of two, so that lists of all lengths make few different texts:
    /// each text is a statement that every connection prepares and keeps.
    package mutating func appendInterpolation(list values: some Collection<some SQLConvertible>) {
      var bound = values.map(\.sqlValue)
      guard let last = bound.last else {
        parts.append(.text("(NULL)"))
        return
      }
      if bound.count <= 1024 {
        let count = (bound.count - 1).nextPowerOfTwo
        bound += repeatElement(last, count: count - bound.count)
      }
      for (index, value) in bound.enumerated() {
        parts.append(.text(index == 0 ? "(" : ", "))
        parts.append(.value(value))
      }
      parts.append(.text(")"))
    }

    /// Splices another statement's text and values.
    package mutating func appendInterpolation(_ sql: SQL) { parts += sql.parts }

    /// The tenant's condition on `column`: always true for the state, else the scope's districts.
    package mutating func appendInterpolation(_ scope: TenantScope, on column: StaticString = "district_id") {
      switch scope {
      case .state: parts.append(.text("(1 = 1)"))
      case .districts(let ids):
        parts.append(.text(column.description + " IN "))
        appendInterpolation(list: ids.sorted())
      }
    }
  }
}

extension Int {
  /// The least power of two greater than a number from 0 to 1,024.
  fileprivate var nextPowerOfTwo: Int { 1 << (Int.bitWidth - leadingZeroBitCount) }
}

/// The database engines that a statement may run on.
package enum Engine: Sendable, CaseIterable { case sqlite, postgres }
