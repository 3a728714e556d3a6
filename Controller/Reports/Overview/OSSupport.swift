import Vocabulary

/// Until when operating systems get security updates, to the last day that costs nothing.
///
/// Source: Debian's distro-info-data 0.58+deb12u6, debian.csv (eol-lts) and ubuntu.csv (eol), which follow
/// https://wiki.debian.org/LTS and https://wiki.ubuntu.com/Releases. Read on 2026-11-22; look again when a release comes.
enum OSSupport {
  struct End: Sendable {
    /// As in counts: os-release(5) ID, a dash, and VERSION_ID.
    let system: String
    let name: String
    let ends: String
  }

  static let ends = [
    End(system: "debian-10", name: "Debian 10", ends: "2024-06-30"),
    End(system: "debian-11", name: "Debian 11", ends: "2026-08-31"),
    End(system: "debian-12", name: "Debian 12", ends: "2028-06-30"),
    End(system: "debian-13", name: "Debian 13", ends: "2030-06-30"),
    End(system: "ubuntu-18.04", name: "Ubuntu 18.04 LTS", ends: "2023-05-31"),
    End(system: "ubuntu-20.04", name: "Ubuntu 20.04 LTS", ends: "2025-05-29"),
    End(system: "ubuntu-22.04", name: "Ubuntu 22.04 LTS", ends: "2027-06-01"),
    End(system: "ubuntu-24.04", name: "Ubuntu 24.04 LTS", ends: "2029-05-31"),
    End(system: "ubuntu-26.04", name: "Ubuntu 26.04 LTS", ends: "2031-05-29"),
  ]

  static func end(of system: String) -> End? { ends.first { $0.system == system } }

  /// How a system stands on a day, in words.
  static func words(_ end: End?, now: Instant) -> (text: String, isOver: Bool, isSoon: Bool) {
    guard let end, let last = Instant(rfc3339: end.ends) else { return ("not known here", false, false) }
    let days = CalendarDay.of(last) - CalendarDay.of(now)
    if days < 0 { return ("ended", true, false) }
    if days == 0 { return ("today", false, true) }
    if days == 1 { return ("tomorrow", false, true) }
    if days <= 365 { return ("in \(days) days", false, true) }
    return (days < 730 ? "in over a year" : "in over \(days / 365) years", false, false)
  }
}
