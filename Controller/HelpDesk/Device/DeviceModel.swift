import Registry
import Serving
import Vocabulary
import Web

/// What the template of a device's page shows: stored values alone, for templates see no others.
struct DeviceModel: Sendable {
  struct ReasonRow: Sendable {
    let code: String
    let mood: String
    let words: String
    let advice: String
    let since: Moment?
    let measured: String?
  }

  struct HolderRow: Sendable {
    let words: String
    /// Of the person's page, where it may be seen.
    let address: String?
    let details: String?
    let since: Moment?
    /// Of a device in repair: whose it is.
    let owner: String?
    let loan: String?
    let isLate: Bool
    let owed: [String]
  }

  struct StepRow: Sendable {
    let at: Moment
    let words: String
    let reason: String?
    /// Who made it.
    let who: String
    let evidence: String?
  }

  struct ChangeRow: Sendable {
    let at: Moment
    let words: String
  }

  struct Button: Sendable {
    let label: String
    let address: String
    let isGrave: Bool
  }

  struct Pair: Sendable {
    let name: String
    let value: String
  }

  struct KeyRow: Sendable {
    let state: String
    let until: Moment
    let short: String
    let reason: String?
  }

  let title: String
  let names: String?
  let mood: String
  let headline: String
  let reasons: [ReasonRow]
  let holder: HolderRow?
  let nobody: String
  let asksPurpose: Bool
  let purposes: [PurposeRow]
  let here: String
  let school: String?
  let district: String
  let stage: String
  let last: Moment?
  let lastAgo: String
  let next: Moment?
  let nextIn: String
  let network: String
  /// What the network of the last contact is called.
  let origin: String?
  let health: HealthModel?
  let readings: ReadingsModel?
  let software: SoftwareModel
  let changes: [ChangeRow]
  let story: [StepRow]
  let storyMore: String?
  let storyMoreWords: String
  let buttons: [Button]
  /// Said where there is no button.
  let nothing: String
  let mayChange: Bool
  let identity: [Pair]
  let keys: [KeyRow]
  let parts: [Pair]
}

extension DeviceModel {
  init(
    _ found: DevicePages.Found, names seen: SeenNames, actors: ActorWords, search: SoftwareSearch, part: StoryPart,
    context: OperatorContext, path: String, now: Instant
  ) {
    let dossier = found.dossier
    let device = dossier.device
    let wellness = Wellness.decide(Wellness.Known(found), now: now)
    title = Self.title(device)
    names = Self.otherNames(device)
    (mood, headline) = (wellness.mood.rawValue, wellness.headline)
    reasons = wellness.reasons.map {
      ReasonRow(
        code: $0.code, mood: $0.mood.rawValue, words: $0.words, advice: $0.advice, since: $0.since.map(Moment.init),
        measured: $0.measured)
    }
    let words = HolderWords(dossier, seen)
    holder = HolderRow(dossier, seen, words, now: now)
    nobody = CustodyWords.custody(device.custody)
    asksPurpose = seen.access == .asksPurpose
    purposes = seen.access == .asksPurpose ? PurposeRow.all : []
    here = path
    school = dossier.school.map { ShownText.of($0.name) }
    district = ShownText.of(dossier.district.name)
    stage = CustodyWords.stage(device.stage, with: dossier.standing.holder)
    last = dossier.contact.map { Moment($0.last) }
    lastAgo = dossier.contact.map { TimeWords.from(now, to: $0.last).capitalizedFirst } ?? ""
    next = dossier.contact.map { Moment($0.next) }
    nextIn = dossier.contact.map { Self.expected($0.next, now) } ?? ""
    network = NetworkWords.of(found.told)
    origin = found.origin.map(NetworkWords.origin)
    health = dossier.contact.map {
      HealthModel(
        HealthTrend($0.health, dossier.healthChanges, knownSince: device.createdAt, now: now), told: found.told)
    }
    readings = ReadingsModel(found.told, now: now)
    software = SoftwareModel(found.software, search, here: path, count: found.told?.packages)
    changes = dossier.changes.map { ChangeRow(at: Moment($0.at), words: ChangeWords.sentence($0.change)) }
    let sentences = StoryWords(name: { words.name($0) })
    let steps = part.steps(of: dossier.story)
    story = steps.reversed().map { step in
      StepRow(
        at: Moment(step.entry.at), words: sentences.sentence(step),
        reason: step.entry.event.reason.map { ShownText.of($0, limit: 500) }, who: actors.words(step.entry.actor),
        evidence: step.entry.event.evidence.map(EvidenceWords.of))
    }
    let more = part.more(than: steps, of: dossier.story, at: path)
    (storyMore, storyMoreWords) = (more?.address, more?.words ?? "")
    mayChange = CustodyMove.Kind.allCases.contains { $0.isOpen(to: context.caller, device) }
    (buttons, nothing) = Button.all(dossier, for: context.caller)
    identity = Self.identity(dossier)
    keys = dossier.keys.reversed().map {
      KeyRow(
        state: $0.state.rawValue, until: Moment($0.notAfter), short: "\($0.digest.description.prefix(16))…",
        reason: $0.reason.map { ShownText.of($0, limit: 300) })
    }
    parts = (found.told?.parts ?? []).map { Pair(name: $0.name, value: ShownText.of($0.value)) }
  }

