import ArgumentParser

struct HealthCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "health", abstract: "Count the devices that are well, and those that are not.",
    discussion: """
      A district is counted by school, all that you may see by district. Devices that are lost, stolen, retired or \
      moved to another district are out of use and in no other figure, nor are those that are only expected; one that has \
      not told its health yet is unknown.

      EXAMPLES
        rollcall health
        rollcall health -d cedar-falls
        rollcall health --all-districts --output csv > health.csv
      """)

  @OptionGroup var place: DistrictFilter
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) throws {
    let target = place.given.map { Target("districts", $0, "health") } ?? Target("health")
    let answer = try session.client.get(target)
    let (key, title) = place.given == nil ? ("district", "District") : ("school", "School")
    let columns = [Column(title, key)] + Self.figures
    guard session.format != .json else { return session.show(answer, columns) }
    let writer = ListWriter(columns, session)
    for row in answer[key + "s"].items {
      let isUnnamed = row[key].text.isEmpty && session.format == .table
      writer.add(isUnnamed ? Self.named("(no school)", row, key) : row)
    }
    if session.format == .table { writer.add(Self.named("All", answer, key)) }
    writer.finish(nothing: "")
  }

  private static let figures = [
    Column("Devices", "total", number: true), Column("Well", "well", number: true),
    Column("Attention", "attention", number: true), Column("Failing", "failing", number: true),
    Column("Unknown", "unknown", number: true), Column("Out of use", "outOfUse", number: true),
    Column("Not here", "notHere", number: true),
  ]

  /// The figures of `row` under a word of this command's own.
  private static func named(_ word: String, _ row: JSONValue, _ key: String) -> JSONValue {
    .fields([(key, .string(word))] + figures.map { ($0.key, row[$0.key]) })
  }
}
