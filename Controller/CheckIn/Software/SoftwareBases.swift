internal import Compression
internal import Logging
internal import Storage
internal import Synchronization
internal import Vocabulary

/// The bases that devices' software lists are cut against: which there are, and the bytes of those in use.
///
/// Nothing here is needed for correctness: a base that is not known here costs a new one, and every row that names a
/// base is written with that base in one transaction.
final class SoftwareBases: Sendable {
  /// How a list is to be stored.
  struct Plan: Sendable {
    let base: Digest
    let difference: [UInt8]
    /// Lines of the list.
    let packages: Int
    /// SHA-256 over the list.
    let digest: Digest
    /// The base itself, where it may not be in the database yet.
    let newBase: NewBase?
    /// Whether the list is a base of its own that may have to be stored.
    var isWhole: Bool { newBase != nil && base == digest }
  }

  struct NewBase: Sendable {
    /// gzip.
    let packed: [UInt8]
    let packages: Int
    let sketch: [UInt8]
  }

  private struct Entry {
    let sketch: SoftwareSketch
    var bytes: [UInt8]?
    /// Whether a committed transaction has it.
    var stored: Bool
    var used: UInt64
  }

  private struct State {
    var entries: [Digest: Entry] = [:]
    var held = 0
    var clock: UInt64 = 0
    var refreshed: Instant?
    /// When a list was last planned, and when the unused bases were last looked for.
    var planned: Instant?
    var swept: Instant?
  }

  /// zlib's level for bases: a base is written once, and read seldom.
  static let level = 4

  private let state = Mutex(State())
  let database: any Database
  private let memory: Int
  private let entryLimit: Int
  private let logger: Logger

  /// - Parameter memory: the bytes of bases that are kept unpacked.
  init(
    database: any Database, memory: Int = 24 << 20, entryLimit: Int = 4096,
    logger: Logger = Logger(label: "rollcall.checkin")
  ) {
    self.database = database
    self.logger = logger
    self.memory = memory
    self.entryLimit = entryLimit
  }

  /// Bytes of bases in memory.
  var heldBytes: Int { state.withLock { $0.held } }
  var known: Int { state.withLock { $0.entries.count } }

  /// The cheapest way to store `list`: a known base that it is close to, else itself as a new base.
  func plan(for list: [UInt8], digest: Digest, now: Instant) async throws -> Plan {
    state.withLock { $0.planned = max($0.planned ?? now, now) }
    if let plan = try await reuse(list, digest: digest, sketch: nil) { return plan }
    let sketch = SoftwareSketch(list)
    if let plan = try await reuse(list, digest: digest, sketch: sketch) { return plan }
    if try await refresh(now: now), let plan = try await reuse(list, digest: digest, sketch: sketch) { return plan }
    let others = insert(list, digest: digest, sketch: sketch)
    // Somebody made a base like it meanwhile: a thousand first inventories of one image make one base.
    if others, let plan = try await reuse(list, digest: digest, sketch: sketch) {
      discard(digest)
      return plan
    }
    return Plan(
      base: digest, difference: SoftwareDifference().encoded, packages: sketch.packages, digest: digest,
      newBase: try packed(list, sketch))
  }

  /// The base is in a committed transaction: from now on it is named without being sent along.
  func committed(_ base: Digest) { state.withLock { $0.entries[base]?.stored = true } }

  /// The base is not in the database, or cannot be read back.
  func forget(_ base: Digest) {
    state.withLock { state in
      state.held -= state.entries[base]?.bytes?.count ?? 0
      state.entries[base] = nil
    }
  }

  /// The time of the last check-in, where unused bases are to be looked for now: once a minute at most.
  func takeSweep() -> Instant? {
    state.withLock { state in
      guard let now = state.planned else { return nil }
      if let last = state.swept, now.since(last) < Self.sweepInterval { return nil }
      state.swept = now
      return now
    }
  }

  /// The unpacked bytes of a base that is in memory.
  func cached(_ base: Digest) -> [UInt8]? {
    state.withLock { state in
      state.clock += 1
      state.entries[base]?.used = state.clock
      return state.entries[base]?.bytes
    }
  }

  /// Keeps `bytes` as long as there is room.
  func keep(_ bytes: [UInt8], of base: Digest) {
    state.withLock { state in
      guard state.entries[base] != nil, state.entries[base]?.bytes == nil else { return }
      state.entries[base]?.bytes = bytes
      state.held += bytes.count
      evict(&state)
    }
  }
}

extension SoftwareBases {
  /// Differing packages up to which a base is reused: 64 or 5 % of the list, but never over half of it.
  static func allowance(_ packages: Int) -> Int { min(max(64, packages / 20), packages / 2) }

  /// The likeness that a list within the allowance has, less four standard deviations of its estimate.
  static func leastLikeness(_ packages: Int) -> Double {
    let share = Double(allowance(packages)) / Double(max(packages, 1))
    let expected = (1 - share) / (1 + share)
    return max(0, expected - 4 * (expected * (1 - expected) / Double(SoftwareSketch.size)).squareRoot())
  }

