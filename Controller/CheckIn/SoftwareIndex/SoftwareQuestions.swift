internal import Serving
package import Storage
package import Vocabulary
internal import Wire

/// What other features ask of the software of many devices, in their own transaction.
extension CheckIns {
  /// A package, and how many devices have it.
  package struct CountedPackage: Sendable, Hashable {
    package let name: String
    package let version: String
    package let architecture: String
    package let source: String
    package let devices: Int
  }

  /// A device that has a package, with the versions that it has.
  package struct HavingDevice: Sendable, Hashable {
    package let district: DistrictID
    package let device: DeviceID
    package let versions: [String]
  }

  /// The packages that devices of the scope have, in the order of their names; a page may be short and have a next one.
  package func packages(
    in scope: TenantScope, prefix: String, after: String?, limit: Int, _ transaction: any Transaction
  ) throws -> (items: [CountedPackage], next: String?) {
    let totals = SoftwareTotals(
      scope: scope, districts: try records.districts(of: scope, in: transaction), prefix: prefix)
    let page = try totals.page(after: after, limit: limit, in: transaction)
    let items = page.items.map {
      CountedPackage(
        name: $0.package.name, version: $0.package.version, architecture: $0.package.architecture,
        source: $0.package.source, devices: $0.devices)
    }
    return (items, page.next)
  }

  /// The devices that have a package; a page may be short, or empty, and have a next one.
  ///
  /// - Parameters:
  ///   - version: only this one.
  ///   - below: only versions older than this one, in dpkg's order.
  ///   - architecture: only what is made for this one.
  ///   - source: only from this one.
  ///   - after: a device after which the page begins.
  /// - Throws: `request.query` where both are given.
  package func devices(
    having name: String, version: String?, below: String?, architecture: String? = nil, source: String? = nil,
    in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?, after: (district: DistrictID, device: String)?,
    limit: Int, _ transaction: any Transaction
  ) throws -> (items: [HavingDevice], next: (district: DistrictID, device: String)?) {
    guard name.utf8.count <= Limits.packageLineBytes else { return ([], nil) }
    var question = WhoHas(
      name: name, versions: try VersionFilter(version: version, below: below),
      districts: try records.districts(of: scope, in: transaction),
      schools: schools, records: records, bases: bases)
    (question.architecture, question.source) = (architecture, source)
    let page = try question.page(after: after, limit: limit, in: transaction)
    let items = page.found.map {
      HavingDevice(
        district: $0.device.district, device: $0.device.id,
        versions: Array(Set($0.packages.map(\.version))).sorted())
    }
    return (items, page.next)
  }

  /// How many devices' last changes are not counted yet, up to 1,000.
  package func uncounted(in scope: TenantScope, _ transaction: any Transaction) throws -> Int {
    try StaleSoftware.count(scope, limit: 1000, in: transaction)
  }
}
