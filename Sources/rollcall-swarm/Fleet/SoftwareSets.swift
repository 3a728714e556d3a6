import Vocabulary
import Wire

/// Synthetic package lists: `bases` distinct sets of `packages`, each device differing from its base in `differ`
/// versions. The names are the same in every base, so that only versions move and the order of lines stays.
struct SoftwareSets: Sendable {
  let packages: Int
  let differ: Int
  let bases: Int
  /// The part of each line before the version, sorted as whole lines are.
  private let names: [String]

  init(packages: Int, differ: Int, bases: Int) {
    self.packages = packages
    self.differ = min(differ, packages)
    self.bases = max(1, bases)
    let stems = [
      "lib", "python3-", "fonts-", "linux-", "gnome-", "texlive-", "gir1.2-", "xserver-xorg-", "kde-", "perl-",
    ]
    names = (0..<packages).map { stems[$0 % stems.count] + "school" + padded(UInt64($0), 5) }
      .sorted { ($0 + "\t").utf8.lexicographicallyPrecedes(($1 + "\t").utf8) }
  }

  /// The list of a device, in the wire's lines. Another `edition` of the same device differs elsewhere.
  func list(device: Int, edition: Int, seed: UInt64) -> String {
    let base = device % bases
    var random = SeededRandom(seed: seed, stream: UInt64(device) << 20 | UInt64(edition & 0xfffff))
    var different: Set<Int> = []
    while different.count < differ { different.insert(random.below(packages)) }
    var text = ""
    text.reserveCapacity(packages * 44)
    for (number, name) in names.enumerated() {
      text += name
      text += "\t1:\(1 + base % 9).\(number % 40).\(base)"
      if different.contains(number) { text += "+local\(device % 97).\(edition)" }
      text += number % 4 == 0 ? "-2+deb12u1\tall\tdpkg\n" : "-2+deb12u1\tamd64\tdpkg\n"
    }
    return text
  }
}
