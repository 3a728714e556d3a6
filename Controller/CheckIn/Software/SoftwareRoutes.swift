internal import HTTPTypes
internal import Serving
package import Storage
package import Vocabulary
internal import Wire

/// A package that a device told it has.
package struct InstalledPackage: Encodable, Sendable, Hashable {
  package let name: String
  package let version: String
  package let architecture: String
  package let source: String

  /// Its line in the list; lists are sorted by it.
  package var line: String { "\(name)\t\(version)\t\(architecture)\t\(source)" }
}

extension CheckIns {
  /// Up to `limit` packages of a device whose line comes after `after` and whose name contains `text`, in any case; nil
  /// for a device that never told its software.
  package func packages(
    of device: DeviceID, in district: DistrictID, after: String?, containing text: String, limit: Int,
    _ transaction: any Transaction
  ) throws -> [InstalledPackage]? {
    try SoftwareStore.list(device: device, district: district, bases: bases, in: transaction).map {
      SoftwareRoutes.select($0, after: after, containing: Array(text.lowercased().utf8), limit: limit)
    }
  }
}

/// A device's installed packages for people.
struct SoftwareRoutes: Sendable {
  typealias Item = InstalledPackage

  let desk: CheckIns

  static let sources = ["dpkg", "rpm", "flatpak", "snap"]

  private static let schema = Schema.object(
    [
      ("name", .string("The package's name")), ("version", .string("Its version")),
      ("architecture", .string("`amd64`, `all` …")),
      ("source", .string("The package database: `dpkg`, `rpm`, `flatpak` or `snap`")),
    ], required: ["name", "version", "architecture", "source"])

  var all: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/districts/{district}/devices/{device}/software", .school(AccessRule.anyReader),
        Operation(
          "listDeviceSoftware", "The packages that a device told it has, sorted by their line",
          query: PageRequest.parameters + [
            .init("q", "Only packages whose name contains this text, in any case"),
            .init("source", "Only packages of this database: \(Self.sources.joined(separator: ", "))"),
          ],
          answers: (200, Page<Item>.schema(of: Self.schema)))
      ) { call, context in try await list(call, context) }
    ]
  }

  /// Empty for a device that never told its software.
  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let device: DeviceID = try call.identifier("device")
    let page = try PageRequest(call)
    let filter = try call.query("q").map { Array($0.lowercased().utf8) } ?? []
    guard filter.count <= Limits.packageLineBytes else { throw ServingError(.query, "The filter 'q' is too long.") }
    let bases = desk.bases
    let source = try call.query("source")
    guard source.map(Self.sources.contains) ?? true else {
      throw ServingError(.query, "'source' is one of \(Self.sources.joined(separator: ", ")).")
    }
    let lines = try await desk.database.read(in: context.scope) { [records = desk.records] transaction -> [UInt8]? in
      guard let known = try records.device(device, of: district, in: transaction),
        context.shows(known.school, of: district)
      else { return nil }
      return try SoftwareStore.list(device: device, district: district, bases: bases, in: transaction) ?? []
    }
    guard let lines else { throw ServingError.missing("device", device, in: district) }
    let found = Self.select(lines, after: page.after, containing: filter, of: source, limit: page.limit + 1)
    return try .json(
      Page(found, limit: page.limit, key: \.line))
  }

  /// Up to `limit` packages whose line comes after `after`.
  static func select(
    _ list: [UInt8], after: String?, containing filter: [UInt8], of source: String? = nil, limit: Int
  ) -> [Item] {
    let after = after.map { Array($0.utf8) }
    return list.withUnsafeBufferPointer { bytes in
      var items: [Item] = []
      var scanner = LineScanner(bytes)
      while !scanner.atEnd, items.count < limit {
        let line = scanner.line
        scanner.advance()
        if let after, !after.lexicographicallyPrecedes(line) { continue }
        guard filter.isEmpty || contains(filter, line.prefix { $0 != 9 }),
          let package = SoftwareList.Package(line: line), source == nil || package.source == source
        else { continue }
        items.append(
          Item(
            name: package.name, version: package.version, architecture: package.architecture, source: package.source))
      }
      return items
    }
  }

  /// Whether `name` contains `filter`, which is in lower case; ASCII letters match in any case.
  private static func contains(_ filter: [UInt8], _ name: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard name.count >= filter.count else { return false }
    return (0...(name.count - filter.count)).contains { offset in
      filter.indices.allSatisfy { index in
        let byte = name[name.startIndex + offset + index]
        return ((0x41...0x5a).contains(byte) ? byte | 0x20 : byte) == filter[index]
      }
    }
  }
}
