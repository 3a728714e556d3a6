internal import Registry
internal import Storage
internal import Vocabulary
internal import Wire

/// Which devices have a package, in the order of districts and ids, in time that does not grow with the registry.
///
/// The index finds who may have it: devices on a base that has it, devices whose difference touches it, and devices
/// that the index does not know as they are yet. Each is then looked up itself, so that the answer is true at the moment
/// it is given. Where very many may have it the district is walked in its order, for then a page fills soon; the walk
/// ends after a bounded number of devices, and the page may be short or empty with a next one.
struct WhoHas {
  /// Found by the index at most, to be looked at one by one; above, the district is walked.
  static let few = 1000
  /// Devices that one page looks at.
  static let looks = 4000
  /// Devices that are looked at at once.
  static let stride = 250
  /// Runs of devices that are read of one package at most.
  private static let runs = 4

  struct Found: Sendable {
    let device: Device
    let packages: [SoftwareList.Package]
  }

  struct Page: Sendable {
    var found: [Found] = []
    /// nil on the last page.
    var next: (district: DistrictID, device: String)?
  }

  let name: String
  let versions: VersionFilter
  /// nil for any.
  var architecture: String?
  var source: String?
  /// The districts that are asked, in their order.
  let districts: [DistrictID]
  /// The schools to which some of them are limited.
  let schools: [DistrictID: Set<SchoolID>]?
  let records: any DeviceRecords
  let bases: SoftwareBases

  func page(
    after: (district: DistrictID, device: String)?, limit: Int, in transaction: any Transaction
  ) throws -> Page {
    var look = try PackageLook(name: name, versions: versions, bases: bases, transaction)
    var page = Page()
    var looks = Self.looks
    let left = districts.filter { district in after.map { $0.district <= district } ?? true }
    for part in left.chunks(of: 16) {
      let likely = try look.districts(among: Array(part))
      for district in part where likely.contains(district) {
        var after = district == after?.district ? after?.device ?? "" : ""
        while true {
          let candidates = try candidates(district, after: after, &look, transaction)
          for some in candidates.devices.chunks(of: Self.stride) {
            let found = try verified(Array(some), in: district, &look, transaction)
            page.found += found
            if page.found.count > limit {
              page.found.removeLast(page.found.count - limit)
              page.next = page.found.last.map { ($0.device.district, $0.device.id.rawValue) }
              return page
            }
            looks -= some.count
            after = some.last?.rawValue ?? after
            if looks <= 0 {
              page.next = (district, after)
              return page
            }
          }
          if candidates.areAll { break }
        }
      }
    }
    return page
  }

  /// The next devices of a district that may have the package, in the order of their ids.
  private func candidates(
    _ district: DistrictID, after: String, _ look: inout PackageLook, _ transaction: any Transaction
  ) throws -> (devices: [DeviceID], areAll: Bool) {
    if let limited = schools?[district] {
      let found = try records.devices(
        of: limited, in: district, after: after, limit: Self.stride, transaction)
      return (found, found.count < Self.stride)
    }
    let stale = try StaleSoftware.devices(of: district, after: after, limit: Self.few + 1, in: transaction)
    let touched: (devices: [DeviceID], areAll: Bool) =
      look.mayDiffer(in: district)
      ? try PackageDevices.devices(of: name, in: district, after: after, runs: Self.runs, transaction) : ([], true)
    let based = look.uses(in: district)
    if touched.areAll, stale.count + touched.devices.count + based <= Self.few {
      let onBase = try look.devices(of: district, after: after, in: transaction)
      return (Set(stale + touched.devices + onBase).sorted(), true)
    }
    let query: SQL = """
      SELECT device_id FROM checkin_software WHERE district_id = \(district) AND device_id > \(after)
      ORDER BY device_id LIMIT \(Self.stride)
      """
    let walked = try transaction.rows(query).map { try $0.get("device_id", as: DeviceID.self) }
    return (walked, walked.count < Self.stride)
  }

  /// Those of `devices` that have it by their own stored lists, and may be seen.
  private func verified(
    _ devices: [DeviceID], in district: DistrictID, _ look: inout PackageLook, _ transaction: any Transaction
  ) throws -> [Found] {
    let query: SQL = """
      SELECT device_id, base_id, difference FROM checkin_software
      WHERE district_id = \(district) AND device_id IN \(list: devices) ORDER BY device_id
      """
    var having: [(device: DeviceID, packages: [SoftwareList.Package])] = []
    for row in try transaction.rows(query) {
      let packages = try look.packages(base: try row.get("base_id"), difference: try row.get("difference"))
        .filter { (architecture ?? $0.architecture) == $0.architecture && (source ?? $0.source) == $0.source }
      if !packages.isEmpty { having.append((try row.get("device_id"), packages)) }
    }
    let known = try records.devices(having.map(\.device), of: district, in: transaction)
    return having.compactMap { device, packages in
      guard let device = known[device], schools?[district].map({ device.isIn($0) }) ?? true else { return nil }
      return Found(device: device, packages: packages)
    }
  }
}

extension Device {
  fileprivate func isIn(_ schools: Set<SchoolID>) -> Bool { school.map(schools.contains) ?? false }
}
