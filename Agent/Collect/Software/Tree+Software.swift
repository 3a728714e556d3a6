internal import Wire

extension Tree {
  /// What every package database of the system tells, each line with its source.
  ///
  /// nil where none is known here, and where one that is here could not be read: a list without it would say that its packages
  /// are gone.
  func software(_ system: inout SystemFacts) -> SoftwareList? {
    var gaps = Gaps()
    defer {
      for gap in gaps.list where system.unreadable.count < Gaps.limit { system.unreadable.append(gap) }
    }
    var list = SoftwareList.Builder()
    let isKnown: Bool
    do throws(ReadFault) {
      let hasDpkg = try dpkg(&list)
      isKnown = try rpm(&list) || hasDpkg
      try flatpaks(&list)
      try snaps(&list)
    } catch {
      gaps.add("software", error)
      return nil
    }
    if list.refused > 0 {
      gaps.add(
        "software", "\(list.refused) packages whose names or versions are malformed or past the limits are left out")
    }
    if isKnown || !list.isEmpty { return list.finished() }
    let former = RPMDatabase.formerFiles.first(where: exists)
    gaps.add(
      "software",
      former.map { "rpm's database is in a format before SQLite's, which is not read: /\($0)" }
        ?? "no package database that is known: neither /var/lib/dpkg/status nor /\(RPMDatabase.files[0])")
    return nil
  }

  private func dpkg(_ list: inout SoftwareList.Builder) throws(ReadFault) -> Bool {
    var status = DpkgStatus()
    guard try eachLine("var/lib/dpkg/status", limit: 64 << 20, { status.take($0) }) else { return false }
    list = status.builder()
    return true
  }

  /// Packages of one name in two versions, such as kernels, are a line each; imported keys are no packages.
  private func rpm(_ list: inout SoftwareList.Builder) throws(ReadFault) -> Bool {
    for path in RPMDatabase.files {
      guard let size = stamp(path)?.bytes else { continue }
      let isBeingChanged = (stamp(path + "-wal")?.bytes ?? 0) > 0
      try RPMDatabase.eachHeader(
        of: full(path), bytes: size, isBeingChanged: isBeingChanged, limit: Limits.packages + 1
      ) { bytes, isAll in
        guard let header = RPMHeader(bytes) else {
          if isAll { list.refuse() }
          return false
        }
        if header.name.elementsEqual("gpg-pubkey".utf8) { return true }
        list.add(name: header.name, version: header.version, architecture: header.architecture, source: "rpm")
        return true
      }
      return true
    }
    return false
  }
}
