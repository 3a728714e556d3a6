internal import Serving
internal import Storage
internal import Vocabulary

/// One short step that brings the index up to date for some devices of one district.
enum SoftwareFold {
  /// Devices of one step at most.
  static let devices = 100
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

  static func step(
    after place: StaleSoftware.Place, limit: Int = devices, bases: SoftwareBases, in transaction: any Transaction
  ) throws -> Outcome {
    guard let (district, waiting) = try StaleSoftware.next(after: place, limit: limit, in: transaction) else {
      return Outcome()
    }
    var outcome = Outcome()
    var change = SoftwareIndexChange(district)
    var done: [DeviceID] = []
    var known = KnownBases(bases, transaction)
    for device in waiting {
      if let stored = device.stored, known.isNew(stored), known.indexed == Self.bases { break }
      outcome.last = StaleSoftware.Place(district: district.rawValue, device: device.device.rawValue)
      do {
        let old = try device.indexed.map { try known.side($0) }
        change.move(device.device, from: old, to: try device.stored.map { try known.side($0) })
        done.append(device.device)
      } catch let error as CheckInError where error.kind == .damaged {
        outcome.damaged.append(device.device)
      }
    }
    try change.write(in: transaction)
    try StaleSoftware.remove(done, of: district, in: transaction)
    outcome.folded = done.count
    return outcome
  }

  /// The bases of a step: their lines and their numbers.
  private struct KnownBases {
    private let cache: SoftwareBases
    private let transaction: any Transaction
    private var lines: [Digest: [UInt8]] = [:]
    private var numbers: [Digest: Int64] = [:]
    /// Bases that this step took up.
    private(set) var indexed = 0

    init(_ cache: SoftwareBases, _ transaction: any Transaction) {
      (self.cache, self.transaction) = (cache, transaction)
    }

    func isNew(_ version: StaleSoftware.Waiting.Version) -> Bool {
      version.number == nil && numbers[version.base] == nil
    }

    /// - Throws: `checkin.damaged`.
    mutating func side(_ version: StaleSoftware.Waiting.Version) throws -> SoftwareIndexChange.Side {
      guard let difference = SoftwareDifference(encoded: version.difference) else {
        throw CheckInError(.damaged, "A stored difference of software cannot be read back.")
      }
      let isPlain = difference == SoftwareDifference()
      // Most devices of a fresh image differ in nothing: then the base need not be unpacked.
      let deviation = isPlain ? SoftwareDeviation() : SoftwareDeviation(difference, from: try lines(of: version.base))
      return SoftwareIndexChange.Side(number: try number(of: version), deviation: deviation)
    }

    private mutating func number(of version: StaleSoftware.Waiting.Version) throws -> Int64 {
      if let number = version.number ?? numbers[version.base] { return number }
      let number = try SoftwareIndexStore.index(
        base: version.base, lines: try lines(of: version.base), in: transaction)
      numbers[version.base] = number
      indexed += 1
      return number
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
