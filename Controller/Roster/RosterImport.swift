import Storage
import Vocabulary

/// One import of a roster, in whatever districts it changed something.
struct RosterImportID: GeneratedIdentifier {
  static let prefix = "imp"
  let rawValue: String
  init(unchecked: String) { rawValue = unchecked }
}

extension RosterImportID: SQLConvertible {}

/// An import, or its undoing, as a district's list shows it.
struct ImportRecord: Sendable {
  enum Kind: String, Sendable, SQLConvertible { case `import`, undo }
  /// Whose file it was.
  enum Source: String, Sendable, SQLConvertible { case state, district }

  let district: DistrictID
  /// From 1, within its district.
  let number: Int64
  let id: RosterImportID
  let kind: Kind
  let source: Source
  let at: Instant
  let actor: PrincipalID
  /// SHA-256 of the archive; nil of an undoing.
  let file: Digest?
  /// Whose files the district's ids were from before.
  let formerSource: Source?
  /// By the kinds' words.
  let counts: [String: RowCounts]
  /// The number of what undid it.
  let undoneBy: Int64?
}
