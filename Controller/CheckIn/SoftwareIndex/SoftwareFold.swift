internal import Serving
internal import Storage
internal import Vocabulary

/// One step that brings the index up to date for some devices of one district: it is made ready from what a reading
/// transaction sees, and then written in a short one, without those who told anew in between.
struct SoftwareFold: Sendable {
  /// Devices of one step at most. A name that many of them touch is written once.
  static let devices = 500
  /// Bases that one step takes up at most: each has a row for each of its packages.
  static let bases = 2

  struct Outcome: Sendable {
    /// Devices that the index now has as they are.
    var folded = 0
    /// Where the next step begins; nil where nobody waits after here.
    var last: StaleSoftware.Place?
    /// Devices whose lists cannot be put together; they wait until they tell them anew.
    var damaged: [DeviceID] = []
  }

  private struct Moved: Sendable {
    let device: StaleSoftware.Waiting
    let old: SoftwareIndexChange.Side?
    let new: SoftwareIndexChange.Side?
  }

  private let last: StaleSoftware.Place
  private let district: DistrictID
  private let change: SoftwareIndexChange
  private var moved: [Moved] = []
  private var damaged: [DeviceID] = []
  private var newBases: [Digest: [UInt8]] = [:]

  /// The next step after `place`; nil where nobody waits there.
  ///
  /// - Parameters:
  ///   - only: the district to look at; nil looks at the first one in which any device waits.
  ///   - newBases: how many bases it takes up at most; it ends before a device that needs one more.
  init?(
    after place: StaleSoftware.Place, only: DistrictID? = nil, limit: Int = devices, newBases most: Int = Self.bases,
    bases: SoftwareBases, in transaction: any Transaction
  ) throws {
    guard let (district, waiting) = try StaleSoftware.next(after: place, only: only, limit: limit, in: transaction),
      let first = waiting.first
    else { return nil }
    var last = first.device
    var known = try KnownBases(waiting.flatMap { [$0.indexed, $0.stored] }, bases, transaction)
    self.district = district
    for (number, device) in waiting.enumerated() {
      if let stored = device.stored, known.isNew(stored.base), known.new.count == most {
        if number == 0 { return nil }
        break
      }
      last = device.device
      do {
        let old = try device.indexed.map { try known.side($0) }
        let new = try device.stored.map { try known.side($0) }
        for side in [old, new] { if let side { try known.take(side.base) } }
        moved.append(Moved(device: device, old: old, new: new))
      } catch let error as CheckInError where error.kind == .damaged {
        damaged.append(device.device)
      }
    }
    newBases = known.new
    change = Self.change(of: moved, in: district)
    self.last = StaleSoftware.Place(district: district.rawValue, device: last.rawValue)
  }

  /// Writes the step. It may be called again where its transaction was rolled back.
  func write(in transaction: any Transaction) throws -> Outcome {
    let waiting = Set(
      try StaleSoftware.waiting(among: moved.map(\.device.device), of: district, in: transaction))
    let same = moved.filter { waiting.contains($0.device) }
    let change = same.count == moved.count ? change : Self.change(of: same, in: district)
    try change.write(new: newBases, in: transaction)
    try StaleSoftware.remove(same.map(\.device.device), of: district, in: transaction)
    return Outcome(folded: same.count, last: last, damaged: damaged)
  }

  private static func change(of moved: [Moved], in district: DistrictID) -> SoftwareIndexChange {
    var change = SoftwareIndexChange(district)
    for move in moved { change.move(move.device.device, from: move.old, to: move.new) }
    return change
  }

  /// The bases of a step.
  private struct KnownBases {
    private let cache: SoftwareBases
    private let transaction: any Transaction
    private var lines: [Digest: [UInt8]] = [:]
    private let numbered: Set<Digest>
    /// Bases that the index has not taken up yet: their lines.
    private(set) var new: [Digest: [UInt8]] = [:]

    init(
      _ versions: [StaleSoftware.Waiting.Version?], _ cache: SoftwareBases, _ transaction: any Transaction
    ) throws {
      (self.cache, self.transaction) = (cache, transaction)
      let named = Set(versions.compactMap { $0?.base }).sorted()
      numbered = Set(try SoftwareIndexStore.numbers(of: named, in: transaction).keys)
    }

    /// Whether a device's present base would be one more that this step takes up.
    func isNew(_ base: Digest) -> Bool { !numbered.contains(base) && new[base] == nil }

    /// - Throws: `checkin.damaged`.
    mutating func side(_ version: StaleSoftware.Waiting.Version) throws -> SoftwareIndexChange.Side {
      guard let difference = SoftwareDifference(encoded: version.difference) else {
        throw CheckInError(.damaged, "A stored difference of software cannot be read back.")
      }
      let isPlain = difference == SoftwareDifference()
      // Most devices of a fresh image differ in nothing: then the base need not be unpacked.
      let deviation = isPlain ? SoftwareDeviation() : SoftwareDeviation(difference, from: try lines(of: version.base))
      return SoftwareIndexChange.Side(base: version.base, deviation: deviation)
    }

    /// The index is to have this base.
    mutating func take(_ base: Digest) throws {
      if isNew(base) { new[base] = try lines(of: base) }
    }

    private mutating func lines(of base: Digest) throws -> [UInt8] {
      if let known = lines[base] { return known }
      guard let found = try cache.cached(base) ?? SoftwareStore.base(base, in: transaction) else {
        throw CheckInError(.damaged, "The software base \(base) is not there.")
      }
      cache.keep(found, of: base)
      lines[base] = found
      return found
    }
  }
}
