import Vocabulary
import Wire

/// A simulated device between runs.
struct SimulatedDevice: Sendable, Equatable {
  let index: Int
  /// Its certificate, DER.
  var leaf: [UInt8]
  /// The last sequence number that was acknowledged.
  var sequence: Int64 = 0
  /// Which vitals it reports.
  var variant = 0
  /// Which of its software differences it reports.
  var edition = 0
  /// Which base its software is of; nil follows from its number.
  var base: Int?
  /// The hashes that the controller holds; nil before the first acknowledged check-in.
  var hashes: [FactSection: Digest]?
}

/// Enrolled devices in one compact text, so that a fleet is enrolled once and measured often. Keys are not in it: they
/// follow from the seed.
///
/// ```
/// rollcall-swarm-fleet 1 <TAB> seed <TAB> other certificates of the chain, base64, ',' between
/// index <TAB> sequence <TAB> variant <TAB> edition <TAB> hashes in hex or '-' <TAB> leaf, base64
/// ```
struct FleetFile: Sendable, Equatable {
  private static let title = "rollcall-swarm-fleet 1"

  var seed: UInt64
  /// What a device sends after its own certificate.
  var intermediates: [[UInt8]]
  var devices: [SimulatedDevice]

  init(seed: UInt64, intermediates: [[UInt8]] = [], devices: [SimulatedDevice] = []) {
    self.seed = seed
    self.intermediates = intermediates
    self.devices = devices
  }

  init(path: String) throws {
    guard let text = readText(path) else { throw SwarmError("Cannot read the fleet file \(path); run 'enrol' first.") }
    try self.init(text: text)
  }

  init(text: String) throws {
    let lines = text.split(separator: "\n")
    let header = (lines.first ?? "").split(separator: "\t", omittingEmptySubsequences: false)
    guard header.count == 3, header[0] == Self.title, let seed = UInt64(header[1]) else {
      throw SwarmError("This is not a fleet file of version 1.")
    }
    self.seed = seed
    intermediates = header[2].split(separator: ",").compactMap { Base64.decode($0.utf8) }
    devices = []
    devices.reserveCapacity(lines.count)
    for (number, line) in lines.enumerated().dropFirst() {
      guard let device = Self.device(line) else {
        throw SwarmError("Line \(number + 1) of the fleet file is malformed.")
      }
      devices.append(device)
    }
  }

  var text: String {
    let chain = intermediates.map { String(decoding: Base64.encode($0), as: UTF8.self) }.joined(separator: ",")
    var text = "\(Self.title)\t\(seed)\t\(chain)\n"
    for device in devices {
      let hashes = device.hashes.map { hashes in
        FactSection.allCases.map { hashes[$0].map(\.description) ?? String(repeating: "0", count: 64) }.joined()
      }
      text += "\(device.index)\t\(device.sequence)\t\(device.variant)\t\(device.edition)\t\(hashes ?? "-")\t"
      text += String(decoding: Base64.encode(device.leaf), as: UTF8.self) + "\n"
    }
    return text
  }

  func write(to path: String) throws { try writeWhole(Array(text.utf8), to: path) }

  private static func device(_ line: Substring) -> SimulatedDevice? {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard fields.count == 6, let index = Int(fields[0]), let sequence = Int64(fields[1]), let variant = Int(fields[2]),
      let edition = Int(fields[3]), let leaf = Base64.decode(fields[5].utf8)
    else { return nil }
    var device = SimulatedDevice(index: index, leaf: leaf, sequence: sequence, variant: variant, edition: edition)
    if fields[4] != "-" {
      guard let bytes = Hex.decode(fields[4]), bytes.count == 32 * FactSection.allCases.count else { return nil }
      device.hashes = Dictionary(
        uniqueKeysWithValues: FactSection.allCases.enumerated().compactMap { number, section in
          Digest(bytes: bytes[number * 32..<number * 32 + 32]).map { (section, $0) }
        })
    }
    return device
  }
}
