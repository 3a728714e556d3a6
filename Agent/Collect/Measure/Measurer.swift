package import Vocabulary
internal import Wire

/// Asks what only root is told, and counts what is dear to count.
package struct Measurer: Sendable {
  private let root: String
  private let devices: any DeviceQuestions

  /// Reads below `root`; devices themselves are asked only where that is the machine's own.
  package init(root: String = "/") {
    self.init(root: root, devices: root == "/" ? LiveDevices() : SilentDevices(root: root))
  }

  package init(root: String, devices: any DeviceQuestions) {
    self.root = root
    self.devices = devices
  }

  /// Everything, as it is now. Updates are counted again only where their inputs changed since the last measurement.
  ///
  /// - Parameter now: by the machine's clock.
  package func measure(at now: Instant) -> Measurements {
    let tree = Tree(root: root)
    let previous = tree.lastMeasurements()
    var result = Measurements(measuredAt: now, sinceBootMilliseconds: tree.uptimeMilliseconds() ?? 0)
    result.bootID = try? tree.text("proc/sys/kernel/random/boot_id")
    for reading in tree.disks().list.prefix(Measurements.mostDisks) {
      let past = previous?.bootID == result.bootID ? previous?.disks.first { $0.name == reading.disk.name } : nil
      if let disk = measured(reading.disk, past, result.sinceBootMilliseconds) { result.disks.append(disk) }
    }
    result.updates = tree.countedUpdates(unlike: previous?.updates)
    return result
  }

  /// nil for a disk that is asked nothing.
  private func measured(_ disk: HardwareFacts.Disk, _ past: Measurements.Disk?, _ now: Int64) -> Measurements.Disk? {
    var entry = Measurements.Disk(name: disk.name, sinceBootMilliseconds: now)
    do throws(DeviceFault) {
      guard let health = try Tree.ownAccount(of: disk, devices) else { return nil }
      entry.health = health
    } catch {
      if error == .asleep, let past, past.health != nil { return past }
      entry.reason = error.reason
    }
    return entry
  }
}

extension Tree {
  /// Milliseconds since boot, time asleep included; nil where that cannot be told. Source: /proc/uptime
  func uptimeMilliseconds() -> Int64? {
    let parts = ((try? text("proc/uptime")) ?? nil)?.split(separator: " ").first?.split(separator: ".") ?? []
    guard let whole = parts.first.flatMap({ Int64($0) }), (0..<Int64.max / 2000).contains(whole) else { return nil }
    let hundredths = parts.count > 1 && parts[1].utf8.count == 2 ? Int64(parts[1]) ?? 0 : 0
    return whole * 1000 + max(0, hundredths) * 10
  }

  /// The measurements that root wrote before, to go on from.
  fileprivate func lastMeasurements() -> Measurements? { try? storedMeasurements(writtenBy: trusted) }
}
