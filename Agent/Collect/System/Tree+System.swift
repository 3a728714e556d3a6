internal import Vocabulary
internal import Wire

extension Tree {
  /// The operating system and its state.
  func system(_ mounts: MountTable, _ devices: any DeviceQuestions) -> SystemFacts {
    var facts = SystemFacts()
    var gaps = Gaps()
    facts.hostname = text("proc/sys/kernel/hostname", "hostname", &gaps)
    facts.kernel = text("proc/sys/kernel/osrelease", "kernel", &gaps)
    facts.bootID = text("proc/sys/kernel/random/boot_id", "bootID", &gaps)
    release(&facts, &gaps)
    facts.bootedAt = bootTime(&gaps)
    bootDuration(devices, &facts)
    rootEncryption(mounts, &facts, &gaps)
    facts.rebootPending = rebootPending(&gaps)
    failedUnits(devices, &facts, &gaps)
    facts.unreadable = gaps.list
    return facts
  }

  private func release(_ facts: inout SystemFacts, _ gaps: inout Gaps) {
    do throws(ReadFault) {
      var release = try bytes("etc/os-release", limit: 64 << 10) { OSRelease($0) }
      if release == nil { release = try bytes("usr/lib/os-release", limit: 64 << 10) { OSRelease($0) } }
      guard let release else { return gaps.add("osID", "absent: /etc/os-release") }
      (facts.osID, facts.osName, facts.osVersion) = (release.id, release.prettyName, release.versionID)
    } catch {
      gaps.add("osID", error)
    }
  }

  /// Source: /proc/stat btime, seconds since 1970
  private func bootTime(_ gaps: inout Gaps) -> Instant? {
    do throws(ReadFault) {
      let seconds = try bytes("proc/stat") { table -> Int64? in
        var seconds: Int64?
        table.eachLine { line in
          seconds = line.rest(after: "btime ")?.number
          return seconds == nil
        }
        return seconds
      }
      if let seconds = seconds ?? nil, (0...253_402_300_799).contains(seconds) { return Instant(seconds: seconds) }
      gaps.add("bootedAt", "no btime in /proc/stat")
    } catch {
      gaps.add("bootedAt", error)
    }
    return nil
  }

  /// Left out where no service manager tells it or it still starts services: a later report tells it (`Facts.beside`).
  private func bootDuration(_ devices: any DeviceQuestions, _ facts: inout SystemFacts) {
    guard let told = try? devices.bootTimes(), told.finished > 0 else { return }
    // A day is no start; a clock that jumps while the firmware runs gives such numbers.
    let day: UInt64 = 86_400_000_000
    guard told.finished < day, told.firmware < day else { return }
    facts.bootMilliseconds = Int64((told.firmware + told.finished) / 1000)
    if told.firmware > 0 { facts.bootFirmwareMilliseconds = Int64(told.firmware / 1000) }
  }

  /// Source: /run/reboot-required, which packages touch through update-notifier's or reboot-notifier's hook
  private func rebootPending(_ gaps: inout Gaps) -> Bool? {
    if exists("run/reboot-required") || exists("var/run/reboot-required") { return true }
    if exists("run") || exists("var/run") { return false }
    gaps.add("rebootPending", "absent: /run")
    return nil
  }

  private func failedUnits(_ devices: any DeviceQuestions, _ facts: inout SystemFacts, _ gaps: inout Gaps) {
    do throws(DeviceFault) {
      guard let units = try devices.failedUnits() else { return }
      if units.count > 64 { gaps.add("failedUnits", "more than 64: \(units.count)") }
      // systemd's own bound on a unit's name is 255 bytes.
      facts.failedUnits = Array(Set(units.filter { $0.utf8.count <= 255 }.map(Self.impersonal)).sorted().prefix(64))
    } catch {
      gaps.add("failedUnits", error.reason)
    }
  }

  /// Mounts and swap of the system's own; every other one's name is a path that may name a person or a stick.
  private static let ownMounts: Set<String> = [
    "boot-efi", "boot-firmware", "var-log", "var-tmp", "run-lock", "dev-hugepages", "dev-mqueue",
    "proc-sys-fs-binfmt_misc", "sys-fs-fuse-connections",
    "sys-kernel-config", "sys-kernel-debug", "sys-kernel-tracing",
  ]

  /// A unit's name without what may be a person's or a Wi-Fi network's: an instance, and of a mount's, automount's or swap's path
  /// all below its first folder.
  ///
  /// `netctl@SSID.service` is `netctl@.service`, and `media-jane-STICK.mount` is `media-.mount`. Source: systemd.unit(5)
  private static func impersonal(_ unit: String) -> String {
    guard let dot = unit.lastIndex(of: ".") else { return unit }
    if let at = unit.firstIndex(of: "@"), at < dot { return String(unit[...at] + unit[dot...]) }
    guard [".mount", ".automount", ".swap"].contains(unit[dot...]), !ownMounts.contains(String(unit[..<dot])),
      let end = unit.firstIndex(of: "-"), end < dot
    else { return unit }
    return String(unit[...end] + unit[dot...])
  }
}
