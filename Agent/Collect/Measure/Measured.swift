internal import Wire

/// The measurements of this boot that may be believed, or why there are none.
struct Measured {
  /// Older answers are no news, in milliseconds: the timer runs every hour.
  static let mostAge: Int64 = 25 * 3_600_000
  /// Lists that were not asked for in so long say little, in seconds.
  static let staleLists: Int64 = 14 * 86_400

  private let content: Measurements?
  private let fault: DeviceFault
  private let uptime: Int64

  static let never = DeviceFault("not measured: rollcall-measure.timer has not run since boot")

  init(_ content: Measurements, uptime: Int64) {
    (self.content, self.uptime, fault) = (content, uptime, Measured.never)
  }

  init(fault: DeviceFault) { (content, uptime, self.fault) = (nil, 0, fault) }

  func health(ofDisk name: String) throws(DeviceFault) -> VitalFacts.DiskHealth {
    guard let content else { throw fault }
    guard let disk = content.disks.first(where: { $0.name == name }) else {
      throw DeviceFault("not measured: the disk was not there")
    }
    guard let health = disk.health, health.name == name else { throw DeviceFault(disk.reason ?? "not measured") }
    guard uptime - disk.sinceBootMilliseconds <= Measured.mostAge else {
      throw DeviceFault("not measured for over 25 hours: the disk sleeps")
    }
    return health
  }

  /// How many updates wait; why that is not known, and that the lists are old, becomes a gap.
  func updates(_ gaps: inout Gaps) -> Int? {
    guard let content else {
      gaps.add("updatesAvailable", fault.reason)
      return nil
    }
    guard let count = content.updates.count else {
      gaps.add("updatesAvailable", content.updates.reason ?? "not counted")
      return nil
    }
    if let refreshed = content.updates.listsRefreshedAt,
      content.measuredAt.since(refreshed) > .seconds(Measured.staleLists)
    {
      let day = refreshed.rfc3339.prefix(10)
      gaps.add("updatesAvailable.newest", "the package lists are of \(day): newer updates are not known here")
    }
    return count
  }
}

extension Tree {
  /// What was measured in this boot, if a file says so that only `owners` can have written.
  func measured(writtenBy owners: Set<UInt32>) -> Measured {
    do throws(ReadFault) {
      guard let content = try storedMeasurements(writtenBy: owners) else { return Measured(fault: Measured.never) }
      guard let boot = try text("proc/sys/kernel/random/boot_id"), content.bootID == boot else {
        return Measured(fault: Measured.never)
      }
      guard let uptime = uptimeMilliseconds(), uptime >= content.sinceBootMilliseconds else {
        return Measured(fault: DeviceFault("not measured: the measurement is of a time to come"))
      }
      guard uptime - content.sinceBootMilliseconds <= Measured.mostAge else {
        return Measured(
          fault: DeviceFault(
            "not measured for over 25 hours: the machine slept, or rollcall-measure.timer does not run"))
      }
      return Measured(content, uptime: uptime)
    } catch {
      return Measured(fault: DeviceFault("not measured: \(error.reason)"))
    }
  }

  /// nil where there is no such file.
  func storedMeasurements(writtenBy owners: Set<UInt32>) throws(ReadFault) -> Measurements? {
    let found = try bytes(Measurements.path, limit: Measurements.mostBytes, writtenBy: owners) { Array($0) }
    guard let found else { return nil }
    let damaged = ReadFault("damaged: /\(Measurements.path)")
    guard let content = try? WireCodec.decode(Measurements.self, from: found, as: "a measurement") else {
      throw damaged
    }
    guard content.version == Measurements.currentVersion else {
      throw ReadFault("version \(content.version) is not known here: /\(Measurements.path)")
    }
    guard content.isPlausible else { throw damaged }
    return content
  }
}

extension Measurements {
  /// Whether each value may be one: what passes here goes to the controller.
  var isPlausible: Bool {
    disks.count <= Measurements.mostDisks && sinceBootMilliseconds >= 0
      && (updates.count.map { (0...Limits.packages).contains($0) } ?? true)
      && disks.allSatisfy {
        $0.name.utf8.count <= 64 && (0...sinceBootMilliseconds).contains($0.sinceBootMilliseconds)
          && ($0.health.map(Measurements.isPlausible) ?? true)
      }
  }

  private static func isPlausible(_ health: VitalFacts.DiskHealth) -> Bool {
    let percents = [health.percentUsed, health.sparePercent].allSatisfy { $0.map { (0...255).contains($0) } ?? true }
    let counts = [health.mediaErrors, health.powerOnHours, health.reallocatedSectors]
    return health.name.utf8.count <= 64 && percents && counts.allSatisfy { ($0 ?? 0) >= 0 }
      && (health.temperatureMillicelsius.map(Tree.isPlausible(millicelsius:)) ?? true)
  }
}
