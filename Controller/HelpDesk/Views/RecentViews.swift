import Audit
import Serving
import Storage
import Synchronization
import Vocabulary

/// Journals who was shown to whom, and whom a session was shown a moment ago only once.
///
/// A search answers with every key that is pressed, and then the device's page shows the same student again: an entry for each would
/// bury the one that matters, and make a commit of each key. What an audit asks is who saw whom, when to some minutes, and why;
/// so somebody whom this session was shown within the last ``span``, for the same purpose, is not told again. Whoever is new to an
/// answer is told at once, all of an answer in one entry for each district, before the answer leaves. API tokens have no session:
/// each of their looks is told.
///
/// It is remembered in this controller alone and not for long: another one, or this one started again, tells it once more.
package final class RecentViews: Sendable {
  /// Within which the same people are not told again.
  static let span = Duration.seconds(600)
  /// Sessions that are remembered; past them everything is forgotten, and told once more.
  static let mostSessions = 2_000
  /// People that are remembered of a session.
  static let mostPeople = 2_000

  private struct Look: Hashable {
    let session: SessionID
    let purpose: ViewPurpose
  }

  private let seen = Mutex<[Look: [PersonID: Instant]]>([:])

  package init() {}

  /// Appends the journal's entries of whoever is new, and only then returns.
  func record(
    _ shown: [(district: DistrictID, person: PersonID)], purpose: ViewPurpose, _ call: Call,
    _ context: OperatorContext, on database: any Database
  ) async throws {
    guard !shown.isEmpty else { return }
    let actor = try context.actor
    let look = context.session.map { Look(session: $0.id, purpose: purpose) }
    let fresh = look.map { look in seen.withLock { Self.new(shown, in: $0[look] ?? [:], now: call.now) } } ?? shown
    guard !fresh.isEmpty else { return }
    let looks = Dictionary(grouping: fresh, by: \.district).sorted { $0.key < $1.key }.map { district, those in
      StudentViews.Look(
        .search, of: those.map(\.person), in: district, purpose: purpose, by: actor, at: call.now)
    }
    try await database.write(in: .districts(Set(looks.map(\.district)))) {
      try StudentViews.record(looks, in: $0)
    }
    guard let look else { return }
    // Two answers at once may both tell of somebody: once too often, never too seldom.
    seen.withLock { seen in
      if seen.count >= Self.mostSessions, seen[look] == nil { seen = [:] }
      var people = (seen[look] ?? [:]).filter { Self.isRecent($0.value, call.now) }
      if people.count + fresh.count > Self.mostPeople { people = [:] }
      for one in fresh { people[one.person] = call.now }
      seen[look] = people
    }
  }

  private static func new(
    _ shown: [(district: DistrictID, person: PersonID)], in known: [PersonID: Instant], now: Instant
  ) -> [(district: DistrictID, person: PersonID)] {
    shown.filter { one in known[one.person].map { !isRecent($0, now) } ?? true }
  }

  private static func isRecent(_ moment: Instant, _ now: Instant) -> Bool {
    // A clock that was set back tells everything anew.
    moment <= now && now < moment.advanced(by: span)
  }
}
