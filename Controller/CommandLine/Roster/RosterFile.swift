import Archive
import ArgumentParser

/// A district, or every district of the state.
struct RosterPlace: ParsableArguments {
  @OptionGroup var district: DistrictOption

  @Flag(help: "The state's file, of every district, whatever ROLLCALL_DISTRICT says.")
  var stateWide = false

  func validate() throws {
    if stateWide, district.district != nil { throw ValidationError("Give --district or --state-wide, not both.") }
  }

  func target(_ part: String) throws -> Target {
    stateWide ? Target("roster", part) : Target("districts", try district.required(), "roster", part)
  }
}

/// An export as it is sent.
struct RosterFile: ParsableArguments {
  /// What the controller takes, in bytes.
  private static let limit = 64 << 20
  /// Of one file of a folder, in bytes.
  private static let fileLimit = 1 << 30
  /// The files that are read; others stay where they are.
  private static let read = ["manifest.csv", "orgs.csv", "classes.csv", "users.csv", "roles.csv", "enrollments.csv"]
  /// Read where it is asked for.
  private static let demographicsFile = "demographics.csv"

  @Argument(help: "The ZIP archive, or the folder of its files.")
  var file: String

  @Option(help: "The share of a district's people and classes that may go, in per cent; 10 where it is not given.")
  var allowRemoval: Int?

  @Option(help: "The saved mapping of its columns, where it is a CSV of your own.")
  var mapping: String?

  @Flag(help: "Read birth date and sex of demographics.csv too, where the district chose it.")
  var demographics = false

  @OptionGroup var place: RosterPlace

  func validate() throws {
    if mapping != nil, demographics { throw ValidationError("A CSV of your own has no demographics.") }
    if mapping != nil, place.stateWide { throw ValidationError("A mapping is a district's: give --district.") }
    if let allowRemoval, !(0...100).contains(allowRemoval) {
      throw ValidationError("--allow-removal is a whole number of per cent from 0 to 100.")
    }
  }

  func send(_ session: Session, isPreview: Bool) throws -> JSONValue {
    var target = try place.target("imports")
    if isPreview { target.add("preview", "true") }
    target.add("allowRemoval", allowRemoval.map(String.init))
    if demographics { target.add("demographics", "true") }
    if let mapping {
      target.add("mapping", mapping)
      return try session.client.post(target, try session.csv(file, of: "people"))
    }
    if !demographics, session.surroundings.files.names(in: file)?.contains(Self.demographicsFile) == true {
      session.say("\(Self.demographicsFile) was left out: nobody asked for it.")
    }
    return try session.client.post(target, .archive(try archive(session.surroundings.files)))
  }

  /// - Throws: ``CommandError`` naming the file and the reason.
  func archive(_ files: any FileAccess) throws(CommandError) -> [UInt8] {
    let bytes: [UInt8]
    if let names = files.names(in: file) {
      let told = (Self.read + (demographics ? [Self.demographicsFile] : [])).filter(names.contains)
      guard told.contains("manifest.csv") else {
        throw CommandError(.refused, "\(file) has no manifest.csv, so it is no export of OneRoster 1.1 or 1.2.")
      }
      var read: [(name: String, bytes: [UInt8])] = []
      for name in told { read.append((name, try files.read("\(file)/\(name)", limit: Self.fileLimit))) }
      do throws(ArchiveError) { bytes = try ArchiveWriter.pack(read) } catch {
        throw CommandError(.failure, error.message, code: error.code.text)
      }
    } else {
      bytes = try files.read(file, limit: Self.limit)
    }
    guard bytes.count <= Self.limit else {
      throw CommandError(
        .refused, "Packed, \(file) is over \(Self.limit >> 20) MiB, more than a controller takes. Send districts apart."
      )
    }
    return bytes
  }
}

/// What an archive changed, or would: a row for each district and kind of rows.
enum RosterReport {
  private static let kinds = ["people", "orgs", "classes", "guardians", "memberships"]

  private static let columns =
    [Column("District", "district"), Column("What", "kind")]
    + [("Added", "added"), ("Changed", "changed"), ("Left", "left"), ("Returned", "returned")].map { title, key in
      Column(title, key, number: true) { $0["counts"][key].text }
    } + [Column("Unchanged", "unchanged", number: true) { $0["counts"]["unchanged"].text }]

  static func show(_ answer: JSONValue, _ session: Session) {
    if session.format == .json { return session.console.output(answer.document + "\n") }
    let writer = ListWriter(columns, session)
    for note in answer["notes"].items { session.say(note.text) }
    for district in answer["districts"].items {
      for kind in kinds + (isTold("demographics", of: district) ? ["demographics"] : []) {
        writer.add(
          .object(["district": district["district"], "kind": .string(kind), "counts": district["counts"][kind]]))
      }
    }
    writer.finish(nothing: "The export has no files, and changes nothing.")
  }

  private static func isTold(_ kind: String, of district: JSONValue) -> Bool {
    let counts = district["counts"][kind]
    return ["added", "changed", "left", "returned", "unchanged"].contains { !["", "0"].contains(counts[$0].text) }
  }
}
