import Serving
import Vocabulary

/// What a file's row says of a device; nil where it says nothing, and what is known stays.
struct ImportedDevice: Sendable, Hashable {
  let line: Int
  let serial: Serial
  let assetTag: String?
  let school: SchoolID?
  let model: String?
  let management: Management?
}

/// Reads a file of devices, purely, against what the district has.
struct ImportDecision {
  /// Misspelt schools that are told the nearest one.
  private static let hintLimit = 100

  static let columns = [
    CSVColumn("serial", required: true, aliases: ["serial number", "serial no", "s/n"]),
    CSVColumn("assetTag", aliases: ["asset", "asset number"]),
    CSVColumn("school", aliases: ["school id", "building"]),
    CSVColumn("model", aliases: ["model name"]),
    CSVColumn("management", aliases: ["managed by"]),
  ]

  /// Ids by id and by folded name.
  private let schools: [String: SchoolID]
  /// Folded serials of the devices that our agent manages.
  private let agents: Set<String>
  private let schoolNames: [String]
  /// The nearest school's name by what was written; the first ones alone, for each is compared with every school.
  private var nearestSchools: [String: String] = [:]
  private var hints = 0
  private var lineOfSerial: [String: Int] = [:]
  private var lineOfTag: [String: Int] = [:]
  private var tags: [ToldTag] = []

  private init(schools: [School], agents: Set<String>) {
    self.schools = Dictionary(
      schools.flatMap { [($0.id.rawValue, $0.id), ($0.name.lowercased(), $0.id)] },
      uniquingKeysWith: { first, _ in first })
    schoolNames = self.schools.keys.sorted()
    self.agents = agents
  }

  /// - Parameter holders: the district's devices by their folded asset tags.
  /// - Throws: `csv.invalid` with every fault: line, column, value and rule.
  static func read(
    _ bytes: [UInt8], schools: [School], agents: Set<String>, holders: [String: [TagHolder]]
  ) throws(CSVError) -> [ImportedDevice] {
    var decision = ImportDecision(schools: schools, agents: agents)
    return try CSVTable.read(bytes, columns: columns) { row, faults in
      decision.device(row, &faults)
    } end: { faults in
      for fault in TagDecision.faults(decision.tags, holders: holders) { faults.add(fault) }
    }
  }

  /// Looks once more, where the change is made: another request may have given a tag away since the file was read.
  ///
  /// - Throws: `csv.invalid`.
  static func checkTags(of devices: [ImportedDevice], holders: [String: [TagHolder]]) throws(CSVError) {
    let told = devices.compactMap { device in
      device.assetTag.map { ToldTag(line: device.line, tag: $0, serial: device.serial) }
    }
    var faults = CSVFaults()
    for fault in TagDecision.faults(told, holders: holders) { faults.add(fault) }
    guard faults.count == 0 else { throw CSVError(faults) }
  }

  private mutating func device(_ row: CSVRow, _ faults: inout CSVFaults) -> ImportedDevice? {
    let serial = serial(row, &faults)
    let tag = plain(row, "assetTag", limit: 64, &faults)
    if let tag { refuseRepeat(row, "assetTag", Folded.assetTag(tag) ?? tag, &lineOfTag, &faults) }
    let school = school(row, &faults)
    let model = plain(row, "model", limit: 128, &faults)
    let management = management(row, serial, &faults)
    guard let serial else { return nil }
    if let tag, lineOfTag[Folded.assetTag(tag) ?? tag] == row.line {
      tags.append(ToldTag(line: row.line, tag: tag, serial: serial))
    }
    return ImportedDevice(
      line: row.line, serial: serial, assetTag: tag, school: school, model: model, management: management)
  }

  private mutating func serial(_ row: CSVRow, _ faults: inout CSVFaults) -> Serial? {
    guard let text = row["serial"] else { return nil }
    guard let serial = Serial(text) else {
      let what =
        Serial.isPlaceholder(text)
        ? "a maker's filler, which many devices share" : "not 1 to 64 printable ASCII characters"
      faults.add(row, "serial", code: "import.serial", "This serial is \(what); give the one printed on the case.")
      return nil
    }
    refuseRepeat(row, "serial", serial.folded, &lineOfSerial, &faults)
    return serial
  }

  private func refuseRepeat(
    _ row: CSVRow, _ column: String, _ folded: String, _ lines: inout [String: Int], _ faults: inout CSVFaults
  ) {
    if let first = lines[folded] {
      faults.add(
        row, column, code: "import.repeated", "Line \(first) has this \(column) already; each device stands once.")
    } else {
      lines[folded] = row.line
    }
  }

  private func plain(_ row: CSVRow, _ column: String, limit: Int, _ faults: inout CSVFaults) -> String? {
    guard let text = row[column] else { return nil }
    let hasControl = text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard text.count <= limit, text.utf8.count <= 4 * limit, !hasControl else {
      faults.add(row, column, code: "import.text", "'\(column)' has at most \(limit) characters on one line.")
      return nil
    }
    return text
  }

  private mutating func school(_ row: CSVRow, _ faults: inout CSVFaults) -> SchoolID? {
    guard let text = row["school"] else { return nil }
    if let id = schools[text] ?? schools[text.lowercased()] { return id }
    let hint = nearest(to: text, faults).map { " Did you mean '\($0)'?" } ?? ""
    faults.add(row, "school", code: "import.school", "The district has no school of this id or name.\(hint)")
    return nil
  }

  /// nil also where the fault will not be listed, or enough were told.
  private mutating func nearest(to text: String, _ faults: CSVFaults) -> String? {
    if let known = nearestSchools[text] { return known.isEmpty ? nil : known }
    guard faults.list.count < CSVFaults.kept, hints < Self.hintLimit else { return nil }
    hints += 1
    let nearest = Spelling.nearest(to: text, in: schoolNames)
    nearestSchools[text] = nearest ?? ""
    return nearest
  }

  private func management(_ row: CSVRow, _ serial: Serial?, _ faults: inout CSVFaults) -> Management? {
    guard let text = row["management"] else { return nil }
    guard let management = Management(rawValue: text.lowercased()) else {
      faults.add(row, "management", code: "import.management", "'management' is one of agent, external, none.")
      return nil
    }
    guard let serial else { return nil }
    let isOurs = agents.contains(serial.folded)
    if isOurs != (management == .agent) {
      let why =
        isOurs
        ? "Our agent manages this device; revoke its key first."
        : "Only enrolment makes 'agent'; leave it empty until then."
      faults.add(row, "management", code: "import.management", why)
      return nil
    }
    return management
  }
}
