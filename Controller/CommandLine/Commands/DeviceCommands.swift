import ArgumentParser

struct DeviceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "device", abstract: "Devices: find, read, decide.",
    subcommands: [
      List.self, Show.self, History.self, Readings.self, Ledger.self, Software.self, Import.self, Approve.self,
      Revoke.self, Quarantine.self,
    ])

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List devices.",
      discussion: """
        EXAMPLES
          rollcall device list -d cedar-falls --health failing
          rollcall device list --find PF3X
          rollcall device list --all-districts --all --output csv \\
              > devices.csv
        """)

    @OptionGroup var place: DistrictFilter
    @Option(help: "Only this school's.")
    var school: String?
    @Option(help: "Only this serial.")
    var serial: String?
    @Option(help: "Only this asset tag.")
    var assetTag: String?
    @Option(help: "Only this hostname.")
    var hostname: String?
    @Option(help: "Only at this stage.")
    var stage: StageChoice?
    @Option(help: "Only managed so.")
    var management: ManagementChoice?
    @Option(help: "Only with a key in this state.")
    var keyState: KeyStateChoice?
    @Option(help: "Only with this health.")
    var health: HealthChoice?
    @Option(help: "Only whose serial, asset tag or hostname begins so.")
    var find: String?

    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let filters = [
        ("district", place.given), ("school", school), ("serial", serial), ("assetTag", assetTag),
        ("hostname", hostname),
        ("stage", stage?.rawValue), ("management", management?.rawValue), ("keyState", keyState?.rawValue),
        ("health", health?.rawValue), ("q", find),
      ]
      try session.list(
        Target("devices", query: filters), deviceColumns, list, nothing: "No device\(place.words) is like that.")
    }
  }

  struct Show: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a device's whole story on one screen.",
      discussion: """
        Found by serial, asset tag, hostname or id. Where several match, they are listed and the exit code is 3.

        EXAMPLES
          rollcall device show PF3XK2M9
          rollcall device show lt-0042 -d cedar-falls --output json
        """)

    @OptionGroup var which: DeviceArgument
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let (found, path) = try which.find(session)
      let device = try session.client.get(path)
      guard session.format == .table else { return session.show(device, deviceColumns) }
      var changes: [JSONValue] = []
      _ = try session.client.each(path.under("changes"), limit: 5) { changes.append($0) }
      let now = session.surroundings.now()
      let story = DeviceStory(device == .null ? found : device, changes: changes, now: now, palette: session.palette)
      session.console.output(story.text)
    }
  }

  struct History: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List what changed in a device: a disk swapped, memory removed.",
      discussion: "EXAMPLE\n  rollcall device history PF3XK2M9")

    @OptionGroup var which: DeviceArgument
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let columns = [
        Column("At", "at", time: true), Column("Section", "section"), Column("Field", "field"), Column("Old", "old"),
        Column("New", "new"),
      ]
      try session.list(
        try which.find(session).path.under("changes"), columns, list,
        nothing: "Nothing changed since the device is known.")
    }
  }

  struct Readings: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a device's health in numbers, week by week: battery, disk, space, memory, temperature.",
      discussion: """
        The first check-in of each week, newest first; 53 weeks are kept. In percent; the temperature is the hottest \
        part's in °C. With --add, readings of the time before the device reported here, as '--output json' writes them.

        EXAMPLES
          rollcall device readings PF3XK2M9
          rollcall device readings PF3XK2M9 --add former.json
        """)

    @Option(help: "A JSON file with a list of former readings; weeks that were measured here stay as they are.")
    var add: String?

    @OptionGroup var which: DeviceArgument
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let columns = [
        Column("Week of", "week"), Column("Battery holds", "batteryPercent"), Column("Disk used up", "diskUsedPercent"),
        Column("Space free", "spaceFreePercent"), Column("Memory free", "memoryFreePercent"),
        Column("Hottest", "hottestCelsius"),
      ]
      let target = try which.find(session).path.under("readings")
      if let add {
        guard case .array(let readings)? = JSONValue(try session.surroundings.files.read(add, limit: 1 << 16)) else {
          throw CommandError(
            .refused, "\(add) is no JSON list of readings, as 'rollcall device readings --output json' writes it.")
        }
        _ = try session.client.post(target, .json(.object(["readings": .array(readings)])))
      }
      try session.list(target, columns, list, nothing: "The device never told its vitals.")
    }
  }

  struct Ledger: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a device's custody ledger: what was done to it and who answered for it.",
      discussion: """
        Stage and custody are the device's after each event; 'device show' has the last ones. From and to say who had it \
        and who has it since, people by id alone.

        EXAMPLE
          rollcall device ledger PF3XK2M9
        """)

    @OptionGroup var which: DeviceArgument
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let what = [
        Column("At", "at", time: true),
        Column("Event", "event") { ($0["event"] == .null ? $0["kind"] : $0["event"]).text },
        Column("Stage", "stage") { $0["stageAfter"].text }, Column("Custody", "custody") { $0["custodyAfter"].text },
      ]
      let moved = [Column("From", "from"), Column("To", "to"), Column("Details", "details", CustodyWords.details)]
      let why = [Column("Actor", "actor"), Column("Evidence", "evidence"), Column("Reason", "reason")]
      // A file's columns keep their places; what came later stands behind them.
      let columns = session.format == .csv ? what + why + moved : what + moved + why
      try session.list(
        try which.find(session).path.under("ledger"), columns, list, nothing: "The ledger of this device is empty.")
    }
  }

  struct Software: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a device's installed software.",
      discussion: """
        EXAMPLES
          rollcall device software PF3XK2M9 --all --output csv
          rollcall device software PF3XK2M9 --source flatpak
        """)

    @OptionGroup var which: DeviceArgument
    @Option(help: "Only packages of this database: dpkg, rpm, flatpak or snap.")
    var source: String?
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let columns = [
        Column("Package", "name"), Column("Version", "version"), Column("Architecture", "architecture"),
        Column("Source", "source"),
      ]
      try session.list(
        try which.find(session).path.under("software").adding("source", source), columns, list,
        nothing: "This device has reported no \(source.map { "software of \($0)" } ?? "software").")
    }
  }

  struct Import: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set what people know of devices from a CSV file.",
      discussion: """
        Columns: serial, and any of assetTag, school, model, management. The file is checked whole: every fault is printed \
        with its line, and nothing is changed unless there is none.

        EXAMPLE
          rollcall device import inventory.csv -d cedar-falls
        """)

    @Argument(help: "The CSV file.", completion: .file(extensions: ["csv"]))
    var file: String

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let answer = try session.client.post(
        Target("districts", try district.required(), "devices", "import"), try session.csv(file))
      guard session.format == .table else { return session.show(answer, importColumns) }
      let (created, updated) = (answer["created"].text, answer["updated"].text)
      let rows = answer["rows"].text
      session.say(
        "Imported \(rows) \(rows == "1" ? "device" : "devices") from \(file): \(created) new, \(updated) known before.")
    }
  }
}

private let importColumns = [
  Column("Rows", "rows", number: true), Column("Created", "created", number: true),
  Column("Updated", "updated", number: true),
]

let deviceColumns = [
  Column("Serial", "serial"), Column("Asset tag", "assetTag"), Column("Hostname", "hostname"),
  Column("District", "district"), Column("School", "school"), Column("Model", "model"), Column("Stage", "stage"),
  Column("Key", "keyState", verdict: true) { device in
    device["keyState"].string ?? device["keys"].items.map { $0["state"].text }.joined(separator: ", ")
  },
  Column("Health", "health", verdict: true) { $0["health"].string ?? $0["health"]["verdict"].text },
  Column("Last seen", "lastContact", time: true), Column("Id", "id"),
]
