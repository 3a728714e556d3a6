import Registry
import Serving
import Storage
import Vocabulary

/// A report as a declared value: what it is called, who may have it, its columns, and where its rows come from.
///
/// Pages, files and the API's description are all made of this.
struct Report: Sendable {
  /// A column, with its title for people and its key for programs.
  struct Column: Sendable {
    enum Kind: Sendable { case text, integer, boolean, instant, day }

    let key: String
    let title: String
    let kind: Kind
    /// Such as `%`; nil where the number counts things.
    let unit: String?
    /// On the tables of ``Source/tables(_:)``.
    var value: SQL
    /// Whether pages show it where nobody chose columns.
    let isUsual: Bool
    /// What its values stand for, where they are codes.
    var codes: CodeWords?

    init(
      _ key: String, _ title: String, _ kind: Kind = .text, unit: String? = nil, _ value: SQL = "NULL",
      isUsual: Bool = true, codes: CodeWords? = nil
    ) {
      self.codes = codes
      (self.key, self.title, self.kind, self.unit) = (key, title, kind, unit)
      (self.value, self.isUsual) = (value, isUsual)
    }

    /// With its unit, as it stands above the column.
    var heading: String {
      switch (unit, kind) {
      case (let unit?, _): "\(title) (\(unit))"
      case (nil, .instant): "\(title) (UTC)"
      case (nil, _): title
      }
    }
  }

  /// Where rows come from.
  enum Source: Sendable {
    /// The owners' views, a district after another, in the order of a key.
    case tables(@Sendable (DistrictID, Question) throws -> TableQuery)
    /// Rows of several queries in one order, each read in its own (``MergedRows``). The key of each has three parts, the last of
    /// which is a number that is not negative, and tells rows of one query apart.
    case merged(@Sendable (DistrictID, Question) throws -> [TableQuery])
    /// Few rows of each district.
    case made(@Sendable (DistrictID, Question, ReportRun, any Transaction) throws -> [[SQLValue]])
    /// The packages of the whole scope.
    case software
  }

  let id: String
  let title: String
  /// A sentence: what it is for.
  let words: String
  let rule: AccessRule
  let columns: [Column]
  let filters: [Filter]
  var namesStudents = false
  /// Whether its devices may be narrowed to those that have a package.
  var isBySoftware = false
  /// Those that its devices can be in, to choose from.
  var stages = Stage.allCases
  let source: Source
}

/// Rows of the owners' views in the order of a key that ends with the device, or whatever stands in a row once.
struct TableQuery: Sendable {
  /// A part of the key. It is compared as text or as a number.
  struct Key: Sendable {
    let value: SQL
    var isNumber = false
  }

  var from: SQL
  /// All of them hold, the district's among them.
  var conditions: [SQL]
  var key: [Key]
  /// Whether what it finds may be few of many devices that no index tells apart: a page then looks at a bounded number of
  /// them (``ReportRun``). Its key is the device.
  var isWalk = false
  /// Of a query in the order of time and device: what its index reads, of which few may be meant.
  var read: Read?
  /// What a row becomes, where that is not simply itself: of its columns' values the rows that are shown.
  var expand: (@Sendable (_ values: [SQLValue], _ columns: [Report.Column]) throws -> [[SQLValue]])?

  /// The columns, and the key behind them.
  func rows(_ columns: [Report.Column], after: [String]?, limit: Int?) -> SQL {
    var conditions = conditions
    if let after, after.count == key.count { conditions.append(beyond(after)) }
    let wanted = SQL.joined(columns.map(\.value) + key.map(\.value), separator: ", ")
    let order = SQL.joined(key.map(\.value), separator: ", ")
    let end: SQL = limit.map { " LIMIT \($0)" } ?? ""
    return "SELECT \(wanted) FROM \(from) WHERE \(SQL.joined(conditions, separator: " AND ")) ORDER BY \(order)\(end)"
  }

  private func beyond(_ place: [String]) -> SQL {
    let values = zip(key, place).map { key, text -> SQL in key.isNumber ? "\(Int64(text) ?? 0)" : "\(text)" }
    // A comparison of single values is one that every planner answers by an index.
    if key.count == 1 { return "\(key[0].value) > \(values[0])" }
    return "(\(SQL.joined(key.map(\.value), separator: ", "))) > (\(SQL.joined(values, separator: ", ")))"
  }
}
