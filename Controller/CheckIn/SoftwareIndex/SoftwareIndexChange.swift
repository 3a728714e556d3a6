internal import Storage
internal import Vocabulary
internal import Wire

/// What the index of one district has to take over, gathered in memory and then written at once.
struct SoftwareIndexChange {
  let district: DistrictID
  /// Devices more or less on a base.
  private var uses: [Digest: Int] = [:]
  private var tallies: [String: PackageTally] = [:]
  private var touches: [String: PackageDevices.Change] = [:]

  init(_ district: DistrictID) { self.district = district }

  /// One device's list as the index has it, and as it is to have it.
  mutating func move(_ device: DeviceID, from old: Side?, to new: Side?) {
    if let old { uses[old.base, default: 0] -= 1 }
    if let new { uses[new.base, default: 0] += 1 }
    for (package, count) in old?.deviation.counts ?? [:] {
      tallies[package.name, default: PackageTally()].add(PackageVariant(package), -count)
    }
    for (package, count) in new?.deviation.counts ?? [:] {
      tallies[package.name, default: PackageTally()].add(PackageVariant(package), count)
    }
    let mark = DeviceMark(device)
    let (before, after) = (old?.deviation.names ?? [], new?.deviation.names ?? [])
    for name in before.subtracting(after) { touches[name, default: .init()].leaving.insert(mark) }
    for name in after.subtracting(before) { touches[name, default: .init()].entering.insert(mark) }
  }

  struct Side: Sendable {
    let base: Digest
    let deviation: SoftwareDeviation
  }

  /// - Parameter new: the lines of bases that the index may not have taken up yet.
  func write(new: [Digest: [UInt8]], in transaction: any Transaction) throws {
    try writeUses(new: new, transaction)
    let changed = tallies.filter { !$0.value.counts.isEmpty }
    try SoftwareIndexStore.insert(names: changed.keys.sorted(), in: transaction)
    try writeTallies(changed, transaction)
    try PackageDevices.apply(touches, in: district, transaction)
  }

  private func writeUses(new: [Digest: [UInt8]], _ transaction: any Transaction) throws {
    let moved = uses.filter { $0.value != 0 }
    guard !moved.isEmpty else { return }
    var numbers = try SoftwareIndexStore.numbers(of: moved.keys.sorted(), in: transaction)
    for (base, lines) in new.sorted(by: { $0.key < $1.key }) where moved[base] != nil && numbers[base] == nil {
      numbers[base] = try SoftwareIndexStore.index(base: base, lines: lines, in: transaction)
    }
    let changed = try moved.map { base, devices in
      guard let number = numbers[base] else { throw CheckInError(.damaged, "The software base \(base) is not there.") }
      return (key: number, value: devices)
    }.sorted { $0.key < $1.key }
    for tenant in [SoftwareIndexSchema.stateTenant, district.rawValue] {
      var now: [Int64: Int] = [:]
      let known: SQL = """
        SELECT base_number, devices FROM checkin_base_use
        WHERE district_id = \(tenant) AND base_number IN \(list: changed.map(\.key))
        """
      for row in try transaction.rows(known) { now[try row.get("base_number")] = try row.get("devices", as: Int.self) }
      let sums = changed.map { (number: $0.key, devices: (now[$0.key] ?? 0) + $0.value) }
      try transaction.run(
        """
        INSERT INTO checkin_base_use (district_id, base_number, devices) VALUES ($1, $2, $3)
        ON CONFLICT (district_id, base_number) DO UPDATE SET devices = excluded.devices
        """, rows: sums.filter { $0.devices != 0 }.map { [tenant.sqlValue, $0.number.sqlValue, $0.devices.sqlValue] })
      let gone = sums.filter { $0.devices == 0 }.map(\.number)
      guard !gone.isEmpty else { continue }
      try transaction.run(
        "DELETE FROM checkin_base_use WHERE district_id = \(tenant) AND base_number IN \(list: gone)")
    }
  }

  private func writeTallies(_ changed: [String: PackageTally], _ transaction: any Transaction) throws {
    for names in changed.keys.sorted().chunks(of: 512) {
      var tallies = try SoftwareIndexStore.tallies(of: Array(names), in: district, transaction)
      for name in names { tallies[name, default: PackageTally()].add(changed[name] ?? PackageTally()) }
      let kept = tallies.filter { !$0.value.counts.isEmpty }.sorted { $0.key < $1.key }
      try transaction.run(
        """
        INSERT INTO checkin_package_tally (district_id, name, tally) VALUES ($1, $2, $3)
        ON CONFLICT (district_id, name) DO UPDATE SET tally = excluded.tally
        """, rows: kept.map { [district.sqlValue, $0.key.sqlValue, $0.value.encoded.sqlValue] })
      let gone = tallies.filter(\.value.counts.isEmpty).keys.sorted()
      guard !gone.isEmpty else { continue }
      try transaction.run(
        "DELETE FROM checkin_package_tally WHERE district_id = \(district) AND name IN \(list: gone)")
    }
  }
}

extension Array {
  /// Its elements in their order, at most `size` at a time.
  func chunks(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}