  /// A plan on a known base; with a sketch the two likest are compared, without one only the list itself.
  private func reuse(_ list: [UInt8], digest: Digest, sketch: SoftwareSketch?) async throws -> Plan? {
    guard let sketch else {
      guard let own = try await lines(of: digest), own.bytes == list else { return nil }
      return Plan(
        base: digest, difference: SoftwareDifference().encoded, packages: own.sketch.packages, digest: digest,
        newBase: own.stored ? nil : try packed(list, own.sketch))
    }
    var best: (id: Digest, base: Lines, difference: SoftwareDifference)?
    for base in candidates(sketch, except: digest) {
      guard let lines = try await lines(of: base) else { continue }
      let limit = best.map { $0.difference.packages - 1 } ?? Self.allowance(sketch.packages)
      guard let difference = SoftwareDifference(from: lines.bytes, to: list, limit: limit) else { continue }
      best = (base, lines, difference)
      if difference.packages <= Self.allowance(sketch.packages) / 4 { break }
    }
    guard let best else { return nil }
    return Plan(
      base: best.id, difference: best.difference.encoded, packages: sketch.packages, digest: digest,
      newBase: best.base.stored ? nil : try packed(best.base.bytes, best.base.sketch))
  }

  /// The two likest bases, the likest first.
  private func candidates(_ sketch: SoftwareSketch, except own: Digest) -> [Digest] {
    let least = Self.leastLikeness(sketch.packages)
    return state.withLock { state in
      var found: [(likeness: Double, used: UInt64, base: Digest)] = []
      for (base, entry) in state.entries where base != own {
        let likeness = entry.sketch.likeness(sketch, atLeast: least)
        guard likeness >= least else { continue }
        found.append((likeness, entry.used, base))
      }
      found.sort { ($0.likeness, $0.used) > ($1.likeness, $1.used) }
      return found.prefix(2).map(\.base)
    }
  }

  private func packed(_ bytes: [UInt8], _ sketch: SoftwareSketch) throws -> NewBase {
    NewBase(packed: try Gzip.compress(bytes, level: Self.level), packages: sketch.packages, sketch: sketch.stored)
  }

  /// A base as it was at one moment: evicted later, it still says whether it is in the database.
  private struct Lines {
    let bytes: [UInt8]
    let sketch: SoftwareSketch
    let stored: Bool
  }

  private func lines(of base: Digest) async throws -> Lines? {
    let entry = state.withLock { state in
      state.clock += 1
      state.entries[base]?.used = state.clock
      return state.entries[base]
    }
    guard let entry else { return nil }
    if let bytes = entry.bytes { return Lines(bytes: bytes, sketch: entry.sketch, stored: entry.stored) }
    let bytes: [UInt8]
    do {
      guard let found = try await database.read(in: .state, { try SoftwareStore.base(base, in: $0) }) else {
        forget(base)
        return nil
      }
      bytes = found
    } catch let error as CheckInError where error.kind == .damaged {
      logger.error("stored software base cannot be read back", metadata: ["error": "\(error.message)"])
      forget(base)
      return nil
    }
    keep(bytes, of: base)
    return Lines(bytes: bytes, sketch: entry.sketch, stored: true)
  }
}

extension SoftwareBases {
  /// Learns of the bases in the database, at most every ten seconds.
  private func refresh(now: Instant) async throws -> Bool {
    let due = state.withLock { state in
      if let last = state.refreshed, now.since(last) < .seconds(10), now >= last { return false }
      state.refreshed = now
      return true
    }
    guard due else { return false }
    let limit = entryLimit
    let found = try await database.read(in: .state) { try SoftwareStore.sketches(limit: limit, in: $0) }
    return state.withLock { state in
      let before = state.entries.count
      for (base, sketch) in found {
        if state.entries[base] == nil {
          state.entries[base] = Entry(sketch: sketch, bytes: nil, stored: true, used: 0)
        } else {
          state.entries[base]?.stored = true
        }
      }
      evict(&state)
      return state.entries.count > before
    }
  }

  /// Takes the list up as a base.
  ///
  /// - Returns: whether others that may be like it wait to be stored too.
  private func insert(_ list: [UInt8], digest: Digest, sketch: SoftwareSketch) -> Bool {
    state.withLock { state in
      state.clock += 1
      if state.entries[digest] == nil {
        state.entries[digest] = Entry(sketch: sketch, bytes: list, stored: false, used: state.clock)
        state.held += list.count
        evict(&state)
      }
      let least = Self.leastLikeness(sketch.packages)
      return state.entries.contains { base, entry in
        base != digest && entry.used < state.clock && entry.bytes != nil
          && entry.sketch.likeness(sketch, atLeast: least) >= least
      }
    }
  }

  /// Lets go of a base that nobody stored.
  func discard(_ base: Digest) {
    state.withLock { state in
      guard let entry = state.entries[base], !entry.stored else { return }
      state.held -= entry.bytes?.count ?? 0
      state.entries[base] = nil
    }
  }

  /// Lets go of what was used least lately: bytes past the memory's bound, then whole entries past theirs. One that is
  /// not stored goes whole: those who use it carry it with them.
  private func evict(_ state: inout State) {
    guard state.held > memory || state.entries.count > entryLimit else { return }
    for (base, entry) in state.entries.sorted(by: { $0.value.used < $1.value.used }) {
      if state.held <= memory, state.entries.count <= entryLimit { return }
      state.held -= entry.bytes?.count ?? 0
      if entry.stored, state.entries.count <= entryLimit {
        state.entries[base]?.bytes = nil
      } else {
        state.entries[base] = nil
      }
    }
  }
}
