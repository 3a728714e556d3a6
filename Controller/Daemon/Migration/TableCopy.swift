import Storage
import Vocabulary

/// One table that is copied, a page of rows after another in the order of its key.
///
/// Where the copy stands is the greatest key that the target holds: each page is one transaction, so that can be nothing
/// but what was committed.
struct TableCopy: Sendable {
  let name: String
  /// The source's columns with the target's types; what the target has beside them fills itself.
  let columns: [StoredTable.Column]
  let references: Set<String>
  /// Where the columns of the key stand among `columns`.
  private let key: [Int]

  /// Rows and bytes of a page at most; one row may be larger.
  private static let (pageRows, pageBytes) = (5_000, 8 << 20)

  /// - Throws: `migrate.schema`.
  init(source: StoredTable, target: StoredTable) throws(MigrationError) {
    name = source.name
    references = target.references
    func fault(_ words: String) -> MigrationError {
      MigrationError(
        .schema, "The table '\(source.name)' \(words). Nothing was copied: this is a fault of the program.")
    }
    guard !source.key.isEmpty, source.key == target.key else {
      throw fault("does not have the same primary key in both databases")
    }
    var columns: [StoredTable.Column] = []
    for column in source.columns {
      guard let other = target.columns.first(where: { $0.name == column.name }) else {
        throw fault("has the column '\(column.name)' in the source alone")
      }
      guard let kind = column.kind, kind == other.kind else {
        throw fault("has a column '\(column.name)' whose type is not the same in both databases")
      }
      columns.append(other)
    }
    let names = Set(source.columns.map(\.name))
    if let missing = target.columns.first(where: { !names.contains($0.name) && !$0.isOptional }) {
      throw fault("has the column '\(missing.name)' in the target alone, and nothing to fill it with")
    }
    self.columns = columns
    key = source.key.compactMap { name in columns.firstIndex { $0.name == name } }
  }

  // MARK: - Pages

  struct Page: Sendable {
    var rows: [[SQLValue]] = []
    /// The key of the last row; nil for an empty page.
    var end: [SQLValue]?
  }

  /// The rows behind `position` in the order of the key, each value as the column's type.
  ///
  /// - Throws: `migrate.value`.
  func page(after position: [SQLValue]?, in transaction: any Transaction) throws -> Page {
    struct Full: Error {}
    var page = Page()
    var size = 0
    do {
      try transaction.each(select(after: position)) { row in
        let values = try values(row.values, in: transaction)
        size += values.reduce(0) { $0 + $1.size }
        page.rows.append(values)
        page.end = key.map { values[$0] }
        if size >= Self.pageBytes { throw Full() }
      }
    } catch is Full {}
    return page
  }

  private func select(after position: [SQLValue]?) -> SQL {
    let names = SQL.names(columns.map(\.name))
    let order = SQL.names(key.map { columns[$0].name })
    var query: SQL = "SELECT \(names) FROM \(SQL.name(name))"
    if let position {
      let bound = SQL.joined(position.map { SQL(binding: $0) }, separator: ", ")
      query = query + " WHERE (\(order)) > (\(bound))"
    }
    return query + " ORDER BY \(order) LIMIT \(Self.pageRows)"
  }

  /// The greatest key that is there.
  func position(in transaction: any Transaction) throws -> [SQLValue]? {
    let names = key.map { columns[$0].name }
    let order = SQL.joined(names.map { SQL.name($0) + " DESC" }, separator: ", ")
    return try transaction.row("SELECT \(SQL.names(names)) FROM \(SQL.name(name)) ORDER BY \(order) LIMIT 1")?.values
  }

  func count(in transaction: any Transaction) throws -> Int {
    try transaction.row("SELECT COUNT(*) AS count FROM \(SQL.name(name))")?.get("count") ?? 0
  }

  /// A page that a killed copy committed at the last moment may come a second time.
  func insert(_ rows: [[SQLValue]], in transaction: any Transaction) throws {
    let places = columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    let statement: SQL = """
      INSERT INTO \(SQL.name(name)) (\(SQL.names(columns.map(\.name)))) \
      VALUES (\(SQL(stringLiteral: places))) ON CONFLICT DO NOTHING
      """
    try transaction.run(statement, rows: rows)
  }

  // MARK: - Values

  private func values(_ raw: [SQLValue], in transaction: any Transaction) throws -> [SQLValue] {
    var values: [SQLValue] = []
    values.reserveCapacity(raw.count)
    for (column, value) in zip(columns, raw) {
      guard let fitting = value.fitting(column.kind) else {
        throw fault(column, raw, "is of another type than the column")
      }
      if case .text(let text) = fitting {
        let doubt = text.doubt
        if doubt == .nul { throw fault(column, raw, "holds a NUL character, which PostgreSQL does not keep") }
        if doubt == .replacement, transaction.engine == .sqlite, try !isExact(text, column, raw, transaction) {
          throw fault(column, raw, "is not UTF-8")
        }
      }
      values.append(fitting)
    }
    return values
  }

  /// Whether the source holds the very bytes of `text`: what is not UTF-8 is read with replacement characters.
  private func isExact(
    _ text: String, _ column: StoredTable.Column, _ raw: [SQLValue], _ transaction: any Transaction
  ) throws -> Bool {
    let order = SQL.names(key.map { columns[$0].name })
    let bound = SQL.joined(key.map { SQL(binding: raw[$0]) }, separator: ", ")
    let query: SQL = """
      SELECT CAST(\(SQL.name(column.name)) AS BLOB) AS raw FROM \(SQL.name(name)) WHERE (\(order)) = (\(bound))
      """
    return try transaction.row(query)?.values == [.bytes(Array(text.utf8))]
  }

  /// The key is ids and digests, and no secret.
  private func fault(_ column: StoredTable.Column, _ raw: [SQLValue], _ words: String) -> MigrationError {
    let row = key.map { "\(columns[$0].name) = \(raw[$0].shown)" }.joined(separator: ", ")
    return MigrationError(
      .value,
      """
      In the table '\(name)', the '\(column.name)' of the row with \(row) \(words). Change it in the source, empty the \
      target, and run this again.
      """)
  }
}

extension SQL {
  /// A value that is known by its kind alone.
  fileprivate init(binding value: SQLValue) {
    switch value {
    case .null: self = "NULL"
    case .text(let text): self = "\(text)"
    case .integer(let number): self = "\(number)"
    case .double(let number): self = "\(number)"
    case .boolean(let flag): self = "\(flag)"
    case .bytes(let bytes): self = "\(bytes)"
    }
  }
}

extension SQLValue {
  /// The value as one of `kind`; nil where it is none. SQLite keeps a boolean as a number.
  fileprivate func fitting(_ kind: StoredTable.Kind?) -> SQLValue? {
    switch (kind, self) {
    case (_, .null), (.text, .text), (.integer, .integer), (.boolean, .boolean), (.bytes, .bytes), (.double, .double):
      self
    case (.boolean, .integer(0)): .boolean(false)
    case (.boolean, .integer(1)): .boolean(true)
    default: nil
    }
  }

  /// About how many bytes it takes.
  fileprivate var size: Int {
    switch self {
    case .text(let text): text.utf8.count + 16
    case .bytes(let bytes): bytes.count + 16
    default: 16
    }
  }

  fileprivate var shown: String {
    switch self {
    case .text(let text): "'\(text.prefix(80))'"
    case .bytes(let bytes): Hex.encode(bytes.prefix(32))
    case .integer(let number): "\(number)"
    case .double(let number): "\(number)"
    case .boolean(let flag): "\(flag)"
    case .null: "NULL"
    }
  }
}
