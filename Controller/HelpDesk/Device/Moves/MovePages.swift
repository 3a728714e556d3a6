import HTTPTypes
import Registry
import Serving
import Vocabulary
import Web

/// A small page for each move: it asks only what the move needs, and leads back to the device.
struct MovePages: Sendable {
  let desk: DevicePages

  private static let path = "/districts/{district}/devices/{device}/moves/{move}"
  /// Whoever makes any move comes this far; which one, and with which device, is looked at in ``place(_:_:)``.
  private static let rule = AccessRule.school(MoveRights.movers)

  static func address(_ move: CustodyMove.Kind, _ device: Device) -> String {
    "/districts/\(device.district)/devices/\(device.id)/moves/\(move.rawValue)"
  }

  var routes: [PeopleRoute] {
    [
      .deskPage(.get, Self.path, Self.rule, "showMovePage", "What a move of a device asks for") { call, context in
        let (kind, found) = try await place(call, context)
        return try await page(kind, found, call, context)
      },
      .deskPage(.post, Self.path, Self.rule, "makeMovePage", "Moves a device", handle: make),
    ]
  }

  /// - Throws: `request.not-found`, `access.forbidden`.
  private func place(_ call: Call, _ context: OperatorContext) async throws -> (CustodyMove.Kind, DevicePages.Found) {
    guard let kind = call.parameters["move"].flatMap(CustodyMove.Kind.init(rawValue:)) else {
      throw ServingError.notFound
    }
    let found = try await desk.found(try call.identifier("device"), context)
    try kind.require(context.caller, of: found.dossier.device)
    return (kind, found)
  }

  @Sendable private func make(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (kind, found) = try await place(call, context)
    let form = try FormBody(call)
    let fields = try await fields(of: kind, found, context)
    let (move, faults) = fields.read(form)
    if form["look-up"] != nil, fields.all.contains(where: \.looksUp) {
      return try await lookUp(kind, found, form, call, context)
    }
    guard faults.isEmpty else {
      return try await page(kind, found, call, context, form: form, refused: Refusal(faults: faults))
    }
    let device = found.dossier.device
    do {
      try await CustodyDesk(registry: desk.registry)
        .move(device.id, of: device.district, by: kind, move, call, context)
    } catch let error as RegistryError where error.status != .notFound {
      // What came meanwhile is looked up anew, so that it can be told.
      let now = try await desk.found(device.id, context)
      let isLate = error.kind == .custodyConflict || !now.dossier.moves.contains(kind)
      return try await page(kind, now, call, context, form: form, refused: Refusal(error, fields, isLate: isLate))
    } catch let error as ServingError where error.status == .notFound && kind == .transfer {
      // The device is there: it was found above.
      let words = "There is no such district to which you may move devices."
      return try await page(kind, found, call, context, form: form, refused: Refusal(faults: ["district": words]))
    }
    return Shell.redirect(to: "/devices/\(device.id)?done=\(kind.rawValue)")
  }

  // MARK: - Who has a number

  private func lookUp(
    _ kind: CustodyMove.Kind, _ found: DevicePages.Found, _ form: FormBody, _ call: Call, _ context: OperatorContext
  ) async throws -> Reply {
    let device = found.dossier.device
    var refusal = Refusal(faults: [:])
    guard let text = form["student"].map(MoveFields.trimmed), !text.isEmpty else {
      refusal.faults["student"] = "Type a number first."
      return try await page(kind, found, call, context, form: form, refused: refusal)
    }
    let known = try await desk.database.read(in: .district(device.district)) { [people = desk.people] transaction in
      if let id = PersonID(rawValue: text) { return try people.people([id], of: device.district, transaction)[id]?.id }
      return try people.student(numbered: text, of: device.district, transaction)?.id
    }
    guard let known else {
      refusal.faults["student"] = "The district’s roster has no student with this number who has not left."
      return try await page(kind, found, call, context, form: form, refused: refusal)
    }
    let seen = try await desk.seen(
      [known], of: device.district, school: device.school, device: device.id, as: .lookUp, call, context)
    let words = seen.people[known].map { "\(ShownText.inSentence($0.name)), \(DeviceModel.HolderRow.details($0))" }
    return try await page(
      kind, found, call, context, form: form, who: words ?? "Somebody has this number. Say why you look to see who.")
  }

  // MARK: - The page

