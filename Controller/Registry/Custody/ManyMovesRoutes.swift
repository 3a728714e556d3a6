import Audit
import Serving
import Storage
import Vocabulary

/// Assignments and returns of many devices: by a file, or by class. All of it, or nothing.
struct ManyMovesRoutes: Sendable {
  let registry: DeviceRegistry

  /// A file of 100,000 rows.
  private static let bodyLimit = 8 << 20

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .post, "/api/v1/districts/{district}/assignments", .district(AccessRule.deviceManagers),
        Operation(
          "assignDevices",
          "Give many devices out: to the students of a class, one each in the order of the roster, or as a file of text/csv says",
          body: ("application/json", ClassForm.assigning),
          csv:
            "A header line and one line a device: serial, and studentId or school; accessories (charger, case) where they go along",
          answers: (200, ManyMovedView.schema)), bodyLimit: Self.bodyLimit, handle: assign),
      PeopleRoute(
        .post, "/api/v1/districts/{district}/returns", .district(AccessRule.deviceManagers),
        Operation(
          "returnDevices",
          "Take many devices back: all that the students of a class have, or as a file of text/csv says; accessories that are not named stay owed",
          query: [
            .init(
              "to",
              "Where the devices of a file go, if not to their schools: warehouse, district, or school: and a code")
          ], body: ("application/json", ClassForm.returning),
          csv: "A header line and one line a device: serial, and accessories (charger, case) that came back",
          answers: (200, ManyMovedView.schema)), bodyLimit: Self.bodyLimit, handle: giveBack),
    ]
  }

  private func assign(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    guard call.isCSV else {
      let form = try JSONText.decode(ClassForm.self, from: call.body)
      let (asked, serials) = (try form.checked(), try form.devices())
      return try await change(call, context, .assign) { district, _, change in
        try registry.plan(asked, serials, in: district, change)
      }
    }
    return try await read(call, context, CustodyFile.assigned, CustodyMove(.assign))
  }

  private func giveBack(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    guard call.isCSV else {
      let asked = try JSONText.decode(ClassForm.self, from: call.body).checked()
      return try await change(call, context, .giveBack) { district, _, change in
        try registry.planReturn(asked, in: district, change)
      }
    }
    var check = FieldCheck()
    let move = CustodyMove(.giveBack, to: check.place(try call.query("to")))
    try check.throwFaults()
    return try await read(call, context, CustodyFile.returned, move)
  }

  private func read(
    _ call: Call, _ context: OperatorContext, _ columns: [CSVColumn], _ move: CustodyMove
  ) async throws -> Reply {
    try await registry.reading(call, context) { _ in
      Result { try CustodyFile(call.body, columns: columns) }
    } then: { read in
      try await change(call, context, move.kind) { district, faults, change in
        let file = try read.get()
        faults = file.faults
        try registry.requireSchool(of: move.to, in: district, change.transaction)
        return try registry.plan(file, move, in: district, &faults, change.transaction)
      }
    }
  }

  private func change(
    _ call: Call, _ context: OperatorContext, _ kind: CustodyMove.Kind,
    plan: @escaping @Sendable (DistrictID, inout CSVFaults, RegistryChange) throws -> [PlannedMove]
  ) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let (sent, isFile) = (Digest.sha256(call.body), call.isCSV)
    return try await registry.change(call, context) { change in
      _ = try registry.existing(district, change.transaction)
      var faults = CSVFaults()
      // Each event leads to the journal's entry of the whole.
      let planned = try plan(district, &faults, change).map {
        $0.proven(by: "\(isFile ? "file" : "request"):\(sent)")
      }
      let result = try change.move(planned, in: district, faults)
      try change.journal(
        "custody.\(kind.rawValue)-many", ("district", district.rawValue), district,
        ManyBody(sent: sent, moved: result.moved.count, unchanged: result.unchanged))
      return try .json(ManyMovedView(result, listsDevices: !isFile))
    }
  }

  private struct ManyBody: JournalBody {
    /// SHA-256 of the file or the request; the events of the devices name it.
    let sent: Digest
    let moved: Int
    let unchanged: Int
  }
}

