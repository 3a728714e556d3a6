import Registry
import Vocabulary
import Web

/// What a search found, in the words of its page.
struct SearchModel: Sendable {
  struct Person: Sendable {
    let name: String
    let address: String
    /// Such as `Student, grade 05, Otter Creek Elementary, number 100234`.
    let words: String
    let why: String
    let hasDevices: Bool
    let devices: [Device]
    /// Where not all devices are shown, or there is none.
    let note: String?
  }

  struct Device: Sendable {
    let address: String
    /// The name that is on its sticker.
    let title: String
    let words: String
    let state: String
    /// `good` or `bad` for the eye; the words say it.
    let mood: String
    let holder: String?
    /// Of a device that was searched for. No optional: a template would find the person's in its place.
    let isFound: Bool
    let why: String
  }

  let people: [Person]
  let devices: [Device]
  let hasPeople: Bool
  let hasDevices: Bool
  let isEmpty: Bool
  let hasMorePeople: Bool
  let leavesSerials: Bool
  /// The page of the one device that is meant, which Enter opens.
  let only: String?
  /// For who does not see the list: `3 people and 1 device`.
  let count: String

  init(_ found: DeskSearch.Found, now: Instant) {
    people = found.people.map { person in
      let held = (found.held[person.id] ?? []).map { Device($0, found, now: now) }
      return Person(
        name: ShownText.of(person.name), address: "/districts/\(person.district)/persons/\(person.id)",
        words: SearchWords.of(person, found), why: SearchWords.why(person.match), hasDevices: !held.isEmpty,
        devices: held,
        note: SearchWords.note(held.count, isMore: found.holdMore.contains(person.id)))
    }
    devices = found.devices.map { Device($0, found, now: now) }
    (hasPeople, hasDevices) = (!people.isEmpty, !devices.isEmpty)
    isEmpty = people.isEmpty && devices.isEmpty
    let parts = [
      people.isEmpty ? nil : people.count == 1 ? "1 person" : "\(people.count) people",
      devices.isEmpty ? nil : devices.count == 1 ? "1 device" : "\(devices.count) devices",
    ].compactMap(\.self)
    let more =
      found.hasMorePeople
      ? ". There are more people: type more of the name"
      : found.leavesSerials ? ". Not all serials were looked through: type its beginning or its last characters" : ""
    count = (parts.isEmpty ? "Nothing found" : parts.joined(separator: " and ") + " found") + more
    hasMorePeople = found.hasMorePeople
    leavesSerials = found.leavesSerials
    only = found.only.map { "/devices/\($0)" }
  }
}

extension SearchModel.Device {
  init(_ found: FoundDevice, _ all: DeskSearch.Found, now: Instant) {
    let device = found.device
    address = "/devices/\(device.id)"
    title = ShownText.of(device.serial ?? device.assetTag ?? device.hostname ?? device.id.rawValue)
    let parts = [
      device.assetTag.map { "asset tag \($0)" }, device.hostname.map { "host name \($0)" }, device.model,
      all.schoolName(device.school, of: device.district) ?? device.school?.rawValue, "district \(device.district)",
    ]
    words = parts.compactMap(\.self).map { ShownText.of($0, limit: 80) }.joined(separator: ", ")
    (state, mood) = SearchWords.state(found, now: now)
    holder =
      if case .person(let id)? = found.holder, found.match != nil {
        all.holders[id].map { ShownText.of($0.name) } ?? "a student or a member of staff"
      } else {
        nil
      }
    isFound = found.match != nil
    why = found.match.map { SearchWords.why($0) } ?? ""
  }
}

/// Why something was found, and how it is, for people.
enum SearchWords {
  static func of(_ person: SearchedPerson, _ found: DeskSearch.Found) -> String {
    let grades = person.grades.isEmpty ? nil : "grade \(person.grades.joined(separator: " and "))"
    let parts = [
      (person.isStudent ? "Student" : "Staff") + (person.hasLeft ? " who has left" : ""), grades,
      found.schoolName(person.school, of: person.district) ?? person.school?.rawValue,
      person.number.map { "number \($0)" }, person.registered.map { "registered as \($0)" },
      "district \(person.district)",
    ]
    return parts.compactMap(\.self).map { ShownText.of($0, limit: 80) }.joined(separator: ", ")
  }

  static func note(_ shown: Int, isMore: Bool) -> String? {
    switch (shown, isMore) {
    case (0, false): "Has no device."
    case (0, true): "Has a device at a school that you do not see."
    case (_, true): "Has more devices than are shown here; the person’s page lists them."
    case (_, false): nil
    }
  }

  static func why(_ match: String?) -> String {
    switch match {
    case "number": "by number"
    case "email": "by their own e-mail address"
    case "guardian": "by a guardian's contact"
    case "name": "by name"
    case "beginning": "by the beginning of a name"
    case "similar": "by a name spelt differently"
    default: ""
    }
  }

  static func why(_ match: FoundDevice.Match) -> String {
    switch match {
    case .id: "by its id"
    case .serial: "by its serial"
    case .assetTag: "by its asset tag"
    case .hostname: "by its host name"
    case .beginning: "by the beginning of a name"
    case .end: "by the end of its serial"
    case .part: "by a part of its serial"
    }
  }

  /// Where it stands and how it is; lost and stolen come before health.
  static func state(_ found: FoundDevice, now: Instant) -> (words: String, mood: String) {
    let stage = found.device.stage?.rawValue.replacing("-", with: " ")
    switch found.device.stage {
    case .lost, .stolen: return ("reported \(stage ?? "")", "bad")
    case .retired where found.holder?.isElsewhere == true: return ("moved to another district", "soft")
    case .retired, .inRepair: return (stage ?? "", "soft")
    default: break
    }
    let (health, mood) =
      switch found.health {
      case .well: ("well", "good")
      case .attention: ("needs attention", "bad")
      case .failing: ("failing", "bad")
      case .unknown: ("not known how it is", "soft")
      }
    let seen = found.lastContact.map { "last seen \($0.rfc3339.prefix(10))" } ?? "never seen"
    return ([stage, health, seen].compactMap(\.self).joined(separator: ", "), mood)
  }
}

extension Holder {
  /// Whether it went to another district.
  fileprivate var isElsewhere: Bool { if case .otherDistrict = self { true } else { false } }
}