  /// Why a move was not made.
  struct Refusal: Sendable {
    /// By the fields' names.
    var faults: [String: String]
    /// Of the device as a whole.
    var words: String?
    var code: String?
    /// Whether something else came first.
    var isLate = false
    var status = HTTPResponse.Status.unprocessableContent

    init(faults: [String: String]) { self.faults = faults }

    init(_ error: RegistryError, _ fields: MoveFields, isLate: Bool) {
      faults = [:]
      status = error.status
      code = error.code.text
      for fault in error.faults {
        if let name = fields.place(of: fault) { faults[name] = fault.message } else { words = fault.message }
      }
      if let name = fields.place(of: error.kind) { faults[name] = error.message }
      self.isLate = isLate
      if faults.isEmpty, words == nil, !isLate { words = error.plain ?? error.message }
    }
  }

  private struct Model: Sendable {
    let explanation: String
    let action: String
    let back: String
    let device: String
    let standing: String
    let isPossible: Bool
    let happened: String?
    let fault: String?
    let code: String?
    let fields: [MoveField]
    let expected: Int64
    let button: String
    let isGrave: Bool
    let others: [DeviceModel.Button]
    /// Said where there are no others.
    let nothing: String
  }

  private func fields(
    of kind: CustodyMove.Kind, _ found: DevicePages.Found, _ context: OperatorContext
  ) async throws -> MoveFields {
    let dossier = found.dossier
    let schools = try await desk.database.read(in: context.scope) { [registry = desk.registry] transaction in
      try registry.schools(of: dossier.device.district, transaction)
    }
    let owed =
      dossier.standing.holder.flatMap { dossier.standing.owed[$0] }
      ?? dossier.standing.owed.values.first ?? Accessories([])
    var reachesOthers = false
    switch context.caller?.scope(of: kind.rights.inDistrict) {
    case .state: reachesOthers = true
    case .districts(let districts): reachesOthers = districts.count > 1
    case nil: break
    }
    return MoveFields(kind: kind, schools: schools, owed: owed, reachesOthers: reachesOthers)
  }

  private func page(
    _ kind: CustodyMove.Kind, _ found: DevicePages.Found, _ call: Call, _ context: OperatorContext,
    form: FormBody? = nil, refused: Refusal? = nil, who: String? = nil
  ) async throws -> Reply {
    let dossier = found.dossier
    let seen = try await names(dossier, call, context)
    let words = HolderWords(dossier, seen)
    let fields = try await fields(of: kind, found, context).all.map { field -> MoveField in
      var shown = form.map { field.filled($0.all(field.name)) } ?? field
      shown.fault = refused?.faults[field.name]
      if field.looksUp { shown.found = who }
      return shown
    }
    let isPossible = dossier.moves.contains(kind)
    let last = dossier.story.last.map {
      "\(Moment($0.entry.at).text): \(StoryWords(name: words.name).sentence($0))"
    }
    let (others, nothing) = DeviceModel.Button.all(dossier, besides: kind, for: context.caller)
    let holder = dossier.standing.holder.map { ", with \(words.name($0))" } ?? ""
    let model = Model(
      explanation: CustodyWords.explanation(kind), action: MovePages.address(kind, dossier.device),
      back: "/devices/\(dossier.device.id)", device: DeviceModel.title(dossier.device),
      standing: "It is \(CustodyWords.stage(dossier.standing.stage, with: dossier.standing.holder))\(holder).",
      isPossible: isPossible,
      happened: refused?.isLate == true || !isPossible ? last : nil, fault: refused?.words, code: refused?.code,
      fields: fields, expected: dossier.sequence, button: CustodyWords.button(kind),
      isGrave: [.lost, .stolen, .retire].contains(kind),
      others: others, nothing: nothing)
    let late = refused?.isLate == true ? "Something else came first, so nothing was changed." : nil
    return try desk.shell.page(
      "device-move", model,
      Shell.Heading(CustodyWords.button(kind), fault: late, isNarrow: true, status: refused?.status ?? .ok), context)
  }

  private func names(_ dossier: DeviceDossier, _ call: Call, _ context: OperatorContext) async throws -> SeenNames {
    let last = dossier.story.last
    var persons: Set<PersonID> = []
    for case .person(let id)? in [dossier.standing.holder, last?.from, last?.to] { persons.insert(id) }
    return try await desk.seen(
      persons, of: dossier.device.district, school: dossier.device.school, device: dossier.device.id, as: .devicePage,
      call, context)
  }
}
