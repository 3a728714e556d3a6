/// How many devices have which verdict.
struct HealthCounts: Sendable, Hashable {
  private(set) var well = 0
  private(set) var attention = 0
  private(set) var failing = 0
  private(set) var unknown = 0
  /// Lost, stolen or retired: nobody keeps them healthy, so they are counted apart.
  private(set) var outOfUse = 0
  /// Ordered: somebody only expects them.
  private(set) var notHere = 0

  /// Devices in use.
  var total: Int { well + attention + failing + unknown }

  var all: Int { total + outOfUse + notHere }

  /// - Parameter word: a verdict, or what the tables say of devices that are not in use; a later version's word is `unknown` here.
  mutating func add(_ devices: Int, _ word: String) {
    switch Health.Verdict(rawValue: word) {
    case .well: well += devices
    case .attention: attention += devices
    case .failing: failing += devices
    case .unknown: unknown += devices
    case nil:
      switch word {
      case "out-of-use": outOfUse += devices
      case "not-here": notHere += devices
      default: unknown += devices
      }
    }
  }

  static func += (left: inout HealthCounts, right: HealthCounts) {
    left.well += right.well
    left.attention += right.attention
    left.failing += right.failing
    left.unknown += right.unknown
    left.outOfUse += right.outOfUse
    left.notHere += right.notHere
  }
}
