package import Vocabulary

/// A statement whose interpolated values are bound, never spliced: `"SELECT … WHERE serial = \(serial)"`.
///
/// Renders PostgreSQL's `$1 … $n`, which SQLite takes as named parameters. Only another ``SQL`` can add text.
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

  package static func + (left: SQL, right: SQL) -> SQL {
    var sum = left
    sum.parts += right.parts
    return sum
  }

  /// The pieces one after another, with `separator` between them.
  package static func joined(_ pieces: [SQL], separator: SQL) -> SQL {
    var sum: SQL = ""
    for (index, piece) in pieces.enumerated() { sum = index == 0 ? piece : sum + separator + piece }
    return sum
  }

  /// The statement's text for `engine`, and its values in the order of `$1 … $n`.
  package func rendered(for engine: Engine) -> (text: String, values: [SQLValue]) {
    var text = ""
    var values: [SQLValue] = []
    for part in parts {
      switch part {
      case .text(let piece): text += piece
      case .engine(let sqlite, let postgres): text += engine == .sqlite ? sqlite : postgres
      case .value(let value):
        values.append(value)
        text += "$\(values.count)"
      }
    }
    return (text, values)
  }

  package struct Interpolation: StringInterpolationProtocol {
    var parts: [Part] = []

    package init(literalCapacity: Int, interpolationCount: Int) { parts.reserveCapacity(interpolationCount * 2 + 1) }

    package mutating func appendLiteral(_ literal: String) { parts.append(.text(literal)) }

    /// Binds `value`.
    package mutating func appendInterpolation(_ value: some SQLConvertible) { parts.append(.value(value.sqlValue)) }

    /// Binds `value`, or NULL. Declared apart, for the compiler warns where an optional meets a plain parameter.
    package mutating func appendInterpolation<Value: SQLConvertible>(_ value: Value?) {
      parts.append(.value(value.sqlValue))
    }

    /// Binds each element: `IN \(list: serials)`; an empty list matches nothing.
    package mutating func appendInterpolation(list values: some Collection<some SQLConvertible>) {
      parts.append(.text("("))
      if values.isEmpty { parts.append(.text("NULL")) }
      for (index, value) in values.enumerated() {
        if index > 0 { parts.append(.text(", ")) }
        parts.append(.value(value.sqlValue))
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

/// The database engines that a statement may run on.
package enum Engine: Sendable, CaseIterable { case sqlite, postgres }
