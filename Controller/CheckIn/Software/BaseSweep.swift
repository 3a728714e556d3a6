internal import Logging
internal import Storage
internal import Vocabulary

/// Removes the bases that no device's software is cut against any more, a few at a time.
///
/// A base is looked for among the readers and removed in a short write that looks again. A check-in that was planned on
/// it meanwhile finds it gone (``BaseGone``) and is planned anew.
extension SoftwareBases {
  /// Bases that one sweep removes at most.
  static let sweepLimit = 16
  /// Between two sweeps, and the age under which no base is removed: its first check-in may still be on its way.
  static let sweepInterval: Duration = .seconds(60)

  /// Sweeps, at most once a minute of the check-ins' clock.
  func sweepIfDue(_ logger: Logger) async {
    guard let now = takeSweep() else { return }
    do {
      let removed = try await sweep(now: now)
      if removed > 0 { logger.debug("unused software bases removed", metadata: ["count": "\(removed)"]) }
    } catch {
      logger.warning("unused software bases could not be removed", metadata: ["error": "\(error)"])
    }
  }

  /// - Returns: how many bases were removed.
  func sweep(now: Instant) async throws -> Int {
    let before = now.advanced(by: .zero - Self.sweepInterval)
    let unused = try await database.read(in: .state) {
      try SoftwareStore.unusedBases(before: before, limit: Self.sweepLimit, in: $0)
    }
    guard !unused.isEmpty else { return 0 }
    var removed = 0
    // Each by itself, for its packages go from the index too.
    for base in unused {
      guard try await database.write(in: .state, { try SoftwareStore.removeIfUnused(base, in: $0) }) else { continue }
      forget(base)
      removed += 1
    }
    return removed
  }
}

/// A base that a check-in was planned on was removed before it could be stored.
struct BaseGone: Error {
  let base: Digest
}
