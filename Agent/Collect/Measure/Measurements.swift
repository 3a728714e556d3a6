package import Vocabulary
package import Wire

/// What `rollcall-agent measure` leaves for the agent that reports: answers that only root gets, and what is dear to count.
///
/// ```
/// rollcall-measure.service (root, no network)          rollcall-agent.service (no powers)
///   NVMe, ATA, apt's lists ──▶ /run/rollcall-measure/measured.json ──▶ vitals of the next check-in
/// ```
package struct Measurements: Hashable, Sendable, Codable {
  package static let currentVersion = 1
  /// Below the root folder.
  package static let folder = "run/rollcall-measure"
  package static let path = folder + "/measured.json"
  /// More is no measurement, in bytes.
  package static let mostBytes = 64 << 10
  static let mostDisks = 64

  package var version = Measurements.currentVersion
  /// The boot in which it was measured. Source: /proc/sys/kernel/random/boot_id
  package var bootID: String?
  /// By the machine's clock, for people.
  package var measuredAt: Instant
  /// When it was written, time asleep included, in milliseconds since boot. Source: /proc/uptime
  package var sinceBootMilliseconds: Int64
  package var disks: [Disk] = []
  package var updates = Updates()

  /// One disk's answer.
  package struct Disk: Hashable, Sendable, Codable {
    package var name: String
    /// Milliseconds since boot; of a disk that sleeps, when it was last awake.
    package var sinceBootMilliseconds: Int64
    package var health: VitalFacts.DiskHealth?
    /// Why it has none.
    package var reason: String?
  }

  /// Installed packages that have a newer version in apt's lists.
  package struct Updates: Hashable, Sendable, Codable {
    package var count: Int?
    /// Why they were not counted.
    package var reason: String?
    /// When the lists were last asked for, by the machine's clock.
    package var listsRefreshedAt: Instant?
    /// Names, sizes and times of what was counted from, as one number: where it is the same, nothing is counted again.
    package var inputs: String?

    package init() {}
  }
}