extension Call {
  fileprivate var isCSV: Bool { headers[.contentType]?.lowercased().hasPrefix("text/csv") == true }
}

/// The body that names a class, and the devices for it.
struct ClassForm: Decodable, Sendable {
  let `class`: String
  var serials: [String]?
  var accessories: [String]?
  /// Where devices that come back go.
  var to: String?
  var reason: String?
  var evidence: String?

  /// What is asked of a class.
  struct Asked: Sendable {
    let id: String
    let accessories: Accessories
    let to: Holder?
    let reason: String?
    let evidence: String?

    /// The move of one device with what is said of all.
    func told(_ move: CustodyMove) -> CustodyMove {
      var move = move
      (move.accessories, move.reason, move.evidence) = (accessories, reason, evidence)
      return move
    }
  }

  /// - Throws: `registry.invalid`.
  func checked() throws(RegistryError) -> Asked {
    var check = FieldCheck()
    let id = check.text(self.class, "class", limit: 255)
    let accessories = check.accessories(accessories)
    let to = check.place(to)
    let reason = reason.map { check.text($0, "reason", limit: 500) }
    let evidence = evidence.map { check.text($0, "evidence", limit: 200) }
    try check.throwFaults()
    return Asked(id: id, accessories: accessories, to: to, reason: reason, evidence: evidence)
  }

  /// - Throws: `registry.invalid` with every fault.
  func devices() throws(RegistryError) -> [Serial] {
    let texts = serials ?? []
    guard (1...1000).contains(texts.count) else {
      throw RegistryError(.invalid, "'serials' names 1 to 1,000 devices.")
    }
    var check = FieldCheck()
    var seen: Set<Serial> = []
    let found = texts.compactMap { text -> Serial? in
      guard let serial = Serial(text), seen.insert(serial).inserted else {
        check.add("serials", text, "'serials' are the devices' serials, each once.")
        return nil
      }
      return serial
    }
    try check.throwFaults()
    return found
  }

  private static let accessories = Schema.array(.oneOf(Accessory.allCases.map(\.rawValue), "With each device"))

  static let assigning = Schema.object(
    [
      ("class", .string("As the roster calls it")),
      ("serials", .array(.string("A device for one of its students, in the order in which they are given out"))),
      ("accessories", accessories), reason, evidence,
    ], required: ["class", "serials"])
  static let returning = Schema.object(
    [
      ("class", .string("As the roster calls it")), ("accessories", accessories),
      ("to", .string("Where they go, if not to their schools: warehouse, district, or school: and a code")), reason,
      evidence,
    ], required: ["class"])
  private static let reason = ("reason", Schema.string("Why; it stands in each ledger. Never a person's name"))
  private static let evidence = ("evidence", Schema.string("What proves it, such as a ticket's number"))
}

/// What moves of many devices came to, as the API shows it.
struct ManyMovedView: Encodable, Sendable {
  let moved: Int
  let unchanged: Int
  /// nil for a file: who sent it has it.
  let devices: [Item]?

  struct Item: Encodable, Sendable {
    let device: DeviceID
    let serial: String?
    let holder: Holder?
  }

  init(_ result: ManyMoved, listsDevices: Bool) {
    moved = result.moved.count
    unchanged = result.unchanged
    devices = listsDevices ? result.moved.map { Item(device: $0.id, serial: $0.serial, holder: $1) } : nil
  }

  static let schema = Schema.object(
    [
      ("moved", .integer("Devices that have another holder now")),
      ("unchanged", .integer("Devices that were with who was named already")),
      (
        "devices",
        .array(
          .object(
            [
              ("device", .string("Its id")), ("serial", .string("Its serial")),
              ("holder", .string("Who has it now, such as 'person:' and an id")),
            ], required: ["device"]))
      ),
    ], required: ["moved", "unchanged"])
}
