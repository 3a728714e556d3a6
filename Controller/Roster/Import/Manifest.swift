import Archive
import Serving
import Vocabulary

/// What an export says of itself.
struct Manifest: Sendable {
  enum Version: String, Sendable {
    case one = "1.1"
    case two = "1.2"
  }

  /// A file's entry: it is not there, whole, or of changes.
  enum Presence: String, Sendable { case absent, bulk, delta }

  let version: Version
  /// By the file's name without `.csv`.
  let files: [String: Presence]

  /// The files that are read here, and demographics where they are asked for; others of the standard are passed over.
  static let read = ["orgs", "classes", "users", "roles", "enrollments"]

  init?(_ properties: [String: String], _ faults: FileFaults) {
    func tell(_ field: String, _ value: String?, _ message: String) {
      faults.add(Fault(field: field, value: value, code: "roster.manifest", message: message))
    }
    let before = faults.count
    if let form = properties["manifest.version"], form != "1.0" {
      tell("manifest.version", form, "'manifest.version' is 1.0.")
    }
    let told = properties["oneroster.version"]
    guard let version = told.flatMap(Self.version) else {
      tell("oneroster.version", told, "'oneroster.version' is 1.1 or 1.2; other versions are not read.")
      return nil
    }
    var files: [String: Presence] = [:]
    for (name, value) in properties where name.hasPrefix("file.") {
      guard let presence = Presence(rawValue: value) else {
        tell(name, value, "'\(name.prefix(100))' is one of absent, bulk, delta.")
        continue
      }
      files[String(name.dropFirst("file.".count))] = presence
    }
    guard faults.count == before else { return nil }
    (self.version, self.files) = (version, files)
  }

  private static func version(_ text: String) -> Version? {
    Version(rawValue: text) ?? (text.hasPrefix("1.1.") ? .one : text.hasPrefix("1.2.") ? .two : nil)
  }
}

/// The files of an export: entries of its archive by name.
struct ExportFiles {
  let archive: ArchiveReader
  private let entries: [String: ArchiveReader.Entry]

  init(_ archive: ArchiveReader, _ faults: FileFaults) {
    self.archive = archive
    var entries: [String: ArchiveReader.Entry] = [:]
    for entry in archive.entries where !entry.name.hasSuffix("/") && !entry.name.hasPrefix("__MACOSX/") {
      guard !entry.name.contains("/") else {
        if entry.name.hasSuffix("/manifest.csv") {
          faults.add(
            Fault(
              file: String(entry.name.prefix(200)), code: "roster.files",
              message: "The files stand in a folder of the archive; pack them at its root."))
        }
        continue
      }
      if entries.updateValue(entry, forKey: entry.name) != nil {
        faults.add(
          Fault(file: String(entry.name.prefix(200)), code: "roster.files", message: "The archive has this file twice.")
        )
      }
    }
    self.entries = entries
  }

  func has(_ name: String) -> Bool { entries[name] != nil }

  /// Reads the file: its header, then `row` for each row.
  ///
  /// - Parameter over: what is said of more rows.
  /// - Returns: how many rows there are; nil where the header has a fault.
  func read(
    _ table: FileTable, rows limit: Int, over: String? = nil, _ faults: FileFaults, _ row: (FileRow) throws -> Void
  ) throws -> Int? {
    guard let entry = entries[table.name] else { return 0 }
    faults.file = table.name
    defer { faults.file = nil }
    var scanner = RecordScanner { faults.add($0) }
    var places: [Int]?
    var (width, count, isUnreadable) = (0, 0, false)
    func take(_ record: ScannedRecord) throws {
      if isUnreadable { return }
      guard let places else {
        width = record.count
        places = table.places(record) { faults.add($0) }
        isUnreadable = places == nil
        return
      }
      guard record.count == width else {
        faults.add(
          Fault(
            line: record.line, code: "csv.field-count",
            message: "The row has \(record.count) fields, the header \(width)."))
        return
      }
      count += 1
      guard count <= limit else {
        if count == limit + 1 {
          faults.add(
            Fault(
              line: record.line, code: "csv.too-many-rows", message: over ?? "The file has over \(limit) rows."))
        }
        return
      }
      try row(FileRow(record: record, places: places))
    }
    try archive.read(entry) { try scanner.feed($0, take) }
    try scanner.end(take)
    if places == nil, !isUnreadable {
      faults.add(
        Fault(line: 1, code: "csv.header", message: "\(table.name) is empty; its first line names the columns."))
      return nil
    }
    if count == 0, !isUnreadable {
      faults.add(
        Fault(
          line: 1, code: "roster.empty-file",
          message: "\(table.name) has no rows; the standard leaves such a file out, and so must you."))
    }
    return isUnreadable ? nil : count
  }

  /// The manifest; nil where it is none, which was told.
  ///
  /// - Parameter withDemographics: whether their file is one of those that are read.
  func manifest(_ faults: FileFaults, withDemographics: Bool = false) throws -> Manifest? {
    guard has("manifest.csv") else {
      faults.add(
        Fault(
          file: "manifest.csv", code: "roster.manifest",
          message:
            "There is no manifest.csv: the archive is of OneRoster 1.0, or of something else. 1.1 and 1.2 are read."
        ))
      return nil
    }
    var properties: [String: String] = [:]
    let rows = try read(.manifest, rows: 1000, faults) { row in
      properties[row.text(.propertyName)] = row.text(.value)
    }
    faults.file = "manifest.csv"
    defer { faults.file = nil }
    guard rows != nil, let manifest = Manifest(properties, faults) else { return nil }
    for name in Manifest.read + (withDemographics ? ["demographics"] : []) {
      let presence = manifest.files[name] ?? .absent
      guard (presence != .absent) == has(name + ".csv") else {
        faults.add(
          Fault(
            field: "file.\(name)", value: presence.rawValue, code: "roster.manifest",
            message: presence == .absent
              ? "\(name).csv is in the archive, and the manifest says that it is not."
              : "\(name).csv is not in the archive, and the manifest says that it is."))
        continue
      }
    }
    return manifest
  }
}
