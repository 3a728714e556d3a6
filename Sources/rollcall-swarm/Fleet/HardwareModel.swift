import Vocabulary

/// A kind of laptop that schools own.
struct HardwareModel: Sendable, Hashable {
  var vendor: String
  var product: String
  var version: String
  var family: String
  var sku: String
  var board: String
  /// The SMBIOS number of the form.
  var chassisType: Int
  var firmwareVendor: String
  var firmwareVersion: String
  var firmwareDate: String
  var processor: String
  var cores: Int
  var memoryMiB: Int64
  var batteryMaker: String?
  var batteryModel: String?
  var designMicrowattHours: Int64?
  /// How many of the fleet, in proportion to the other models.
  var weight: Int
}

/// The models of a fleet, drawn in proportion to their weights.
struct HardwareTable: Sendable {
  struct Malformed: Error, CustomStringConvertible {
    let line: Int
    let description: String
  }

  let models: [HardwareModel]
  private let total: Int

  init(models: [HardwareModel]) {
    self.models = models
    total = models.reduce(0) { $0 + $1.weight }
  }

  /// The number of the model that a device gets.
  func draw(_ random: inout SeededRandom) -> Int {
    var rest = random.below(total)
    for (index, model) in models.enumerated() {
      rest -= model.weight
      if rest < 0 { return index }
    }
    return models.count - 1
  }

  /// Reads a table with the columns of `school-laptops.tsv`: a header line, then a model a line.
  init(tsv text: String) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
    guard let header = lines.first else { throw Malformed(line: 1, description: "The hardware table is empty.") }
    let columns = Dictionary(
      header.split(separator: "\t", omittingEmptySubsequences: false).enumerated().map { (String($1), $0) },
      uniquingKeysWith: { first, _ in first })
    var models: [HardwareModel] = []
    for (number, line) in lines.enumerated().dropFirst() {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      func field(_ name: String) -> String { columns[name].flatMap { $0 < fields.count ? fields[$0] : nil } ?? "" }
      guard !field("vendor").isEmpty, !field("product").isEmpty else {
        throw Malformed(
          line: number + 1, description: "Line \(number + 1) of the hardware table lacks vendor or product.")
      }
      models.append(HardwareModel(field))
    }
    guard !models.isEmpty else { throw Malformed(line: 1, description: "The hardware table has no model.") }
    self.init(models: models)
  }
}

extension HardwareModel {
  /// Of a laptop whose firmware does not tell; the kernel would see its battery all the same.
  private static let usualMilliwattHours: Int64 = 40_000

  fileprivate init(_ field: (String) -> String) {
    let cores = { (processor: String) in
      ["i3", "Celeron", "m3", "A4-", "A6-", "AMD E"].contains { processor.contains($0) } ? 2 : 4
    }
    let leading = { (text: String) in Int64(text.prefix { $0.isNumber }) }
    self.init(
      vendor: field("vendor"), product: field("product"), version: field("version"), family: field("family"),
      sku: field("sku"), board: field("board"), chassisType: field("chassis") == "Convertible" ? 31 : 10,
      firmwareVendor: field("bios_vendor"), firmwareVersion: field("bios_version"), firmwareDate: field("bios_date"),
      processor: field("cpu"), cores: cores(field("cpu")), memoryMiB: leading(field("memory_mib")) ?? 4096,
      batteryMaker: field("battery_maker").isEmpty ? nil : field("battery_maker"),
      batteryModel: field("battery_name").isEmpty ? nil : field("battery_name"),
      designMicrowattHours: (leading(field("battery_design_capacity")) ?? Self.usualMilliwattHours) * 1000,
      weight: max(1, Int(field("count")) ?? 1))
  }
}

extension HardwareTable {
  /// Laptops of schools, for use without a file.
  static func builtIn() throws -> HardwareTable { try HardwareTable(tsv: SchoolLaptops.tsv) }
}