  static func title(_ device: Device) -> String {
    let model = device.model.map { ShownText.of($0, limit: 60) }
    let mark = (device.assetTag ?? device.serial).map { ShownText.of($0, limit: 60) }
    return [model, mark].compactMap(\.self).joined(separator: " · ").nonEmpty
      ?? device.hostname.map { ShownText.of($0, limit: 60) } ?? device.id.rawValue
  }

  private static func expected(_ next: Instant, _ now: Instant) -> String {
    let words = TimeWords.from(now, to: next)
    return words == "now" ? "any moment" : next < now ? "was expected \(words)" : words
  }

  private static func otherNames(_ device: Device) -> String? {
    let serial = device.assetTag == nil ? nil : device.serial.map { "serial \(ShownText.of($0, limit: 60))" }
    let isTitle = device.model == nil && device.assetTag == nil && device.serial == nil
    let host = isTitle ? nil : device.hostname.map { "called \(ShownText.of($0, limit: 60))" }
    return [serial, host].compactMap(\.self).joined(separator: ", ").nonEmpty
  }

  private static func identity(_ dossier: DeviceDossier) -> [Pair] {
    let device = dossier.device
    let strength =
      switch device.identity {
      case .strong: "sure: the machine itself says it"
      case .weak: "weak: known by its key alone"
      case .serialOnly: "by its serial alone: the machine has not spoken yet"
      }
    let management =
      switch device.management {
      case .agent: "Rollcall's agent"
      case .external: "another agent"
      case .none: "nobody"
      }
    let pairs: [(String, String?)] = [
      ("Serial", device.serial), ("Asset tag", device.assetTag), ("Host name", device.hostname),
      ("Maker", device.vendor), ("Model", device.model), ("Identity", strength), ("Reported by", management),
      ("Agent", dossier.contact?.agentVersion), ("Id", device.id.rawValue),
      ("Known since", Moment(device.createdAt).text),
    ]
    return pairs.compactMap { name, value in value.map { Pair(name: name, value: ShownText.of($0)) } }
  }
}

extension DeviceModel.Button {
  /// The moves that are possible now and that the caller may make, and what is said where there are none.
  static func all(
    _ dossier: DeviceDossier, besides kind: CustodyMove.Kind? = nil, for caller: Caller?
  ) -> (buttons: [Self], nothing: String) {
    let possible = dossier.moves.filter { $0 != kind }
    let open = possible.filter { $0.isOpen(to: caller, dossier.device) }
    return (open.map { Self($0, dossier.device) }, possible.isEmpty ? "Nothing." : "Nothing that your roles allow.")
  }

  init(_ move: CustodyMove.Kind, _ device: Device) {
    label = CustodyWords.button(move)
    address = MovePages.address(move, device)
    isGrave = [.lost, .stolen, .retire].contains(move)
  }
}

extension Wellness.Known {
  init(_ found: DevicePages.Found) {
    let dossier = found.dossier
    (stage, holder) = (dossier.device.stage, dossier.standing.holder)
    repair = dossier.standing.repair
    keys = dossier.keys.map(\.state)
    contact = dossier.contact
    told = found.told
    stageSince = dossier.story.last { Self.makes($0.entry.kind, stage) }?.entry.at
    for item in dossier.contact?.health.items ?? [] {
      since[item.item] =
        dossier.healthChanges.first {
          $0.change.field == item.item && $0.change.new == item.verdict.rawValue
        }?.at
    }
  }

  /// Whether an event of this kind brings a device into a stage of which a page tells since when.
  private static func makes(_ kind: LedgerEvent.Kind, _ stage: Stage?) -> Bool {
    switch kind {
    case .expected: stage == .ordered
    case .lost: stage == .lost
    case .stolen: stage == .stolen
    case .sentToRepair: stage == .inRepair
    case .retired, .transferred: stage == .retired
    default: false
    }
  }
}

/// A reason to look at students' data, to choose from.
struct PurposeRow: Sendable {
  let value: String
  let words: String

  static let all = ViewPurpose.choices.map { PurposeRow(value: $0.rawValue, words: $0.words) }
}

extension String {
  var nonEmpty: String? { isEmpty ? nil : self }
  /// As a sentence begins.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

/// How a machine was connected, in words.
enum NetworkWords {
  static func of(_ told: MachineTold?) -> String {
    guard let told, !told.links.isEmpty else { return "It did not tell" }
    let kinds = MachineTold.Link.allCases.filter(told.links.contains).map { link in
      switch link {
      case .cable: "by cable"
      case .wireless: "by Wi-Fi\(told.signal.map { ", signal \(quality($0))" } ?? "")"
      case .other: "by another link"
      }
    }
    return kinds.joined(separator: " and ").capitalizedFirst
  }

  /// - Parameter label: the operator's words, or `elsewhere`.
  static func origin(_ label: String) -> String {
    label == "elsewhere" ? "From a network that has no name here" : "From: \(ShownText.of(label, limit: 40))"
  }

  /// Of dBm.
  private static func quality(_ signal: Int) -> String { signal >= -60 ? "good" : signal >= -72 ? "fair" : "weak" }
}
