import Serving
import Storage
import Vocabulary

/// Rules that users keep together.
extension ImportReading {
  /// The most guardians of a student.
  static let agentLimit = 32
  /// The most references to guardians of whom the file tells later.
  static let waitingLimit = 4_000_000

  // MARK: - Numbers

  /// A student's number, which no other line of the district has.
  func checkNumber(_ number: Cell, _ district: Int, _ row: FileRow, _ column: String) {
    guard let first = numbers.insert(key(district, number), Int32(clamping: row.line)) else { return }
    faults.add(
      row, column, number, rule: "roster.number-repeated",
      "Line \(first) has this number already; a district gives each student one of their own.")
  }

  /// Where a file does not tell of everybody, a number may be that of a student who stands and of whom it says nothing.
  func checkStandingNumbers(_ file: String?, _ column: String = "identifier") throws {
    guard numbers.count > 0 else { return }
    for (place, district) in plan.districts.enumerated() {
      try PersonStore.eachStudentNumber(in: district.district, transaction) { number, id in
        guard let line = numbers[key(place, number)], indexes[RowKind.person.place]?.isUntold(key(place, id)) ?? false
        else { return }
        faults.add(
          Fault(
            file: file, line: Int(line), field: column, value: number, code: "roster.number-repeated",
            message: "Another student of the district has this number."))
      }
    }
  }

  // MARK: - Guardians

  /// The ids of a student's guardians, each once.
  func putAgents(_ district: Int, _ row: FileRow) {
    put("")
    rowAgents.removeAll(keepingCapacity: true)
    var isOver = false
    row[.agents].eachPart { part in
      guard part.count <= 255 else {
        return faults.add(row, "agentSourcedIds", part, rule: "roster.id", "An id has at most 255 bytes.")
      }
      let user = key(-1, part)
      guard !rowAgents.contains(user) else { return }
      guard rowAgents.count < Self.agentLimit else {
        isOver = true
        return
      }
      if !rowAgents.isEmpty { body.append(UInt8(ascii: ",")) }
      rowAgents.append(user)
      body.append(contentsOf: part)
      if users[user] == nil { wait(AgentReference(user: user, inDistrict: key(district, part), line: row.line)) }
    }
    if isOver {
      faults.add(
        row, "agentSourcedIds", row[.agents], rule: "roster.too-many",
        "A student has at most \(Self.agentLimit) guardians.")
    }
  }

  private func wait(_ agent: AgentReference) {
    if agents.count < Self.waitingLimit { return agents.append(agent) }
    guard !isWaitingFull else { return }
    isWaitingFull = true
    faults.add(
      Fault(
        line: agent.line, field: "agentSourcedIds", code: "roster.too-many",
        message:
          "Over \(Self.waitingLimit) references are to guardians further below; let these come before the students."))
  }

  /// References to guardians, once the whole file was read.
  func checkAgents(_ files: ExportFiles, _ table: FileTable, isDelta: Bool) throws {
    let missing = agents.filter { agent in
      guard users[agent.user] == nil else { return false }
      guard aside[.guardian, agent.user] ?? aside[.person, agent.user] == nil else { return false }
      return !isDelta
        || ![RowKind.guardian, .person].contains {
          indexes[$0.place]?.refers(agent.inDistrict, isDelta: true) ?? false
        }
    }
    agents = []
    guard !missing.isEmpty else { return }
    let texts = try texts(of: Array(missing.prefix(CSVFaults.kept)), files, table)
    faults.file = table.name
    defer { faults.file = nil }
    for agent in missing {
      faults.add(
        Fault(
          line: agent.line, field: "agentSourcedIds", value: texts[agent.user], code: "roster.reference",
          message: "users.csv has no user of this id."))
    }
  }

  /// The ids behind references, for which the file is read once more: of the many that are right no text is kept.
  private func texts(
    of missing: [AgentReference], _ files: ExportFiles, _ table: FileTable
  ) throws -> [UInt64: String] {
    let lines = Set(missing.map(\.line))
    let wanted = Set(missing.map(\.user))
    var texts: [UInt64: String] = [:]
    _ = try files.read(table, rows: limits.users, FileFaults()) { row in
      guard lines.contains(row.line) else { return }
      row[.agents].eachPart { part in
        let user = key(-1, part)
        if wanted.contains(user) { texts[user] = String(decoding: part, as: UTF8.self) }
      }
    }
    return texts
  }
}
