import Vocabulary
import Wire

/// How many packages devices have, and how they differ.
struct SoftwareShape: Codable, Equatable, Sendable {
  var packages = 1500
  /// Packages in which a device differs from its base.
  var differ = 20
  var bases = 4
  /// Whether a device differs in any number up to `differ`, not in just so many.
  var upTo = false
}

/// Synthetic package lists: `bases` distinct sets of `packages`, each device differing from its base in `differ`
/// versions. The names are the same in every base, so that only versions move and the order of lines stays.
struct SoftwareSets: Sendable {
  let shape: SoftwareShape
  /// The part of each line before the version, sorted as whole lines are.
  private let names: [String]

  /// A base's lines, and where each ends.
  struct Base: Sendable {
    let bytes: [UInt8]
    let ends: [Int]
  }

  init(packages: Int, differ: Int, bases: Int) {
    self.init(SoftwareShape(packages: packages, differ: differ, bases: bases))
  }

  init(_ shape: SoftwareShape) {
    self.shape = shape
    let stems = [
      "lib", "python3-", "fonts-", "linux-", "gnome-", "texlive-", "gir1.2-", "xserver-xorg-", "kde-", "perl-",
    ]
    names = (0..<shape.packages).map { stems[$0 % stems.count] + "school" + padded(UInt64($0), 5) }
      .sorted { ($0 + "\t").utf8.lexicographicallyPrecedes(($1 + "\t").utf8) }
  }

  /// The list of a device, in the wire's lines. Another `edition` of the same device differs elsewhere.
  func list(device: Int, edition: Int, seed: UInt64) -> String {
    String(decoding: list(of: base(number(of: device)), device: device, edition: edition, seed: seed), as: UTF8.self)
  }

  /// The base of a device that was given none.
  func number(of device: Int) -> Int { device % max(1, shape.bases) }

  /// A base whole, as an image installs it.
  func base(_ base: Int) -> Base {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    bytes.reserveCapacity(names.count * 44)
    for (number, name) in names.enumerated() {
      bytes += Array(name.utf8)
      bytes += Array("\t1:\(1 + base % 9).\(number % 40).\(base)".utf8)
      bytes += Self.end(number)
      ends.append(bytes.count)
    }
    return Base(bytes: bytes, ends: ends)
  }

  func list(of base: Base, device: Int, edition: Int, seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed, stream: UInt64(device) << 20 | UInt64(edition & 0xfffff))
    var different: Set<Int> = []
    let most = min(shape.differ, shape.packages)
    let count = shape.upTo ? random.below(most + 1) : most
    while different.count < count { different.insert(random.below(shape.packages)) }
    let mark = Array("+local\(device % 97).\(edition)".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(base.bytes.count + count * mark.count)
    var copied = 0
    for number in different.sorted() {
      let place = base.ends[number] - Self.end(number).count
      bytes += base.bytes[copied..<place]
      bytes += mark
      copied = place
    }
    bytes += base.bytes[copied...]
    return bytes
  }

  private static let ends = ["all", "amd64"].map { Array("-2+deb12u1\t\($0)\tdpkg\n".utf8) }
  private static func end(_ number: Int) -> [UInt8] { ends[number % 4 == 0 ? 0 : 1] }
}
