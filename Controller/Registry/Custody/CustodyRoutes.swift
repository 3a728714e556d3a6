import Audit
import Serving
import Storage
import Vocabulary

/// What people do with devices: moves of one, assignments and returns of many, and loans.
struct CustodyRoutes: Sendable {
  let registry: DeviceRegistry

  var routes: [PeopleRoute] {
    CustodyMove.Kind.allCases.map(route) + [
      PeopleRoute(
        .get, "/api/v1/districts/{district}/loans", .district(AccessRule.anyReader),
        Operation(
          "listLoans", "Devices on loan, those that are due first at the top",
          query: [.init("overdue", "true: only those whose last day is over")] + PageRequest.parameters,
          answers: (200, Page<LoanView>.schema(of: LoanView.schema))), handle: loans)
    ]
  }

  private func route(_ kind: CustodyMove.Kind) -> PeopleRoute {
    PeopleRoute(
      .post, "/api/v1/districts/{district}/devices/{device}/\(kind.rawValue)", kind.rights.rule,
      Operation(
        kind.operation, kind.summary, body: ("application/json", MoveForm.schema(of: kind)),
        isBodyRequired: kind.needsBody, answers: (200, MovedView.schema))
    ) { try await move(kind, $0, $1) }
  }

  private func move(_ kind: CustodyMove.Kind, _ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, id) = try DeviceRoutes.place(call)
    let form = call.body.isEmpty ? MoveForm() : try JSONText.decode(MoveForm.self, from: call.body)
    return try await CustodyDesk(registry: registry).move(id, of: district, by: kind, form, call, context) {
      try .json($0)
    }
  }

  private func loans(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let page = try PageRequest(call)
    let after = try LoanStore.place(page.after)
    let overdue = try call.query("overdue")
    guard [nil, "true", "false"].contains(overdue) else {
      throw ServingError(.query, "'overdue' is true or false.")
    }
    let seesPeople = context.caller?.seesPeople(in: district) == true
    let found = try await registry.database.read(in: context.scope) { transaction in
      _ = try registry.existing(district, transaction)
      let calendar = try CalendarStore.calendar(of: district, transaction)
      return try LoanStore.page(
        of: district, before: overdue == "true" ? call.now.day : .max, after: after, limit: page.limit + 1, transaction
      ).map { LoanView($0, calendar: calendar, today: call.now.day, seesPeople: seesPeople) }
    }
    return try .json(Page(found, limit: page.limit, key: \.place))
  }
}

extension CustodyMove.Kind {
  /// Whether a move says nothing without a body.
  var needsBody: Bool {
    switch self {
    case .assign, .loan, .repair, .transfer, .retire, .giveAccessories, .returnAccessories: true
    case .receive, .deliver, .giveBack, .repaired, .lost, .stolen, .found: false
    }
  }

  var operation: String {
    switch self {
    case .giveAccessories: "giveAccessories"
    case .returnAccessories: "returnAccessories"
    case .repaired: "endRepair"
    case .lost: "reportDeviceLost"
    case .stolen: "reportDeviceStolen"
    case .found: "reportDeviceFound"
    case .receive, .deliver, .assign, .giveBack, .loan, .repair, .transfer, .retire: "\(rawValue)Device"
    }
  }

  var summary: String {
    let ledger =
      "; refused (custody.impossible, with the moves that are possible) where the device cannot from where it stands"
    let words =
      switch self {
      case .receive: "A device came: to the warehouse, or to who 'to' says"
      case .deliver: "A device was handed over to its school, or to who 'to' says"
      case .assign: "Give a device to a student, a member of staff, a school, the district or a vendor"
      case .giveBack: "Take a device back from who has it, a loaned one too; accessories that are not named stay owed"
      case .loan: "Give a device to somebody for a number of school days, or until a day"
      case .repair: "Send a device to be repaired"
      case .repaired: "A device is repaired: it is again where it was before"
      case .lost: "A device is lost: it still checks in, and receives nothing but a notice"
      case .stolen: "A device was stolen: it still checks in, and receives nothing but a notice"
      case .found: "A lost or stolen device was found: it is again where it was before, and trusted again"
      case .transfer:
        "Move a device to another school, or to another district, which takes a role in both; its past stays with the former one, and it enrols anew"
      case .retire: "Take a device out of use, for good"
      case .giveAccessories: "Give accessories to who has a device"
      case .returnAccessories: "Take accessories of a device back from who owes them"
      }
    return "\(words)\(ledger). For \(rights.words)"
  }
}

extension MoveForm {
  /// The members that a move takes.
  static func schema(of kind: CustodyMove.Kind) -> Schema {
    var members: [(name: String, schema: Schema)] = []
    var required: [String] = []
    func add(_ name: String, _ schema: Schema, isRequired: Bool = false) {
      members.append((name, schema))
      if isRequired { required.append(name) }
    }
    switch kind {
    case .receive, .deliver, .assign, .giveBack, .loan, .repair, .transfer:
      add("to", .string("Who gets it: \(kind.recipients)"), isRequired: kind.needsRecipient)
    case .repaired, .lost, .stolen, .found, .retire, .giveAccessories, .returnAccessories: break
    }
    switch kind {
    case .assign, .loan: add("accessories", accessories("What goes along"))
    case .giveBack: add("accessories", accessories("What came back with it"))
    case .giveAccessories, .returnAccessories: add("accessories", accessories("Which"), isRequired: true)
    case .receive, .deliver, .repair, .repaired, .lost, .stolen, .found, .transfer, .retire: break
    }
    if kind == .loan {
      add("days", .integer("For how many school days, 1 to \(SchoolCalendar.longestLoan); this or 'due'"))
      add("due", .string("The last day, as 2026-12-03; this or 'days'"))
      add("for", .string("The serial or id of the device in repair, lost or stolen in whose place it is loaned"))
    }
    if kind == .repair {
      add("category", .oneOf(RepairCategory.allCases.map(\.rawValue), "What is the matter"), isRequired: true)
    }
    if kind == .stolen { add("policeReport", .string("The number of the police report, 1 to 64 characters")) }
    add("reason", .string("Why, 1 to 500 characters; never a student's name"), isRequired: kind == .retire)
    add("evidence", .string("What proves it, such as a ticket's number, 1 to 200 characters"))
    add(
      "expected",
      .integer(
        "The number of the device's last event that you have seen: refused (custody.conflict) where another came"))
    return .object(members, required: required)
  }

  private static func accessories(_ summary: String) -> Schema {
    .array(.oneOf(Accessory.allCases.map(\.rawValue), summary))
  }
}
