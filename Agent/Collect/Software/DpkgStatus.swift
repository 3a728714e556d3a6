internal import Wire

/// The installed packages of dpkg's database, line by line.
///
/// Source: /var/lib/dpkg/status; deb-control(5) paragraphs with `Package`, `Status`, `Version`, `Architecture`.
/// A package counts where its state is `installed` and no error is marked, held back (`hold`) or not.
struct DpkgStatus {
  private var list = SoftwareList.Builder()
  private var name: [UInt8] = []
  private var version: [UInt8] = []
  private var architecture: [UInt8] = []
  private var installed = false

  /// How many packages were left out because their fields are no names and versions, or past the limits.
  var refused: Int { list.refused }

  /// Takes the next line, without its LF.
  mutating func take(_ line: Bytes) {
    guard let first = line.first else { return endParagraph() }
    switch first {
    case UInt8(ascii: "P"): DpkgStatus.keep(line.rest(after: "Package:"), in: &name)
    case UInt8(ascii: "V"): DpkgStatus.keep(line.rest(after: "Version:"), in: &version)
    case UInt8(ascii: "A"): DpkgStatus.keep(line.rest(after: "Architecture:"), in: &architecture)
    case UInt8(ascii: "S"): if let state = line.rest(after: "Status:") { installed = DpkgStatus.isInstalled(state) }
    default: break
    }
  }

  /// What was taken, after the last line, for others to add to.
  mutating func builder() -> SoftwareList.Builder {
    endParagraph()
    return list
  }

  mutating func finished() -> SoftwareList {
    endParagraph()
    return list.finished()
  }

  private mutating func endParagraph() {
    if installed, !name.isEmpty {
      list.add(name: name, version: version, architecture: architecture, source: "dpkg")
    }
    installed = false
    name.removeAll(keepingCapacity: true)
    version.removeAll(keepingCapacity: true)
    architecture.removeAll(keepingCapacity: true)
  }

  private static func keep(_ value: Bytes?, in field: inout [UInt8]) {
    guard let value = value?.trimmed else { return }
    field.removeAll(keepingCapacity: true)
    field.append(contentsOf: value)
  }

  /// Three words: what is wanted, whether there is an error, and the state.
  private static func isInstalled(_ state: Bytes) -> Bool {
    let state = state.trimmed
    return state.hasPrefix("install ok installed") && state.count == 20
      || state.hasPrefix("hold ok installed") && state.count == 17
  }
}
