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
  fileprivate init(_ field: (String) -> String) {
    let leading = { (text: String) in Int64(text.prefix { $0.isNumber }) }
    self.init(
      vendor: field("vendor"), product: field("product"), version: field("version"), family: field("family"),
      sku: field("sku"), board: field("board"), chassisType: field("chassis") == "Convertible" ? 31 : 10,
      firmwareVendor: field("bios_vendor"), firmwareVersion: field("bios_version"), firmwareDate: field("bios_date"),
      processor: field("cpu"), cores: 4, memoryMiB: leading(field("memory_mib")) ?? 4096,
      batteryMaker: field("battery_maker").isEmpty ? nil : field("battery_maker"),
      batteryModel: field("battery_name").isEmpty ? nil : field("battery_name"),
      designMicrowattHours: leading(field("battery_design_capacity")).map { $0 * 1000 },
      weight: max(1, Int(field("count")) ?? 1))
  }
}

extension HardwareTable {
  /// A few plausible models, for use without a file.
  static let builtIn = HardwareTable(models: [
    HardwareModel(
      vendor: "LENOVO", product: "20VK0019US", version: "ThinkPad L13 Yoga Gen 2", family: "ThinkPad L13 Yoga Gen 2",
      sku: "LENOVO_MT_20VK", board: "20VK0019US", chassisType: 31, firmwareVendor: "LENOVO",
      firmwareVersion: "R1FET39W (1.13 )", firmwareDate: "11/18/2021",
      processor: "11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", cores: 4, memoryMiB: 16384, batteryMaker: "SMP",
      batteryModel: "5B10W13933", designMicrowattHours: 46_000_000, weight: 5),
    HardwareModel(
      vendor: "Dell Inc.", product: "Latitude 3120", version: "", family: "Latitude", sku: "0A33", board: "0MY093",
      chassisType: 31, firmwareVendor: "Dell Inc.", firmwareVersion: "1.1.0", firmwareDate: "05/27/2021",
      processor: "Intel(R) Pentium(R) Silver N6000 @ 1.10GHz", cores: 4, memoryMiB: 8192, batteryMaker: "BYD",
      batteryModel: "DELL TXD0313", designMicrowattHours: 53_010_000, weight: 6),
    HardwareModel(
      vendor: "HP", product: "HP ProBook 440 G5", version: "", family: "103C_5336AN HP ProBook", sku: "3GJ20ES#ACB",
      board: "837B", chassisType: 10, firmwareVendor: "HP", firmwareVersion: "Q85 Ver. 01.01.07",
      firmwareDate: "10/17/2017", processor: "Intel(R) Core(TM) i3-7100U CPU @ 2.40GHz", cores: 2, memoryMiB: 8192,
      batteryMaker: "333-42-2A-A", batteryModel: "RR03048XL", designMicrowattHours: 47_990_000, weight: 5),
    HardwareModel(
      vendor: "Acer", product: "TravelMate B118-M", version: "V1.30", family: "TravelMate B1", sku: "0000000000000000",
      board: "Virgo_GL", chassisType: 10, firmwareVendor: "Insyde Corp.", firmwareVersion: "V1.30",
      firmwareDate: "11/05/2020", processor: "Intel(R) Celeron(R) N4120 CPU @ 1.10GHz", cores: 4, memoryMiB: 4096,
      batteryMaker: nil, batteryModel: nil, designMicrowattHours: nil, weight: 4),
  ])
}
