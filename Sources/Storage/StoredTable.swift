/// A table as a database has it, for what treats every table alike.
package struct StoredTable: Sendable, Equatable {
  /// A portable type of values; nil for one of an engine's own.
  package enum Kind: String, Sendable { case text, integer, boolean, bytes, double }

  package struct Column: Sendable, Equatable {
    package let name: String
    package let kind: Kind?
    /// A row that does not name it gets a value all the same.
    package let isOptional: Bool

    package init(_ name: String, _ kind: Kind?, isOptional: Bool) {
      (self.name, self.kind, self.isOptional) = (name, kind, isOptional)
    }
  }

  package let name: String
  package let columns: [Column]
  /// The columns of the primary key, in its order.
  package let key: [String]
  /// Other tables whose rows must be there before this one's.
  package let references: Set<String>

  package init(_ name: String, columns: [Column], key: [String], references: Set<String>) {
    (self.name, self.columns, self.key, self.references) = (name, columns, key, references)
  }
}

/// A sequence of an engine that has them, and the column that its numbers go to.
package struct NumberedColumn: Sendable, Hashable {
  package let sequence: String
  package let table: String
  package let column: String

  package init(sequence: String, table: String, column: String) {
    (self.sequence, self.table, self.column) = (sequence, table, column)
  }
}

extension SQL {
  /// A table's or column's name, quoted as both engines read it.
  package static func name(_ text: String) -> SQL {
    SQL(stringLiteral: "\"" + text.replacing("\"", with: "\"\"") + "\"")
  }

  /// Names divided by commas.
  package static func names(_ texts: [String]) -> SQL { joined(texts.map(SQL.name), separator: ", ") }
}
