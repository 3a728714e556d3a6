internal import Vocabulary
internal import Wire

extension Tree {
  private static let status = "var/lib/dpkg/status"
  /// The largest list of Debian is 50 MB.
  private static let listLimit = 256 << 20
  private static let allListsLimit: Int64 = 1 << 30

  /// How many installed packages have a newer version in apt's lists, as `apt list --upgradable` would show them.
  ///
  /// Lists stream through one buffer; only the installed packages are kept. It takes seconds, so it is done only where
  /// the inputs differ from those of `previous`.
  func countedUpdates(unlike previous: Measurements.Updates?) -> Measurements.Updates {
    var updates = Measurements.Updates()
    do throws(ReadFault) {
      guard stamp(Tree.status) != nil else {
        throw ReadFault("no package database that is known: /\(Tree.status) is absent")
      }
      let lists = try PackageLists(names(in: PackageLists.folder)).lists
      let settings = try aptSettings()
      updates.listsRefreshedAt = listsRefreshedAt()
      updates.inputs = try fingerprint(lists, settings)
      if let previous, previous.inputs == updates.inputs, let count = previous.count {
        updates.count = count
        return updates
      }
      try refusePins(settings)
      updates.count = try count(lists)
    } catch {
      (updates.count, updates.reason) = (nil, error.reason)
    }
    return updates
  }

  private func count(_ lists: [PackageLists.List]) throws(ReadFault) -> Int {
    var count = UpdateCount()
    _ = try eachLine(Tree.status, limit: 64 << 20) { count.takeInstalled($0) }
    count.endInstalled()
    if count.isOverfull { throw ReadFault("more than \(Limits.packages) packages: /\(Tree.status)") }
    for list in lists {
      var archive = ArchiveWeight()
      if let release = list.release { _ = try eachLine(release, limit: 64 << 20) { archive.take($0) } }
      let weight = archive.weight
      let isThere = try eachLine(list.path, limit: Tree.listLimit) { count.takeListed($0, weight: weight) }
      guard isThere else { throw ReadFault("apt is replacing its lists: /\(list.path)") }
      count.endListed(weight: weight)
    }
    return count.count
  }

  // MARK: - What else decides

  /// Files that may change what apt would choose.
  private func aptSettings() throws(ReadFault) -> [String] {
    var paths = ["etc/apt/preferences", "etc/apt/apt.conf"]
    for folder in ["etc/apt/preferences.d", "etc/apt/apt.conf.d"] {
      paths += try names(in: folder).map { "\(folder)/\($0)" }
    }
    return paths.filter { exists($0) }
  }

  /// Pins change what is an update; a count that ignores them would be invented.
  private func refusePins(_ settings: [String]) throws(ReadFault) {
    for path in settings {
      let isPreference = path.hasPrefix("etc/apt/preferences")
      let pins = try bytes(path, limit: 1 << 20) { content in
        var found = false
        content.eachLine { line in
          let line = line.trimmed
          found = isPreference ? line.hasPrefix("Pin-Priority:") : Tree.setsDefaultRelease(line)
          return !found
        }
        return found
      }
      if pins == true { throw ReadFault("not counted: pins are not followed here: /\(path)") }
    }
  }

  private static func setsDefaultRelease(_ line: Bytes) -> Bool {
    if line.hasPrefix("//") || line.hasPrefix("#") { return false }
    let name = Array("Default-Release".utf8)
    return line.indices.contains { line.part($0..<$0 + name.count).elementsEqual(name) }
  }

  /// apt leaves a list alone that has not changed, but always works in `partial`.
  private func listsRefreshedAt() -> Instant? {
    ["lists/partial", "lists", "periodic/update-success-stamp"].compactMap { stamp("var/lib/apt/\($0)")?.modified }
      .max().map { Instant(milliseconds: $0) }
  }

  /// Source: FNV-1a, 64 bits
  private func fingerprint(_ lists: [PackageLists.List], _ settings: [String]) throws(ReadFault) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var total: Int64 = 0
    let releases = Set(lists.compactMap(\.release)).sorted()
    for path in [Tree.status] + lists.map(\.path) + releases + settings {
      guard let stamp = stamp(path) else { continue }
      let sum = total.addingReportingOverflow(stamp.bytes)
      total = sum.overflow ? .max : sum.partialValue
      for byte in "\(path) \(stamp.bytes) \(stamp.modified)\n".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    if total > Tree.allListsLimit { throw ReadFault("over 1 GiB: /\(PackageLists.folder)") }
    return String(hash, radix: 16)
  }
}
