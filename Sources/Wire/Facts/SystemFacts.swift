package import Vocabulary

/// The operating system and its state.
package struct SystemFacts: Hashable, Sendable, Codable, Canonical {
  /// Source: /proc/sys/kernel/hostname
  package var hostname: String?
  /// `debian`. Source: os-release(5) ID
  package var osID: String?
  /// `Debian GNU/Linux 12 (bookworm)`. Source: os-release(5) PRETTY_NAME
  package var osName: String?
  /// `12`. Source: os-release(5) VERSION_ID
  package var osVersion: String?
  /// Source: /proc/sys/kernel/osrelease
  package var kernel: String?
  /// Changes with each boot. Source: /proc/sys/kernel/random/boot_id
  package var bootID: String?
  /// When the kernel started; told, but not hashed, because corrections of the clock move it. Source: /proc/stat btime
  package var bootedAt: Instant?
  /// How long the last start took, from the firmware's beginning, where that is known, until the service manager had started
  /// everything; told, but not hashed. Source: org.freedesktop.systemd1.Manager FinishTimestampMonotonic
  package var bootMilliseconds: Int64?
  /// The firmware's and the boot loader's part of it; told, but not hashed. Source: FirmwareTimestampMonotonic
  package var bootFirmwareMilliseconds: Int64?
  /// Whether the root file system lies on an encrypted block device. Source: /sys/dev/block/M:N/dm/uuid CRYPT-…
  package var rootEncrypted: Bool?
  /// `luks2`, `luks1`, `plain` …; nil where not encrypted.
  package var encryptionKind: String?
  /// Whether packages ask for a restart. Source: /run/reboot-required
  package var rebootPending: Bool?
  /// Units in the failed state, sorted; nil where there is no service manager to ask.
  package var failedUnits: [String]?
  package var unreadable: [Unreadable]

  package init() { unreadable = [] }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.field("hostname", hostname)
    encoder.field("osID", osID)
    encoder.field("osName", osName)
    encoder.field("osVersion", osVersion)
    encoder.field("kernel", kernel)
    encoder.field("bootID", bootID)
    encoder.field("rootEncrypted", rootEncrypted)
    encoder.field("encryptionKind", encryptionKind)
    encoder.field("rebootPending", rebootPending)
    encoder.field("failedUnits", failedUnits)
    encoder.field("unreadable", unreadable)
  }
}
