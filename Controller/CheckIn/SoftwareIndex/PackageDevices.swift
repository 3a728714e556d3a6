internal import Storage
internal import Vocabulary

/// `checkin_package_devices`: for each district and package name the devices whose difference touches it, in runs that
/// follow one another; a run begins at `low`, the first one at the empty text.
enum PackageDevices {
  struct Change {
    var leaving: Set<DeviceMark> = []
    var entering: Set<DeviceMark> = []

    var marks: Set<DeviceMark> { leaving.union(entering) }
  }

  private struct Place: Hashable {
    let name: String
    let low: String
  }

  static func apply(
    _ changes: [String: Change], in district: DistrictID, _ transaction: any Transaction
  ) throws {
    for names in changes.keys.sorted().chunks(of: 512) {
      let lows = try lows(of: Array(names), in: district, transaction)
      var wanted: [Place: Change] = [:]
      for name in names {
        guard let change = changes[name] else { continue }
        for mark in change.marks {
          let low = low(of: mark, among: lows[name] ?? [])
          if change.leaving.contains(mark) {
            wanted[Place(name: name, low: low), default: .init()].leaving.insert(mark)
          }
          if change.entering.contains(mark) {
            wanted[Place(name: name, low: low), default: .init()].entering.insert(mark)
          }
        }
      }
      var runs = try runs(at: Set(wanted.keys), lows, in: district, transaction)
      for (place, change) in wanted {
        runs[place, default: DeviceRun()].change(leaving: change.leaving, entering: change.entering)
      }
      try write(runs, in: district, transaction)
    }
  }

  /// Where the run begins that this device stands in, or is to.
  private static func low(of mark: DeviceMark, among lows: [String]) -> String {
    // Most names have one run, which begins at the empty text.
    guard lows.contains(where: { !$0.isEmpty }) else { return "" }
    let body = body(of: mark.device)
    return lows.last { $0 <= body } ?? ""
  }

  private static func lows(
    of names: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: [String]] {
    var lows: [String: [String]] = [:]
    let query: SQL = """
      SELECT name, low FROM checkin_package_devices WHERE district_id = \(district) AND name IN \(list: names)
      ORDER BY name, low
      """
    for row in try transaction.rows(query) { lows[try row.get("name"), default: []].append(try row.get("low")) }
    return lows
  }

  /// The runs that stand at these places: of names that have one run all at once, of others by their places.
  private static func runs(
    at places: Set<Place>, _ lows: [String: [String]], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [Place: DeviceRun] {
    var found: [Place: DeviceRun] = [:]
    func read(_ condition: SQL) throws {
      let query: SQL =
        "SELECT name, low, devices FROM checkin_package_devices WHERE district_id = \(district) AND \(condition)"
      for row in try transaction.rows(query) {
        found[Place(name: try row.get("name"), low: try row.get("low"))] = DeviceRun(encoded: try row.get("devices"))
      }
    }
    let byName = Dictionary(grouping: places, by: \.name)
    let short = byName.keys.filter { lows[$0]?.count == 1 }.sorted()
    if !short.isEmpty { try read("name IN \(list: short)") }
    for (name, places) in byName where lows[name]?.count ?? 0 > 1 {
      try read("name = \(name) AND low IN \(list: places.map(\.low).sorted())")
    }
    return found
  }

  private static func write(
    _ runs: [Place: DeviceRun], in district: DistrictID, _ transaction: any Transaction
  ) throws {
    var rows: [[SQLValue]] = []
    var gone: [Place] = []
    for (place, run) in runs.sorted(by: { ($0.key.name, $0.key.low) < ($1.key.name, $1.key.low) }) {
      if run.marks.isEmpty { gone.append(place) }
      for (number, part) in run.parts.enumerated() where !part.marks.isEmpty {
        let low = number == 0 ? place.low : part.marks.first.map { body(of: $0.device) } ?? place.low
        rows.append([district.sqlValue, place.name.sqlValue, low.sqlValue, part.encoded.sqlValue])
      }
    }
    try transaction.run(
      """
      INSERT INTO checkin_package_devices (district_id, name, low, devices) VALUES ($1, $2, $3, $4)
      ON CONFLICT (district_id, name, low) DO UPDATE SET devices = excluded.devices
      """, rows: rows)
    for (low, places) in Dictionary(grouping: gone, by: \.low).sorted(by: { $0.key < $1.key }) {
      try transaction.run(
        """
        DELETE FROM checkin_package_devices
        WHERE district_id = \(district) AND low = \(low) AND name IN \(list: places.map(\.name))
        """)
    }
  }

  /// The devices after `device` in `runs` runs at most, and whether these are all.
  static func devices(
    of name: String, in district: DistrictID, after device: String, runs: Int, _ transaction: any Transaction
  ) throws -> (devices: [DeviceID], areAll: Bool) {
    let after = device.isEmpty ? "" : String(device.suffix(16))
    let rows = try transaction.rows(
      """
      SELECT devices FROM checkin_package_devices
      WHERE district_id = \(district) AND name = \(name) AND low >= COALESCE((
        SELECT low FROM checkin_package_devices WHERE district_id = \(district) AND name = \(name) AND low <= \(after)
        ORDER BY low DESC LIMIT 1), '')
      ORDER BY low LIMIT \(runs + 1)
      """)
    var found: [DeviceID] = []
    for row in rows.prefix(runs) {
      found += (DeviceRun(encoded: try row.get("devices")) ?? DeviceRun()).marks.lazy.map(\.device)
    }
    return (found.filter { $0.rawValue > device }, rows.count <= runs)
  }

  /// The part of an id after its prefix.
  private static func body(of device: DeviceID) -> String { String(device.rawValue.suffix(16)) }
}
