import ArgumentParser

struct SoftwareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "software", abstract: "Installed software: what there is, and who has it.",
    subcommands: [List.self, WhoHas.self])

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the packages that devices have, and how many have each.",
      discussion: """
        The counts are some seconds behind what devices told; it says how many devices' changes they lack.

        EXAMPLES
          rollcall software list -d cedar-falls --prefix openssl
          rollcall software list --all-districts --all --output csv \\
              > software.csv
        """)

    @Option(help: "Only packages whose name begins so.")
    var prefix: String?

    @OptionGroup var place: DistrictFilter
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.list(
        Target("software", query: [("district", place.given), ("prefix", prefix)]), Self.columns, list,
        nothing: "No device\(place.words) has told such software.", note: Self.behind)
    }

    /// How far the counts are behind.
    private static func behind(_ page: JSONValue) -> String? {
      guard let pending = page["pending"].integer, pending > 0 else { return nil }
      let devices = pending == 1 ? "one device" : pending < 1000 ? "\(pending) devices" : "1,000 devices or more"
      return "What \(devices) told last is not counted yet; ask again in some seconds."
    }

    private static let columns = [
      Column("Package", "name"), Column("Version", "version"), Column("Architecture", "architecture"),
      Column("Source", "source"), Column("Devices", "devices", number: true),
    ]
  }

  struct WhoHas: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "who-has", abstract: "List the devices that have a package.",
      discussion: """
        Devices are told by what they said last, whatever their stage and their key. With --below, versions are compared \
        as dpkg compares them: 1.0~rc1 is older than 1.0, and 1.9 than 1.10.

        EXAMPLES
          rollcall software who-has openssl -d cedar-falls
          rollcall software who-has openssl 3.0.11-1~deb12u2
          rollcall software who-has openssl --below 3.0.15-1~deb12u1 \\
              --all-districts --all --output csv > vulnerable.csv
        """)

    @Argument(help: "The package's name.")
    var name: String

    @Argument(help: "Only this version.")
    var version: String?

    @Option(help: "Only versions older than this one.")
    var below: String?

    @OptionGroup var place: DistrictFilter
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard !name.isEmpty else { throw ValidationError("Which package? Give its name.") }
      if version != nil, below != nil { throw ValidationError("Give a version or --below, not both.") }
    }

    func run(_ session: Session) throws {
      let query = [("name", name), ("version", version), ("below", below), ("district", place.given)]
      try session.list(
        Target("software", "devices", query: query), Self.columns, list,
        nothing: "No device\(place.words) has \(wanted), by what they told last.")
    }

    private var wanted: String {
      version.map { "\(name) \($0)" } ?? below.map { "\(name) older than \($0)" } ?? name
    }

    private static let columns = [
      Column("Serial", "serial"), Column("Asset tag", "assetTag"), Column("Hostname", "hostname"),
      Column("District", "district"), Column("School", "school"), Column("Stage", "stage"),
      Column("Version", "version") { Self.joined($0, "version") },
      Column("Architecture", "architecture") { Self.joined($0, "architecture") }, Column("Id", "device"),
    ]

    /// The values of one field of a device's packages, each once: mostly there is one.
    private static func joined(_ device: JSONValue, _ field: String) -> String {
      var seen: [String] = []
      for package in device["packages"].items where !seen.contains(package[field].text) {
        seen.append(package[field].text)
      }
      return seen.joined(separator: ", ")
    }
  }
}
