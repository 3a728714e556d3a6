internal import Logging
internal import ServiceLifecycle
internal import Storage
internal import Synchronization
package import Vocabulary

/// Brings the index of software up to date with what devices told, in steps of some ten milliseconds between which
/// check-ins are stored, and seldom while many come (``SoftwareIndexPace``). Any number of controllers may do it at once:
/// what one has done, the others find done.
package final class SoftwareIndexer: Service {
  /// Between two looks at how many wait.
  static let interval = Duration.seconds(1)
  /// Looks between two steps of the sweep of names that nothing has any more.
  private static let sweepEvery = 60
  private static let sweptNames = 200

  private struct State {
    var place = StaleSoftware.Place()
    var swept = ""
    var reported: Set<DeviceID> = []
    var indexed = 0
  }

  private let database: any Database
  private let bases: SoftwareBases
  private let logger: Logger
  private let state = Mutex(State())

  init(database: any Database, bases: SoftwareBases, logger: Logger) {
    (self.database, self.bases, self.logger) = (database, bases, logger)
  }

  /// Devices whose changed software was taken into the index since the start; for metrics.
  var indexed: Int { state.withLock { $0.indexed } }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var looks = 0
      var pace = SoftwareIndexPace()
      repeat {
        do {
          let waiting = try await self.database.read(in: .state) {
            try StaleSoftware.count(.state, limit: SoftwareIndexPace.enough, in: $0)
          }
          let count = pace.isDue(waiting: waiting) ? try await self.catchUp() : 0
          if count >= SoftwareFold.devices { self.logger.info("software indexed", metadata: ["devices": "\(count)"]) }
          looks += 1
          if looks % Self.sweepEvery == 0 { try await self.sweepNames() }
        } catch is CancellationError {
          return
        } catch {
          self.logger.warning("the index of software could not be written", metadata: ["error": "\(error)"])
        }
      } while (try? await Task.sleep(for: Self.interval)) != nil
    }
  }

  /// Steps until nobody waits who can be taken up; how many devices were. After each step check-ins have the database to
  /// themselves for three times as long as it took.
  @discardableResult
  package func catchUp() async throws -> Int {
    try await catchUp(devices: SoftwareFold.devices) { spent in
      try await Task.sleep(for: min(spent * 3, .milliseconds(500)))
    }
  }

  /// The same in great steps without a rest, where nobody checks in: for `rollcall-swarm seed`.
  package func catchUpAtOnce() async throws { try await catchUp(devices: Self.great) { _ in } }

  /// The same of one district, up to a device whose base is not in the index yet: several districts may be done at once.
  package func catchUpAtOnce(_ district: DistrictID) async throws {
    var place: StaleSoftware.Place? = StaleSoftware.Place(district: district.rawValue)
    while let after = place {
      let outcome = try await step(after: after, only: district, devices: Self.great, newBases: 0)
      state.withLock { $0.indexed += outcome.folded }
      place = outcome.last
    }
  }

  /// Devices of a step where nobody waits for it.
  private static let great = 4000

  @discardableResult
  func catchUp(devices: Int, rest: (Duration) async throws -> Void) async throws -> Int {
    var count = 0
    while true {
      let began = ContinuousClock.now
      let place = state.withLock { $0.place }
      let outcome = try await step(after: place, devices: devices)
      note(outcome)
      count += outcome.folded
      guard outcome.last != nil else { return count }
      try await rest(ContinuousClock.now - began)
    }
  }

  private func step(
    after place: StaleSoftware.Place, only: DistrictID? = nil, devices: Int, newBases: Int = SoftwareFold.bases
  ) async throws -> SoftwareFold.Outcome {
    let fold = try await database.read(in: .state) { [bases] in
      try SoftwareFold(after: place, only: only, limit: devices, newBases: newBases, bases: bases, in: $0)
    }
    guard let fold else { return SoftwareFold.Outcome() }
    return try await database.write(in: .state) { try fold.write(in: $0) }
  }

  private func note(_ outcome: SoftwareFold.Outcome) {
    let new = state.withLock { state in
      state.indexed += outcome.folded
      // After the last of all it begins again at the first.
      state.place = outcome.last ?? StaleSoftware.Place()
      let new = outcome.damaged.filter { !state.reported.contains($0) }
      state.reported.formUnion(new)
      return new
    }
    for device in new { logger.damaged(.software, of: device, "not taken into the index of software") }
  }

  private func sweepNames() async throws {
    let after = state.withLock { $0.swept }
    let last = try await database.write(in: .state) {
      try SoftwareIndexStore.sweepNames(after: after, limit: Self.sweptNames, in: $0)
    }
    state.withLock { $0.swept = last ?? "" }
  }
}
