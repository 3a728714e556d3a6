/// The fields of a package's paragraph that tell whether it can be updated, line by line.
///
/// Source: deb-control(5); /var/lib/dpkg/status and apt's `…_Packages`
struct ControlParagraph {
  private(set) var name: [UInt8] = []
  private(set) var version: [UInt8] = []
  private(set) var architecture: [UInt8] = []
  /// Installed, and not held by an operator. Only dpkg's paragraphs tell it.
  private(set) var isUpdatable = false

  static let all = Array("all".utf8)

  /// Takes the next line, without its LF; true where it ends the paragraph.
  mutating func take(_ line: Bytes) -> Bool {
    guard let first = line.first else { return true }
    switch first {
    case UInt8(ascii: "P"): ControlParagraph.keep(line.rest(after: "Package:"), in: &name)
    case UInt8(ascii: "V"): ControlParagraph.keep(line.rest(after: "Version:"), in: &version)
    case UInt8(ascii: "A"): ControlParagraph.keep(line.rest(after: "Architecture:"), in: &architecture)
    case UInt8(ascii: "S"):
      if let state = line.rest(after: "Status:")?.trimmed {
        isUpdatable = state.count == 20 && state.hasPrefix("install ok installed")
      }
    default: break
    }
    return false
  }

  mutating func clear() {
    name.removeAll(keepingCapacity: true)
    version.removeAll(keepingCapacity: true)
    architecture.removeAll(keepingCapacity: true)
    isUpdatable = false
  }

  private static func keep(_ value: Bytes?, in field: inout [UInt8]) {
    guard let value = value?.trimmed, value.count <= 256 else { return }
    field.removeAll(keepingCapacity: true)
    field.append(contentsOf: value)
  }
}
