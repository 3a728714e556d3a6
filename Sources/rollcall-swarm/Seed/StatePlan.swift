import Registry
import Vocabulary

/// A fictional state: districts of uneven size, their schools, batches and images. Everything follows from the seed.
struct StatePlan: Sendable {
  struct District: Sendable {
    let id: DistrictID
    let name: String
    /// The numbers of its devices in the fleet.
    let devices: Range<Int>
    let schools: [School]
    /// The bases that its images have.
    let bases: [Int]
    let batches: [Batch]
  }

  struct School: Sendable {
    let id: SchoolID
    let name: String
  }

  struct Batch: Sendable {
    let id: BatchID
    let name: String
    let devices: Range<Int>
  }

  let districts: [District]

  private static let batchSize = 2000
  private static let schoolSize = 550

  /// - Parameters:
  ///   - devices: the numbers of the fleet's devices.
  ///   - bases: how many images there are in the state.
  init(devices: Range<Int>, districts count: Int, bases: Int, seed: UInt64) {
    var random = SeededRandom(seed: seed, stream: 0x57a7e)
    let names = Self.names(count, &random)
    var first = devices.lowerBound
    districts = Self.sizes(devices.count, count, &random).enumerated().compactMap { number, size in
      guard let id = DistrictID(rawValue: Self.slug(names[number])) else { return nil }
      defer { first += size }
      let own = max(1, bases / count)
      return District(
        id: id, name: names[number], devices: first..<first + size, schools: Self.schools(names[number], size),
        bases: (0..<own).map { (number * own + $0) % max(1, bases) }, batches: Self.batches(first..<first + size))
    }
  }

  /// Few large and many small ones, as districts are: the largest has some 20 times the median. Each has a device.
  static func sizes(_ devices: Int, _ count: Int, _ random: inout SeededRandom) -> [Int] {
    let weights = (0..<count).map { rank -> Double in
      let spread = 0.7 + 0.6 * Double(random.below(1000)) / 1000
      return spread / (1.5 + Double(rank))
    }
    let whole = weights.reduce(0, +)
    let free = Double(devices - count)
    var sizes = weights.map { 1 + Int(free * $0 / whole) }
    sizes[0] += devices - sizes.reduce(0, +)
    return sizes
  }

  private static func names(_ count: Int, _ random: inout SeededRandom) -> [String] {
    let first = [
      "Alder", "Ashton", "Birch", "Briar", "Clover", "Copper", "Cypress", "Eagle", "Elm", "Fairview", "Fern", "Flint",
      "Garnet", "Granite", "Harvest", "Hazel", "Heron", "Hickory", "Iron", "Juniper", "Laurel", "Linden", "Maple",
      "Meadow", "Mill", "Orchard", "Otter", "Pine", "Prairie", "Quail", "Raven", "Redwood", "Sage", "Silver", "Spruce",
      "Stone", "Sycamore", "Thistle", "Walnut", "Willow",
    ]
    let second = [
      "Bend", "Bluff", "Creek", "Crossing", "Grove", "Harbor", "Hollow", "Lake", "Point", "Ridge", "Springs",
    ]
    var all = first.flatMap { word in second.map { "\(word) \($0)" } }
    all.shuffle(using: &random)
    return (0..<count).map { $0 < all.count ? all[$0] : "\(all[$0 % all.count]) \($0 / all.count + 1)" }
  }

  private static func schools(_ district: String, _ devices: Int) -> [School] {
    let kinds = ["Elementary School", "Middle School", "High School", "Academy"]
    return (0..<max(1, min(80, devices / schoolSize))).compactMap { number in
      guard let id = SchoolID(rawValue: "school-\(padded(UInt64(number + 1), 2))") else { return nil }
      let suffix = number < kinds.count ? "" : " \(number / kinds.count + 1)"
      return School(id: id, name: "\(district) \(kinds[number % kinds.count])\(suffix)")
    }
  }

  private static func batches(_ devices: Range<Int>) -> [Batch] {
    stride(from: devices.lowerBound, to: devices.upperBound, by: batchSize).enumerated().compactMap { number, first in
      guard let id = BatchID(rawValue: "season-\(number + 1)") else { return nil }
      return Batch(
        id: id, name: "Season, part \(number + 1)", devices: first..<min(first + batchSize, devices.upperBound))
    }
  }

  private static func slug(_ name: String) -> String {
    String(name.lowercased().map { $0 == " " ? "-" : $0 })
  }
}
