import Registry
import Serving
import Vocabulary

/// What a report may be narrowed by, as it stands in an address.
enum Filter: String, CaseIterable, Sendable {
  case school, model, stage, use, wellness, reason, severity, notSeen, os, age, since, section, prefix

  var summary: String {
    switch self {
    case .school: "Only this school's; '-' for devices of no school"
    case .model: "Only this model; '-' where none is known"
    case .stage: "Only devices in this stage: \(Stage.allCases.map(\.rawValue).joined(separator: ", "))"
    case .use:
      "'in' for devices in use, 'out' for those that are lost, stolen, retired or moved to another district, 'not-here' for those that are only expected"
    case .wellness: "Only with this verdict: well, attention, failing, unknown"
    case .reason: "Only where this is not well: \(Question.reasons.joined(separator: ", "))"
    case .severity: "With 'reason': only where it is so bad, attention or failing"
    case .notSeen: "Only devices that have not checked in for so many days; 'never' for those that never did"
    case .os: "Only with this system, such as debian-12; '-' where none is known"
    case .age: "Only devices known for so many whole years; 6 is six or more"
    case .since:
      "Only what happened since this day, such as 2026-11-20, at most \(Question.longestSince) days ago; the last seven days by default"
    case .section: "Only changes of this kind: \(Question.sections.joined(separator: ", "))"
    case .prefix: "Only packages whose name begins so"
    }
  }

  var parameter: Operation.Parameter { .init(rawValue, summary) }
}

/// What of a report is asked for.
struct Question: Sendable {
  enum Use: String, CaseIterable, Sendable {
    case `in`, out
    case notHere = "not-here"
  }
  enum NotSeen: Sendable, Hashable {
    case days(Int64)
    case never
  }
  enum Place<Name: Sendable & Hashable>: Sendable, Hashable {
    case unnamed
    case named(Name)
  }

  static let reasons = ["battery", "disk", "memory", "space", "temperature", "clock", "updates"]
  static let sections = ["custody", "identity", "hardware", "system", "software", "health", "key"]
  static let severities = ["failing", "attention"]
  static let wellness = ["well", "attention", "failing", "unknown"]
  /// What a text of a filter has at most, in bytes: as much as a machine may tell of itself, its model for one.
  static let longest = 1024
  /// Days that ``since`` goes back at most.
  static let longestSince: Int64 = 400

  let now: Instant
  var school: Place<SchoolID>?
  var model: Place<String>?
  var stage: String?
  var use: Use?
  var wellness: String?
  var reason: String?
  var severity: String?
  var notSeen: NotSeen?
  var os: Place<String>?
  var age: Int64?
  var since: Instant
  var section: String?
  var prefix = ""
  /// As they were given, in the order of the filters: for addresses of further pages and files.
  private(set) var given: [(name: String, value: String)] = []

  init(now: Instant) {
    self.now = now
    since = now.advanced(by: .seconds(-7 * 86_400))
  }

  /// A filter that is given without text, as forms do, is not given.
  ///
  /// - Throws: `request.query`.
  init(_ call: Call, _ filters: [Filter], stages: [String]) throws(ServingError) {
    self.init(now: call.now)
    for filter in filters {
      guard let text = try call.query(filter.rawValue), !text.isEmpty else { continue }
      guard text.utf8.count <= Self.longest else { throw Self.invalid(filter) }
      try take(text, filter, stages: stages)
      given.append((filter.rawValue, text))
    }
  }

  private mutating func take(_ text: String, _ filter: Filter, stages: [String]) throws(ServingError) {
    switch filter {
    case .school:
      guard text != "-" else {
        school = .unnamed
        return
      }
      guard let id = SchoolID(rawValue: text) else { throw Self.invalid(filter) }
      school = .named(id)
    case .model: model = text == "-" ? .unnamed : .named(text)
    case .stage: stage = try Self.choice(text, of: stages, filter)
    case .use:
      guard let known = Use(rawValue: text) else { throw Self.invalid(filter) }
      use = known
    case .wellness: wellness = try Self.choice(text, of: Self.wellness, filter)
    case .reason: reason = try Self.choice(text, of: Self.reasons, filter)
    case .severity: severity = try Self.choice(text, of: Self.severities, filter)
    case .notSeen:
      guard text != "never" else {
        notSeen = .never
        return
      }
      guard let days = Int64(text), (1...3650).contains(days) else { throw Self.invalid(filter) }
      notSeen = .days(days)
    case .os: os = text == "-" ? .unnamed : .named(text)
    case .age:
      guard let years = Int64(text), (0...6).contains(years) else { throw Self.invalid(filter) }
      age = years
    case .since:
      guard text.utf8.count == 10, let day = Instant(rfc3339: text),
        day >= now.advanced(by: .seconds(-86_400 * (Self.longestSince + 1)))
      else { throw Self.invalid(filter) }
      since = day
    case .section: section = try Self.choice(text, of: Self.sections, filter)
    case .prefix: prefix = text
    }
  }

  private static func choice(
    _ text: String, of known: [String], _ filter: Filter
  ) throws(ServingError) -> String {
    guard known.contains(text) else { throw invalid(filter) }
    return text
  }

  private static func invalid(_ filter: Filter) -> ServingError {
    ServingError(.query, "'\(filter.rawValue)' is not understood. It is: \(filter.summary).")
  }
}
